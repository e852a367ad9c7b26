"""What one metric takes from exposition pages: a rate from counters, a quantile or a mean, or a gauge.

Each kind says which names it needs of a page, what a page comes to, and what all pages come to. The lines
are handed in parsed; this file reads nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import Protocol

from monitor.core.samples import Micros, Reading
from monitor.errors import SourceError
from monitor.probes import doubts, fits
from monitor.probes.counters import ERRORS, REQUESTS, Meter, Page
from monitor.probes.exposition import Line, families
from monitor.probes.given import given_ratio
from monitor.probes.histogram import Quantile, comparable, quantile_of
from monitor.probes.rate import error_rate
from monitor.probes.scale import scaled
from monitor.probes.seen import of_rate
from monitor.probes.selectors import Selector
from monitor.probes.series import Rate, Times, counted_on, timed_on
from monitor.probes.strict import number

IDENTITY = "process_start_time_seconds"
TOP = "+Inf"
SUM = "sum"
BUCKET, COUNT = "_bucket", "_count"
NO_SAMPLE_YET = "no_sample_yet"
NO_REQUESTS = "insufficient_traffic"


@dataclass(frozen=True, slots=True)
class Found:
    """What a page has of the wanted names: samples, and what it declares with or without one."""

    lines: tuple[Line, ...]
    declared: frozenset[str] = frozenset()

    def declares(self, selectors: Iterable[Selector]) -> bool:
        return any(family in self.declared for s in selectors for family in families(s.name))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page comes to: counters, or a gauge's value. `idle`: declared, and no sample yet."""

    page: Page
    idle: bool = False
    value: float | None = None


class Exposed(Protocol):
    """One kind of metric on exposition pages."""

    @property
    def meter(self) -> Meter:
        """What is remembered from read to read."""

    def wanted(self, url: str) -> Sequence[Selector]:
        """The series of the page at `url` that are needed."""

    def page(self, url: str, found: Found) -> Seen:
        """What a page comes to. Raises SourceError."""

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        """What all pages come to; not called without one."""

    def told(self, url: str, found: Found) -> list[str]:
        """For `check`: what is to be said of a page."""


class ExposedRate:
    """errors/requests of counters."""

    def __init__(self, ways: Mapping[str, Sequence[Rate]], meter: Meter) -> None:
        self.ways = ways
        self.meter = meter

    def wanted(self, url: str) -> Sequence[Selector]:
        return [s for way in self.ways[url] for s in way.selectors]

    def page(self, url: str, found: Found) -> Seen:
        if _is_auto(self.ways[url]):
            fits.refuse_several(fits.counting(self.ways[url], found.lines))
        rate = counted_on(self.ways[url], found.lines)
        requests = doubts.of(rate.requests, found.lines)
        if not requests:
            return Seen(Page({}, _identity(found)), found.declares(rate.requests))
        doubts.refuse(rate, found.lines)
        way = f"{rate.preset}/{rate.status}" if len(self.ways[url]) > 1 else ""
        groups = {REQUESTS: _values(requests, way), ERRORS: _values(doubts.of(rate.errors, found.lines), way)}
        return Seen(Page(groups, _identity(found)))

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        if nothing := _nothing(metric, self.meter, now, pages):
            return nothing
        return error_rate(metric, self.meter, now, {key: seen.page for key, seen in pages.items()})

    def told(self, url: str, found: Found) -> list[str]:
        told: list[str] = []
        if _is_auto(self.ways[url]) and (libraries := fits.counting(self.ways[url], found.lines)):
            fits.refuse_several(libraries)
            told = [fits.found_by_auto(libraries[0])]
        return [*told, *of_rate(counted_on(self.ways[url], found.lines), found.lines)]


class ExposedTimes:
    """A quantile of histograms, or (`q` None) the mean of durations; over the meter's window."""

    def __init__(
        self, ways: Mapping[str, Sequence[Times]], q: float | None, meter: Meter, limits: Sequence[float] = ()
    ) -> None:
        self.ways = ways
        self.q = q
        self.meter = meter
        self.limits = limits
        self.suffix = COUNT if q is None else BUCKET
        self.quantile: Quantile | None = None  # of the last reading
        self._held: Mapping[str, float] = {}

    def wanted(self, url: str) -> Sequence[Selector]:
        return [way.ending(suffix) for way in self.ways[url] for suffix in (self.suffix, "_sum")]

    def page(self, url: str, found: Found) -> Seen:
        if _is_auto(self.ways[url]):
            fits.refuse_several(fits.timing(self.ways[url], found.lines, self.suffix))
        times = timed_on(self.ways[url], found.lines, self.suffix)
        sizes = doubts.of((times.ending(self.suffix),), found.lines)
        if not sizes:
            self._refuse_summary(url, found)
            return Seen(Page({}, _identity(found)), found.declares((times.ending(self.suffix),)))
        sums = [line for line in doubts.of((times.ending("_sum"),), found.lines) if isfinite(line.value)]
        groups = {TOP: _values(sizes)} if self.q is None else _buckets(sizes, times.scale)
        return Seen(Page({**groups, SUM: _scaled(_values(sums), times.scale)}, _identity(found)))

    def _refuse_summary(self, url: str, found: Found) -> None:
        """A sum without buckets is no histogram that begins later: its quantile would be awaited for ever."""
        sums = [way.ending("_sum") for way in self.ways[url]]
        if self.q is not None and doubts.of(sums, found.lines):
            text = "the page keeps these durations without buckets, which gives no quantile"
            raise SourceError(
                "no_histogram", f"{text}: write `mean` instead, or let the library keep buckets"
            )

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        if nothing := _nothing(metric, self.meter, now, pages):
            return nothing
        increase = self.meter.take(now, _alike({key: seen.page for key, seen in pages.items()}))
        if isinstance(increase, str):
            return Reading(metric, reason=increase)
        held = self._held = self.meter.window(now)
        requests = held.get(TOP, 0.0)
        if requests <= 0:
            return Reading(metric, reason=NO_REQUESTS, quiet=True)
        mean = held[SUM] / requests if SUM in held else nan
        if self.q is None:
            return Reading(metric, reason="no_value") if isnan(mean) else Reading(metric, mean)
        self.quantile = quantile_of(self.q, {float(b): n for b, n in held.items() if b != SUM})
        if self.quantile is None:
            return Reading(metric, reason="bad_histogram")
        return Reading(metric, comparable(self.quantile, self.limits, mean))

    def told(self, url: str, found: Found) -> list[str]:
        self.page(url, found)
        if not _is_auto(self.ways[url]):
            return []
        if libraries := fits.timing(self.ways[url], found.lines, self.suffix):
            return [fits.found_by_auto(libraries[0])]
        return []


