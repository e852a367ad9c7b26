"""What a metric's readings are made of in a Prometheus server's history, one class for each way.

Counters are the raw series, each compared with what it was, by the very code that reads them for a watch.
Times are made by the server over a minute, from summed buckets, and compared as a watch compares them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isnan
from typing import Protocol

from monitor.backtest.ranges import Grid, Series
from monitor.core.samples import MINUTE, Micros, Reading
from monitor.errors import OperatorError
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page, Rates
from monitor.sources.given import given_ratio
from monitor.sources.histogram import comparable, quantile_of
from monitor.sources.promql import WITHOUT_TRAFFIC
from monitor.sources.promql_rows import OF_PROCESS
from monitor.sources.rate import without
from monitor.sources.scale import factor, scaled
from monitor.units import show_duration

VALUE, BUCKETS, SUM = "value", "buckets", "sum"


class Reader(Protocol):
    """One metric. `queries`: what is asked for it, by what it is."""

    @property
    def metric(self) -> str: ...

    @property
    def queries(self) -> Sequence[tuple[str, str]]: ...

    def readings(self, found: Sequence[tuple[str, Series]], grid: Grid) -> Iterator[Reading]:
        """One for each moment of the grid; grids come in order of time. Raises OperatorError."""


def _pages(found: Sequence[tuple[str, Series]], grid: Grid) -> Iterator[dict[str, Page]]:
    """At each moment one page for each process that had a series."""
    placed = [
        (
            _key((label, s.labels.get(label, "")) for label in OF_PROCESS),
            what,
            _key(sorted(s.labels.items())),
            s.values,
        )
        for what, s in found
        if what in (REQUESTS, ERRORS)
    ]
    for n in range(grid.points):
        groups: dict[str, dict[str, dict[str, float]]] = {}
        for process, what, series, values in placed:
            value = values[n]
            if value is not None and 0 <= value < inf:
                mine = groups.get(process)
                if mine is None:
                    mine = groups[process] = {REQUESTS: {}, ERRORS: {}}
                mine[what][series] = value
        yield {process: Page(mine) for process, mine in groups.items()}


def _key(labels: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    return repr(list(labels))


def meter_of(step: Micros) -> Meter:
    """For reads that are `step` apart."""
    return Meter(Rates(step, 1, max(5 * MINUTE, 2 * step)))


@dataclass(slots=True)
class Counters:
    """errors/requests of series that only grow."""

    metric: str
    queries: Sequence[tuple[str, str]]
    meter: Meter

    def readings(self, found: Sequence[tuple[str, Series]], grid: Grid) -> Iterator[Reading]:
        for at, pages in zip(grid.moments(), _pages(found, grid), strict=True):
            yield self._reading(at, pages)

    def _reading(self, at: Micros, pages: Mapping[str, Page]) -> Reading:
        """As of a watch's read, but for the value that is only shown."""
        increase = self.meter.take(at, pages, True)
        if missing := without(REQUESTS, self.metric, pages):
            return missing
        if isinstance(increase, str):
            return Reading(self.metric, reason=increase)
        requests, errors = increase.by.get(REQUESTS, 0.0), increase.by.get(ERRORS, 0.0)
        if errors > requests:
            self.meter.drop_last()
            return Reading(self.metric, reason="more_errors_than_requests")
        return Reading(self.metric, errors=errors, requests=requests)


@dataclass(slots=True)
class Value:
    """One number that a query gives; beside a ratio perhaps the counters of all requests."""

    metric: str
    queries: Sequence[tuple[str, str]]
    unit: str
    meter: Meter | None = None

    def __post_init__(self) -> None:
        factor(self.unit)

    def readings(self, found: Sequence[tuple[str, Series]], grid: Grid) -> Iterator[Reading]:
        valued = [s for what, s in found if what == VALUE]
        pages = _pages(found, grid) if self.meter is not None else None
        for n, at in enumerate(grid.moments()):
            page = next(pages) if pages is not None else {}
            given = self._value([v for s in valued if (v := s.values[n]) is not None])
            if self.meter is None or not isinstance(given.value, float):
                yield given
            else:
                yield given_ratio(self.metric, given.value, self.meter, at, page, whole=True)

    def _value(self, values: Sequence[float]) -> Reading:
        if not values:
            return Reading(self.metric, reason="no_series")
        if len(values) > 1:
            text = f"the query gives {len(values)} series instead of 1: use sum() or max()"
            raise OperatorError(f"{self.metric}: {text}")
        if isnan(values[0]) and self.unit in WITHOUT_TRAFFIC:
            return Reading(self.metric, reason="insufficient_traffic", quiet=True)
        return Reading(self.metric, scaled(values[0], self.unit) if isfinite(values[0]) else values[0])


@dataclass(slots=True)
class Quantile:
    """A quantile of histograms over a minute; `scale` to milliseconds, `limits` of the metric."""

    metric: str
    queries: Sequence[tuple[str, str]]
    q: float
    scale: float
    limits: Sequence[float] = field(default_factory=tuple)

    def readings(self, found: Sequence[tuple[str, Series]], grid: Grid) -> Iterator[Reading]:
        buckets = [(_bound(s, self.scale), s.values) for what, s in found if what == BUCKETS]
        sums = [s.values for what, s in found if what == SUM]
        for n in range(grid.points):
            counts = {bound: v for bound, values in buckets if (v := values[n]) is not None and isfinite(v)}
            total = sum(v for values in sums if (v := values[n]) is not None)
            yield self._reading(counts, total)

    def _reading(self, counts: Mapping[float, float], total: float) -> Reading:
        if not counts:
            return Reading(self.metric, reason="no_series")
        asked = counts.get(inf, 0.0)
        if asked <= 0:
            return Reading(self.metric, reason="insufficient_traffic", quiet=True)
        quantile = quantile_of(self.q, counts)
        if quantile is None:
            return Reading(self.metric, reason="bad_histogram")
        return Reading(self.metric, comparable(quantile, self.limits, total * self.scale / asked))


def quantile(
    metric: str, name: str, conditions: str, q: float, scale: float, limits: Sequence[float], step: Micros
) -> Quantile:
    """Of the histogram `name`, by the server's increase of summed buckets."""
    window = window_of(step)
    queries = (
        (BUCKETS, f"sum by (le) (increase({name}_bucket{conditions}[{window}]))"),
        (SUM, f"sum(increase({name}_sum{conditions}[{window}]))"),
    )
    return Quantile(metric, queries, q, scale, limits)


def mean(metric: str, name: str, conditions: str, unit: str, step: Micros) -> Value:
    """The mean of what has `_sum` and `_count`."""
    window = window_of(step)
    total, count = (f"sum(rate({name}_{end}{conditions}[{window}]))" for end in ("sum", "count"))
    return Value(metric, ((VALUE, f"{total} / {count}"),), unit)


def window_of(step: Micros) -> str:
    """Four reads, a minute at least: a rate needs two of a series."""
    return show_duration(max(MINUTE, 4 * step) // 1_000_000 * 1_000_000)


def _bound(series: Series, scale: float) -> float:
    try:
        bound = float(series.labels.get("le", ""))
    except ValueError as e:
        raise OperatorError("a bucket of the histogram has no usable upper bound `le`") from e
    return bound if bound == inf else round(bound * scale, 9)
