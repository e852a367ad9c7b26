"""What one metric takes from exposition pages: a rate from counters, a quantile or a mean, or a gauge.

Each kind says which names it needs of a page, what a page comes to, and what all pages come to. The lines
are handed in parsed; this file reads nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite, isnan, nan
from typing import Protocol

from monitor.core.samples import Micros, Reading
from monitor.errors import SourceError
from monitor.ports import Finding
from monitor.sources import doubts, fits
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page
from monitor.sources.exposition import Found, Line
from monitor.sources.given import given_ratio
from monitor.sources.histogram import Quantile, comparable, quantile_of
from monitor.sources.rate import error_rate, without
from monitor.sources.scale import scaled
from monitor.sources.seen import of_gauge, of_histogram, of_mean, of_rate
from monitor.sources.selectors import Selector
from monitor.sources.series import Rate, Times, counted_on, timed_on
from monitor.sources.strict import number
from monitor.sources.survey import Around
from monitor.sources.words import SINCE, counts_told, quantile_told

IDENTITY = "process_start_time_seconds"
TOP = "+Inf"
SUM = "sum"
BUCKET, COUNT = "_bucket", "_count"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page comes to: counters, or a gauge's value."""

    page: Page
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

    def told(self, url: str, found: Found, around: Around) -> list[Finding]:
        """For `check`: what is to be said of a page."""

    def words(self, reading: Reading) -> str:
        """For `check`: a reading in words, where it is more than a value or counts of this time; else ""."""


class ExposedRate:
    """errors/requests of counters."""

    def __init__(self, ways: Mapping[str, Sequence[Rate]], meter: Meter) -> None:
        self.ways = ways
        self._taken = fits.Taken()
        self.meter = meter
        self._totals: Mapping[str, float] = {}  # of the last reading, since the counters began

    def wanted(self, url: str) -> Sequence[Selector]:
        return [s for way in self.ways[url] for s in way.selectors]

    def page(self, url: str, found: Found) -> Seen:
        ways = self.ways[url]
        if _is_auto(ways):
            ways = self._taken.at(url, ways, lambda some: fits.counting(some, found.lines))
        rate = counted_on(ways, found.lines)
        requests = found.of(rate.requests)
        if not requests:
            return Seen(Page({}, _identity(found), found.declares(rate.requests)))
        doubts.refuse(rate, found)
        way = f"{rate.preset}/{rate.status}" if len(self.ways[url]) > 1 else ""
        groups = {REQUESTS: _values(requests, way), ERRORS: _values(found.of(rate.errors), way)}
        return Seen(Page(groups, _identity(found)))

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        self._totals = _totals(pages)
        return error_rate(metric, self.meter, now, {key: seen.page for key, seen in pages.items()})

    def told(self, url: str, found: Found, around: Around) -> list[Finding]:
        told = of_rate(counted_on(self.ways[url], found.lines), found, around)
        libraries = fits.counting(self.ways[url], found.lines)
        return _of_auto(libraries, self.ways[url], fits.found_by_auto) + told

    def words(self, reading: Reading) -> str:
        requests = self._totals.get(REQUESTS, 0.0)
        if reading.requests or not requests:
            return ""
        errors = self._totals.get(ERRORS, 0.0)
        return f"no request meanwhile; {counts_told(errors, requests, SINCE)}"