class ExposedValue:
    """A gauge, of several series and instances the highest; `requests`: the counts of a ratio."""

    def __init__(self, gauge: Selector, unit: str, requests: Sequence[Selector], meter: Meter) -> None:
        self._gauge = gauge
        self._unit = unit
        self._requests = tuple(requests)
        self.meter = meter

    def wanted(self, url: str) -> Sequence[Selector]:  # noqa: ARG002 - the same of every page
        return (self._gauge, *self._requests)

    def page(self, url: str, found: Found) -> Seen:  # noqa: ARG002 - the same of every page
        lines = doubts.of((self._gauge,), found.lines)
        asked = [line for line in lines if not _of_nobody(line)]
        if not lines and not found.declares((self._gauge,)):
            raise SourceError("no_series", "the page has no series of this selector")
        counts = Page({REQUESTS: _values(doubts.of(self._requests, found.lines))}, _identity(found))
        value = max((number(line.value, "value") for line in asked), default=None)
        return Seen(counts, not asked, None if value is None else scaled(value, self._unit))

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        values = [seen.value for seen in pages.values() if seen.value is not None]
        if not values:
            return Reading(metric, reason=NO_SAMPLE_YET, quiet=True)
        if not self._requests:
            return Reading(metric, max(values))
        return given_ratio(metric, max(values), self.meter, now, {k: seen.page for k, seen in pages.items()})

    def told(self, url: str, found: Found) -> list[str]:
        self.page(url, found)
        return []


def _is_auto(ways: Sequence[Rate | Times]) -> bool:
    return len({way.preset for way in ways}) > 1


def _nothing(metric: str, meter: Meter, now: Micros, pages: Mapping[str, Seen]) -> Reading | None:
    """The reading when no page has a series: quiet when one declares it; what then appears counts from 0."""
    if any(any(seen.page.groups.values()) for seen in pages.values()):
        return None
    if not any(seen.idle for seen in pages.values()):
        return Reading(metric, reason="no_series")
    meter.take(now, {key: seen.page for key, seen in pages.items()})
    return Reading(metric, reason=NO_SAMPLE_YET, quiet=True)


def _of_nobody(line: Line) -> bool:
    """A summary's quantile of a handler that nobody asked lately is NaN."""
    return isnan(line.value) and "quantile" in line.labels


def _buckets(found: Sequence[Line], scale: float) -> dict[str, dict[str, float]]:
    """Bound in milliseconds -> series -> count; only bounds that every series has can be added up."""
    groups: dict[str, dict[str, float]] = {}
    for line in found:
        series = groups.setdefault(_bound(line.labels.get("le", ""), scale), {})
        series[_short(_identified(line))] = number(line.value, "a bucket of the page")
    everyone = {series for bound in groups.values() for series in bound}
    return {bound: series for bound, series in groups.items() if series.keys() == everyone}


def _alike(pages: Mapping[str, Page]) -> dict[str, Page]:
    """The pages with only those buckets that each of them has."""
    shared = set.intersection(*({*page.groups} for page in pages.values() if page.groups))
    return {
        key: Page({bound: n for bound, n in page.groups.items() if bound in shared}, page.identity)
        for key, page in pages.items()
    }


def _bound(text: str, scale: float) -> str:
    """One spelling for each upper bound: `1` and `1.0` are the same bucket."""
    try:
        bound = float(text)
    except ValueError as e:
        raise SourceError("bad_histogram", "a bucket of the page has no usable upper bound") from e
    return TOP if bound == inf else repr(round(bound * scale, 9))


def _values(found: Iterable[Line], way: str = "") -> dict[str, float]:
    """Short keys, because they are stored each round; of another way to count they are other series."""
    return {
        _short(f"{way}{_identified(line)}"): number(line.value, "a counter of the page") for line in found
    }


def _scaled(values: Mapping[str, float], scale: float) -> dict[str, float]:
    return {series: value * scale for series, value in values.items()}


def _identified(line: Line) -> str:
    """What a series is: its name and labels but `le`, in any order. A label that is empty is one that is not
    there: OpenTelemetry's Python gives all series of a name the labels of a new one, empty, and they go on.
    """
    labels = sorted((label, value) for label, value in line.labels.items() if value and label != "le")
    return f"{line.name}{labels}"


def _short(series: str) -> str:
    return hashlib.blake2b(series.encode(), digest_size=8).hexdigest()


def _identity(found: Found) -> str:
    return ",".join(sorted(repr(line.value) for line in found.lines if line.name == IDENTITY))
