"""The `prometheus` source: counters, a histogram's quantile or a gauge of exposition pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError, SourceError
from monitor.net import Net, Response
from monitor.ports import Gauge, Json
from monitor.probes.counters import ERRORS, REQUESTS, Meter, Page
from monitor.probes.endpoints import Endpoints, Pace, failed, refuse_before
from monitor.probes.exposition import Line, lines
from monitor.probes.presets import Series, preset
from monitor.probes.rate import error_rate, quantile
from monitor.probes.scale import factor, scaled
from monitor.probes.selectors import Selector, selector
from monitor.probes.strict import number
from monitor.probes.unseen import no_errors_seen

IDENTITY = "process_start_time_seconds"
ACCEPT = {"accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1"}


@dataclass(frozen=True, slots=True)
class PrometheusSpec:
    """A preset (with `quantile`: its latency), or selectors: errors and requests, histogram, or a gauge."""

    urls: tuple[str, ...]
    preset: str | None = None
    requests: str | None = None
    errors: str | None = None
    histogram: str | None = None
    quantile: float | None = None
    value: str | None = None
    unit: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class PrometheusProbe:
    """One metric from exposition pages; instances are summed, of a gauge's series the maximum is taken."""

    def __init__(self, metric: str, spec: PrometheusSpec, pace: Pace, net: Net) -> None:
        self._metric = metric
        self._spec = spec
        self._pace = pace
        self._scale = factor(spec.unit or "s")
        self._series = {url: series_of(spec, url) for url in spec.urls}
        self._gauge = (selector(spec.value),) if spec.value is not None else ()
        self._meter = Meter(pace.rates, weight="+Inf" if spec.quantile is not None else REQUESTS)
        self._endpoints = Endpoints(metric, spec.urls, {**ACCEPT, **spec.headers}, pace, net)

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)

    async def read(self, now: Micros) -> Sequence[Reading]:
        if self._gauge:
            return await self._read_gauge(now)
        parse = self._buckets if self._spec.quantile is not None else self._counters
        answers = await self._endpoints.read(now, lambda url, response: parse(url, response, now))
        if answers.reason:
            return failed(self._metric, answers.reason)
        if self._spec.quantile is not None:
            q = self._spec.quantile
            return [quantile(self._metric, self._meter, now, answers.pages, q, self._scale)]
        own = len(answers.pages) if any(s.subtract_own for s in self._series.values()) else 0
        return [error_rate(self._metric, self._meter, now, answers.pages, own)]

    def gauges(self) -> Sequence[Gauge]:
        return self._endpoints.gauges()

    def begin_afresh(self) -> None:
        self._meter.begin_afresh()

    def memory(self) -> Json:
        return self._meter.memory()

    def restore(self, memory: Json) -> None:
        self._meter.restore(memory)

    async def check(self) -> Sequence[str]:
        """What is wrong with the pages, in sentences; notes begin with `note:`."""
        return await self._endpoints.problems(self._wrong)

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    async def _read_gauge(self, now: Micros) -> Sequence[Reading]:
        answers = await self._endpoints.read(now, lambda _, response: self._highest(response, now))
        if answers.reason:
            return failed(self._metric, answers.reason)
        return [Reading(self._metric, max(answers.pages.values()))]

    def _highest(self, response: Response, now: Micros) -> float:
        found = _select(self._lines(response, self._gauge, now), self._gauge)
        if not found:
            raise SourceError("no_series", "the page has no series of this selector")
        return scaled(max(number(line.value, "value") for line in found), self._spec.unit or "count")

    def _counters(self, url: str, response: Response, now: Micros) -> Page:
        series = self._series[url]
        found = self._lines(response, (*series.requests, *series.errors), now)
        groups = {
            REQUESTS: _values(_select(found, series.requests)),
            ERRORS: _values(_select(found, series.errors)),
        }
        return Page(groups, _identity(found))

    def _buckets(self, url: str, response: Response, now: Micros) -> Page:
        series = self._series[url]
        found = self._lines(response, series.buckets, now)
        groups: dict[str, dict[str, float]] = {}
        for line in _select(found, series.buckets):
            bound = _bound(line.labels.get("le", ""))
            groups.setdefault(bound, {}).update(_values([line]))
        return Page(groups, _identity(found))

    def _lines(self, response: Response, selectors: Iterable[Selector], now: Micros) -> list[Line]:
        found = lines(response.body, [*(s.name for s in selectors), IDENTITY])
        openmetrics = "openmetrics" in response.headers.get("content-type", "")
        for line in found:
            if line.timestamp is not None:
                refuse_before(line.timestamp / (1 if openmetrics else 1000), now, self._pace.max_gap)
        return found

    def _wrong(self, url: str, response: Response, now: Micros) -> Sequence[str]:
        series = self._series[url]
        wanted = (*series.requests, *series.errors, *series.buckets, *self._gauge)
        found = self._lines(response, wanted, now)
        first = self._gauge or (series.buckets if self._spec.quantile is not None else series.requests)
        if not _select(found, first):
            return [f"the page has no series of `{first[0].name}` with these labels: check name and labels"]
        return no_errors_seen(series.errors, found)


def series_of(spec: PrometheusSpec, url: str) -> Series:
    """What to read of the page at `url`. Raises OperatorError."""
    if spec.preset is not None:
        return preset(spec.preset, url)
    if spec.histogram is not None:
        if spec.quantile is None or not 0 < spec.quantile < 1:
            raise OperatorError("a histogram needs `quantile`: write a number between 0 and 1, as 0.95")
        wanted = selector(spec.histogram)
        return Series(buckets=(Selector(f"{wanted.name.removesuffix('_bucket')}_bucket", wanted.matchers),))
    if spec.requests is not None and spec.errors is not None:
        return Series((selector(spec.requests),), (selector(spec.errors),))
    if spec.value is None:
        raise OperatorError(
            "a prometheus source needs `preset`, `requests` and `errors`, `histogram` or `value`"
        )
    return Series()


def _select(found: Iterable[Line], selectors: Sequence[Selector]) -> list[Line]:
    return [line for line in found if any(s.holds(line.name, line.labels) for s in selectors)]


def _values(found: Iterable[Line]) -> dict[str, float]:
    """Short keys, because they are stored each round."""
    return {_short(line.series): number(line.value, "a counter of the page") for line in found}


def _short(series: str) -> str:
    return hashlib.blake2b(series.encode(), digest_size=8).hexdigest()


def _bound(text: str) -> str:
    """One spelling for each upper bound: `1` and `1.0` are the same bucket."""
    try:
        bound = float(text)
    except ValueError as e:
        raise SourceError("bad_histogram", "a bucket of the page has no usable upper bound") from e
    return "+Inf" if bound == float("inf") else repr(bound)


def _identity(found: Iterable[Line]) -> str:
    return ",".join(sorted(repr(line.value) for line in found if line.name == IDENTITY))