class ExposedTimes:
    """A quantile of histograms, or (`q` None) the mean of durations; over the meter's window."""

    def __init__(
        self, ways: Mapping[str, Sequence[Times]], q: float | None, meter: Meter, limits: Sequence[float] = ()
    ) -> None:
        self.ways = ways
        self._taken = fits.Taken()
        self.q = q
        self.meter = meter
        self.limits = limits
        self.suffix = COUNT if q is None else BUCKET
        self._totals: Mapping[str, float] = {}  # of the last reading, since the counters began
        self._quantile: Quantile | None = None

    def wanted(self, url: str) -> Sequence[Selector]:
        return [way.ending(suffix) for way in self.ways[url] for suffix in (self.suffix, "_sum")]

    def page(self, url: str, found: Found) -> Seen:
        ways = self.ways[url]
        if _is_auto(ways):
            ways = self._taken.at(url, ways, lambda some: fits.timing(some, found.lines, self.suffix))
        times = timed_on(ways, found.lines, self.suffix)
        sizes = found.of((times.ending(self.suffix),))
        if not sizes:
            self._refuse_summary(url, found)
            return Seen(Page({}, _identity(found), found.declares((times.ending(self.suffix),))))
        sums = [line for line in found.of((times.ending("_sum"),)) if isfinite(line.value)]
        groups = {TOP: _by_labels(sizes)} if self.q is None else _buckets(sizes, times.scale)
        seconds = {series: value * times.scale / 1000 for series, value in _by_labels(sums).items()}
        return Seen(Page({**groups, SUM: seconds}, _identity(found)))

    def _refuse_summary(self, url: str, found: Found) -> None:
        """A sum without buckets is no histogram that begins later: its quantile would be awaited for ever."""
        if self.q is not None and found.of([way.ending("_sum") for way in self.ways[url]]):
            raise SourceError("no_histogram", "the page keeps these durations without buckets")

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        self._totals = _totals(pages)
        alike = _alike({key: seen.page for key, seen in pages.items()})
        increase = self.meter.take(now, alike)
        if missing := without(TOP, metric, alike):
            return missing
        if isinstance(increase, str):
            return Reading(metric, reason=increase)
        held = self.meter.window(now)
        if held.get(TOP, 0.0) <= 0:
            return Reading(metric, reason="insufficient_traffic", quiet=True)
        value = self._of(held)
        if value is None:
            return Reading(metric, reason="bad_histogram" if self.q is not None else "no_value")
        return Reading(metric, value)

    def told(self, url: str, found: Found, around: Around) -> list[Finding]:
        libraries = fits.timing(self.ways[url], found.lines, self.suffix)
        auto = _of_auto(libraries, self.ways[url], fits.times_by_auto)
        times = timed_on(self.ways[url], found.lines, self.suffix)
        if self.q is None:
            return auto + of_mean(times, found, around)
        if not found.of((times.ending(BUCKET),)):
            return of_histogram(times, self.limits, (), found, around)
        bounds = (float(b) for b in self.page(url, found).page.groups if b not in {SUM, TOP})
        return auto + of_histogram(times, self.limits, bounds, found, around)

    def words(self, reading: Reading) -> str:
        if reading.value is not None:
            return self._shown(reading.value)
        value = self._of(self._totals) if self._totals.get(TOP) else None
        return "" if value is None else f"no request meanwhile; {SINCE} {self._shown(value)}"

    def _of(self, held: Mapping[str, float]) -> float | None:
        """The quantile, or the mean, in milliseconds; None where they can't be had."""
        mean = 1000 * held[SUM] / held[TOP] if SUM in held else nan
        if self.q is None:
            return None if isnan(mean) else mean
        self._quantile = quantile_of(self.q, {float(b): n for b, n in held.items() if b != SUM})
        return None if self._quantile is None else comparable(self._quantile, self.limits, mean)

    def _shown(self, value: object) -> str:
        if not isinstance(value, float):
            return ""
        if self.q is None or self._quantile is None:
            return f"mean {value:.4g} ms"
        return quantile_told(self.q, value, self._quantile)


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
        lines = found.of((self._gauge,))
        asked = [line for line in lines if not _of_nobody(line)]
        if not lines and not found.declares((self._gauge,)):
            raise SourceError("no_series", "the page has no series of this selector")
        counts = Page({REQUESTS: _values(found.of(self._requests))}, _identity(found))
        value = max((number(line.value, "value") for line in asked), default=None)
        return Seen(counts, None if value is None else scaled(value, self._unit))

    def reading(self, metric: str, now: Micros, pages: Mapping[str, Seen]) -> Reading:
        values = [seen.value for seen in pages.values() if seen.value is not None]
        if not values:
            return Reading(metric, reason="no_sample_yet", quiet=True)
        if not self._requests:
            return Reading(metric, max(values))
        return given_ratio(metric, max(values), self.meter, now, {k: seen.page for k, seen in pages.items()})

    def told(self, url: str, found: Found, around: Around) -> list[Finding]:
        return of_gauge(self._gauge, self._requests, found, around) or self._page_told(url, found)

    def _page_told(self, url: str, found: Found) -> list[Finding]:
        self.page(url, found)
        return []

    def words(self, reading: Reading) -> str:  # noqa: ARG002 - a value says it all
        return ""


def _is_auto(ways: Sequence[Rate | Times]) -> bool:
    return len({way.preset for way in ways}) > 1


def _of_auto(
    libraries: Sequence[fits.Library], ways: Sequence[Rate | Times], said: Callable[[fits.Library], Finding]
) -> list[Finding]:
    """For `check`: which library `auto` has found. Raises SourceError when the page is of several."""
    if not libraries or not _is_auto(ways):
        return []
    fits.refuse_several(libraries)
    return [said(libraries[0])]


def _totals(pages: Mapping[str, Seen]) -> dict[str, float]:
    """Each group over all pages, since the counters began."""
    found: dict[str, float] = {}
    for seen in pages.values():
        for group, series in seen.page.groups.items():
            found[group] = found.get(group, 0.0) + sum(series.values())
    return found


def _of_nobody(line: Line) -> bool:
    """A summary's quantile of a handler that nobody asked lately is NaN."""
    return isnan(line.value) and "quantile" in line.labels


def _buckets(found: Sequence[Line], scale: float) -> dict[str, dict[str, float]]:
    """Bound in milliseconds -> series -> count; only bounds that every series has can be added up."""
    groups: dict[str, dict[str, float]] = {}
    for line in found:
        groups.setdefault(_bound(line.labels.get("le", ""), scale), {}).update(_by_labels([line]))
    everyone = {series for bound in groups.values() for series in bound}
    return {bound: series for bound, series in groups.items() if series.keys() == everyone}


def _alike(pages: Mapping[str, Page]) -> dict[str, Page]:
    """The pages with only those buckets that each of them has."""
    all_groups = [{*page.groups} for page in pages.values() if page.groups]
    shared = set.intersection(*all_groups) if all_groups else set()
    return {
        key: replace(page, groups={bound: n for bound, n in page.groups.items() if bound in shared})
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
        _short(f"{way}{line.name}{_labels(line)}"): number(line.value, "a counter of the page")
        for line in found
    }


def _by_labels(found: Iterable[Line]) -> dict[str, float]:
    """Buckets, sum and count of a histogram's series under one key: they come and go together."""
    values = {}
    for line in found:
        base = line.name.rpartition("_")[0]
        values[_short(f"{base}{_labels(line)}")] = number(line.value, "a number of the page")
    return values


def _labels(line: Line) -> list[tuple[str, str]]:
    """What tells a series from others, in any order. A label that is empty is one that is not there:
    OpenTelemetry's Python gives all series of a name the labels of a new one, empty, and they go on.
    """
    return sorted((label, value) for label, value in line.labels.items() if value and label != "le")


def _short(series: str) -> str:
    return hashlib.blake2b(series.encode(), digest_size=8).hexdigest()


def _identity(found: Found) -> str:
    """When the process began; a page about several (a gateway's, `/federate`) is not of one of them."""
    starts = [repr(line.value) for line in found.lines if line.name == IDENTITY]
    return starts[0] if len(starts) == 1 else ""
