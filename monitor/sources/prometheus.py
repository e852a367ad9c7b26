"""The `prometheus` source: counters, a histogram's quantile, a mean or a gauge of exposition pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import Field

from monitor.clock import utc_now
from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError
from monitor.net import Net, Response
from monitor.options import Fault, Mean, Quantile, Size, Text, Texts, key
from monitor.ports import Finding, Gauge, Json
from monitor.sources.configuration import COUNTERS, UNIT_KINDS, HttpKeys, MeasuredKeys, Reach, sent
from monitor.sources.configuration import REQUESTS as OF_ALL
from monitor.sources.counters import REQUESTS, Meter
from monitor.sources.endpoints import Endpoints, Pace, failed, refuse_before
from monitor.sources.exposed import (
    IDENTITY,
    TOP,
    Exposed,
    ExposedRate,
    ExposedTimes,
    ExposedValue,
    Seen,
)
from monitor.sources.exposition import MAX_PAGE, Found, Sieve, declared, lines
from monitor.sources.one_metric import OneMetric
from monitor.sources.presets import CHOICES
from monitor.sources.selectors import contradiction, selector
from monitor.sources.series import rates_of, selectors_of, times_of
from monitor.sources.shared import Shared, shared
from monitor.sources.survey import Survey, parted
from monitor.units import Kind

SELECTORS = ("errors", "requests", "histogram", "mean", "value")
"""Keys of a spec that hold selectors."""

ACCEPT = {"accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1"}


if TYPE_CHECKING:
    Preset: TypeAlias = str
else:
    Preset = Literal[CHOICES]  # those that are registered


class PrometheusSource(HttpKeys, MeasuredKeys):
    """An exposition page; `requests`, `errors`, `histogram`, `mean` and `value` are series selectors."""

    ways = (("preset",), COUNTERS, ("histogram", "quantile"), ("mean",), ("value",))

    preset: Preset | None = Field(None, description="names the series of a known library; `auto` finds it")
    errors: Texts | None = Field(None, description="the counters of failed requests, added up")
    requests: Texts | None = Field(None, description=f"{OF_ALL}; several are added up")
    histogram: Text | None = Field(None, description="a histogram, without `_bucket`")
    quantile: Quantile | None = Field(None, description="which quantile of the histogram, as 0.95")
    mean: Mean | None = Field(None, description="what has `_sum` and `_count`; true: the preset's durations")
    value: Text | None = Field(None, description="a gauge; of several instances the maximum is taken")
    max_page: Size = key("64MiB", "a longer page is not read to its end, and is no data")

    def named(self) -> str:
        text = self.value or self.histogram or self.mean or ""
        return text.partition("{")[0].strip().removesuffix("_bucket")

    @property
    def measures(self) -> Kind | None:
        if any(getattr(self, key) is not None for key in ("quantile", "histogram", "mean")):
            return Kind.TIME
        return Kind.RATIO if self.preset is not None else super().measures

    @property
    def counted(self) -> bool:
        return self.preset is not None or super().counted

    def faults(self) -> Iterator[Fault]:
        found = [*super().faults()]
        yield from found
        told = {fault.key for fault in found}
        for where, what in unreadable(self.spec()):
            if where not in told and (where or not told):  # one mistake is one problem
                yield Fault(where, what, (where,) if where else tuple(type(self).model_fields))

    def instead(self, wanted: Kind) -> str:
        """A preset measures two things, and one key says which."""
        if self.preset is None or wanted is Kind.COUNT:
            return super().instead(wanted)
        if wanted is Kind.TIME:
            return "add `quantile: 0.95`, or `mean: true` where the library has no buckets"
        return "remove `quantile` and `mean`, which ask for the preset's durations"

    def spec(self) -> PrometheusSpec:
        """In plain text: for the probe, never for a log."""
        return PrometheusSpec(
            self.addresses, self.preset, self.requests, self.errors, self.histogram, self.quantile, self.mean,
            self.value, self.effective_unit, self.max_page, sent(self.headers),
        )  # fmt: skip

    def open(self, metric: str, reach: Reach) -> PrometheusProbe:
        return PrometheusProbe(metric, self.spec(), reach.pace, reach.net)

    def _ways(self) -> Iterator[tuple[str, ...]]:
        """With a preset `quantile` or `mean: true` may stand beside: they ask for its durations."""
        beside: set[tuple[str, ...]] = {("mean",)} if self.mean == "" else set()
        if self.quantile is not None and self.histogram is None:
            beside = {("histogram", "quantile")}
        return (way for way in super()._ways() if self.preset is None or way not in beside)

    def _of_unit(self) -> Iterator[Fault]:
        yield from super()._of_unit()
        if self.named() and self.value is None and self.effective_unit is None:
            text = f"has no unit, and the name `{self.named()}` says none: add `unit: s`, `ms` or `us`"
            yield Fault("", text, ("unit", "histogram", "mean"))
        if self.measures is Kind.TIME and UNIT_KINDS.get(self.unit or "s") is not Kind.TIME:
            yield Fault("unit", "is none of a time: write `s`, `ms` or `us`", ("value",))
        if self.mean == "" and self.preset is None:
            text = "is `true`, but there is no preset: write the name before _sum and _count"
            yield Fault("mean", text, ("preset",))


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


class PrometheusProbe(OneMetric):
    """One metric from exposition pages; instances are summed, of a gauge's series the maximum is taken."""

    def __init__(self, metric: str, spec: PrometheusSpec, pace: Pace, net: Net) -> None:
        self._metric = metric
        self._pace = pace
        self._spec = spec
        self._exposed = exposed_of(spec, pace)
        names = {s.name for url in spec.urls for s in self._exposed.wanted(url)}
        self._names = (*sorted(names), IDENTITY)
        self._endpoints = Endpoints(
            metric, spec.urls, {**ACCEPT, **spec.headers}, pace, net,
            lambda: Sieve(self._names, spec.max_page),
        )  # fmt: skip
        self._shared = Shared(metric, spec.urls)

    async def read(self, now: Micros) -> Sequence[Reading]:
        meter = self._exposed.meter
        answers = await self._endpoints.read(
            now, lambda url, response: self._page(url, response, now), meter.wants_new_connection
        )
        if answers.reason:
            return failed(self._metric, answers.reason)
        reading = self._exposed.reading(self._metric, now, answers.pages)
        self._shared.note(meter.several)
        return [reading]

    def gauges(self) -> Sequence[Gauge]:
        return self._endpoints.gauges(len(self._exposed.meter.several))

    def begin_afresh(self) -> None:
        self._exposed.meter.begin_afresh()

    def memory(self) -> Json:
        return self._exposed.meter.memory()

    def restore(self, memory: Json) -> None:
        self._exposed.meter.restore(memory)

    async def check(self) -> Sequence[Finding]:
        """What is to be said of the pages."""
        told = await self._endpoints.problems(self._told, self._survey)
        if any(found.problem for found in told) or self._spec.value is not None:
            return told
        return told + await shared(self._endpoints, lambda url, r: self._page(url, r, utc_now()).page)

    def said(self, reading: Reading) -> str:
        """A reading in words, where they say more than the value; else ""."""
        return self._exposed.words(reading)

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    def _page(self, url: str, response: Response, now: Micros) -> Seen:
        return self._exposed.page(url, self._found(response, now))

    def _found(self, response: Response, now: Micros) -> Found:
        found = lines(response.body)
        openmetrics = "openmetrics" in response.headers.get("content-type", "")
        for line in found:
            if line.timestamp is not None:
                refuse_before(line.timestamp / (1 if openmetrics else 1000), now, self._pace.max_gap)
        return Found(tuple(found), declared(response.body))

    def _survey(self) -> Survey:
        also = {self._spec.histogram} if self._spec.histogram else set()
        return Survey(self._names, {selector(name).name for name in also}, self._spec.max_page)

    def _told(self, url: str, response: Response, now: Micros) -> Sequence[Finding]:
        own, around = parted(response.body, url)
        return self._exposed.told(url, self._found(replace(response, body=own), now), around)


def unreadable(spec: PrometheusSpec) -> list[tuple[str, str]]:
    """What can't be read as it is written: each with its key, "" for what is about several."""
    found = []
    for name in SELECTORS:
        try:
            selectors_of(getattr(spec, name) or ())
        except OperatorError as e:
            found.append((name, str(e)))
    if found:
        return found
    if why := contradiction(selectors_of(spec.errors or ()), selectors_of(spec.requests or ())):
        return [("errors", why)]
    try:
        exposed_of(spec, Pace())
    except OperatorError as e:
        found.append(("", str(e)))
    return found


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
        raise OperatorError(_without_durations(spec.preset))
    return ExposedTimes(ways, spec.quantile, Meter(pace.rates, weight=TOP), pace.limits)


def _without_durations(preset: str | None) -> str:
    if preset is None:
        return "durations need `histogram` or `mean` with a name, or a preset that has some"
    use = "name them by `histogram` with `quantile`, by `mean`, or a gauge by `value` with its `unit`"
    return f"`preset: {preset}` knows no durations: instead of the preset {use}"
