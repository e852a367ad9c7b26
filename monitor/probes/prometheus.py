"""The `prometheus` source: counters, a histogram's quantile, a mean or a gauge of exposition pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError
from monitor.net import Net, Response
from monitor.ports import Gauge, Json
from monitor.probes.counters import REQUESTS, Meter
from monitor.probes.endpoints import Endpoints, Pace, failed, refuse_before
from monitor.probes.exposed import (
    IDENTITY,
    TOP,
    Exposed,
    ExposedRate,
    ExposedTimes,
    ExposedValue,
    Found,
    Seen,
)
from monitor.probes.exposition import MAX_PAGE, Sieve, declared, lines
from monitor.probes.fits import FITS, counting, instead
from monitor.probes.selectors import selector
from monitor.probes.series import AUTO, rates_of, selectors_of, times_of

NOTHING = "the page has no series of"
ACCEPT = {"accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1"}


@dataclass(frozen=True, slots=True)
class PrometheusSpec:
    """A preset, or selectors: errors and requests, histogram and quantile, mean, or a gauge with its unit.

    With a preset `quantile`, or `mean` as "", asks for its durations. `requests` beside a gauge: its counts.
    """

    urls: tuple[str, ...]
    preset: str | None = None
    requests: str | tuple[str, ...] | None = None
    errors: str | tuple[str, ...] | None = None
    histogram: str | None = None
    quantile: float | None = None
    mean: str | None = None
    value: str | None = None
    unit: str | None = None
    max_page: int = MAX_PAGE
    headers: Mapping[str, str] = field(default_factory=dict)


class PrometheusProbe:
    """One metric from exposition pages; instances are summed, of a gauge's series the maximum is taken."""

    def __init__(self, metric: str, spec: PrometheusSpec, pace: Pace, net: Net) -> None:
        self._metric = metric
        self._pace = pace
        self._spec = spec
        self._net = net
        self._exposed = exposed_of(spec, pace)
        self._endpoints = self._reading({s.name for url in spec.urls for s in self._exposed.wanted(url)})

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)

    async def read(self, now: Micros) -> Sequence[Reading]:
        answers = await self._endpoints.read(now, lambda url, response: self._page(url, response, now))
        if answers.reason:
            return failed(self._metric, answers.reason)
        return [self._exposed.reading(self._metric, now, answers.pages)]

    def gauges(self) -> Sequence[Gauge]:
        return self._endpoints.gauges()

    def memory(self) -> Json:
        return self._exposed.meter.memory()

    def restore(self, memory: Json) -> None:
        self._exposed.meter.restore(memory)

    async def check(self) -> Sequence[str]:
        """What is wrong with the pages, in sentences; notes begin with `note:`."""
        found = await self._endpoints.problems(self._wrong)
        return [*found, *(await self._fitting() if any(NOTHING in text for text in found) else ())]

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    def _reading(self, names: Iterable[str]) -> Endpoints:
        """The pages, of which only these names are kept."""
        wanted, headers = (*sorted(names), IDENTITY), {**ACCEPT, **self._spec.headers}
        return Endpoints(
            self._metric, self._spec.urls, headers, self._pace, self._net,
            lambda: Sieve(wanted, self._spec.max_page),
        )  # fmt: skip

    async def _fitting(self) -> Sequence[str]:
        """Which presets the pages fit, where they are not what they were said to be."""
        ways = {url: rates_of(AUTO, None, None, url) for url in self._spec.urls}
        pages = self._reading({s.name for of_url in ways.values() for way in of_url for s in way.selectors})
        told = await pages.problems(
            lambda url, response, now: instead(counting(ways[url], self._found(response, now).lines))
        )
        return [text for text in told if FITS in text]

    def _page(self, url: str, response: Response, now: Micros) -> Seen:
        return self._exposed.page(url, self._found(response, now))

    def _found(self, response: Response, now: Micros) -> Found:
        found = lines(response.body)
        openmetrics = "openmetrics" in response.headers.get("content-type", "")
        for line in found:
            if line.timestamp is not None:
                refuse_before(line.timestamp / (1 if openmetrics else 1000), now, self._pace.max_gap)
        return Found(tuple(found), declared(response.body))

    def _wrong(self, url: str, response: Response, now: Micros) -> Sequence[str]:
        found = self._found(response, now)
        wanted = self._exposed.wanted(url)
        if not any(s.holds(line.name, line.labels) for s in wanted for line in found.lines):
            name = wanted[0].name
            return [f"{NOTHING} `{name}` with these labels: check name and labels"]
        return self._exposed.told(url, found)


def exposed_of(spec: PrometheusSpec, pace: Pace) -> Exposed:
    """What the spec reads of its pages. Raises OperatorError."""
    if spec.quantile is not None or spec.histogram is not None or spec.mean is not None:
        return _times(spec, pace)
    if spec.value is not None:
        counts = selectors_of(spec.requests or ())
        return ExposedValue(selector(spec.value), spec.unit or "count", counts, Meter(pace.rates))
    ways = {url: rates_of(spec.preset, spec.requests, spec.errors, url) for url in spec.urls}
    if not all(ways.values()):
        text = "needs `preset`, `requests` and `errors`, `histogram` and `quantile`, `mean`, or `value`"
        raise OperatorError(f"a prometheus source {text}")
    return ExposedRate(ways, Meter(pace.rates, weight=REQUESTS))


def _times(spec: PrometheusSpec, pace: Pace) -> ExposedTimes:
    if spec.mean is None and not 0 < (spec.quantile or 0) < 1:
        raise OperatorError("a histogram needs `quantile`: write a number between 0 and 1, as 0.95")
    name = spec.histogram or spec.mean or None
    ways = {url: times_of(spec.preset, name, spec.unit, url) for url in spec.urls}
    if not all(ways.values()):
        raise OperatorError("durations need `histogram` or `mean` with a name, or a preset that has some")
    return ExposedTimes(ways, spec.quantile, Meter(pace.rates, weight=TOP), pace.limits)
