"""From a target's sources to what a Prometheus server is asked for them.

A `promql` source is asked as it is written. A page's counters, histograms and gauges (`prometheus`) are asked
with the same selectors: the server has scraped the same page. What the database measures itself is taken from
postgres_exporter's series. What has no history is left out, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.app.sources import limits_of
from monitor.backtest.fetching import look
from monitor.backtest.ranges import Series, Server
from monitor.backtest.readers import VALUE, Counters, Reader, Value, mean, meter_of, quantile
from monitor.core.samples import Micros
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError, SourceError
from monitor.promql import is_series, not_series
from monitor.settings import MetricSource
from monitor.sources import fits
from monitor.sources.counters import ERRORS, REQUESTS
from monitor.sources.exposed import BUCKET, COUNT
from monitor.sources.exposition import Line
from monitor.sources.prometheus import PrometheusSource, PrometheusSpec
from monitor.sources.promql import PromqlSource, PromqlSpec
from monitor.sources.selectors import Selector
from monitor.sources.series import Rate, counted_on, rates_of, selectors_of, timed_on, times_of
from monitor.units import unit_of_name

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Range:
    """Where and when: the server, the time looked at, the step, further conditions (`job="shop"`)."""

    server: Server
    begin: Micros
    end: Micros
    step: Micros
    match: str = ""


class LeftOut(Exception):
    """A metric that has no history; the text says why."""


async def reader_of(
    metric: str, source: MetricSource | None, policy: Policy, at: Range, database: str
) -> Reader:
    """What gives the metric's history. Raises LeftOut, OperatorError."""
    if source is None:
        return exported(metric, database, at.step)
    if isinstance(source.keys, PromqlSource):
        return promql(metric, source.keys.spec(), at.step)
    if isinstance(source.keys, PrometheusSource):
        return await _page(metric, source.keys.spec(), policy, at)
    raise LeftOut(
        f"its source `{source.kind}` keeps no history: give a query with --metric '{metric}[:UNIT]=PROMQL'"
    )


def promql(metric: str, spec: PromqlSpec, step: Micros) -> Reader:
    texts = ((VALUE, spec.query), (ERRORS, spec.errors), (REQUESTS, spec.requests))
    queries = tuple((what, text) for what, text in texts if text is not None)
    if spec.query is None:
        return Counters(metric, queries, meter_of(step))
    return Value(metric, queries, spec.unit, meter_of(step) if spec.requests is not None else None)


def counters(metric: str, errors: str, requests: str, step: Micros) -> Reader:
    """Those of the command line. Raises OperatorError."""
    for option, text in (("--errors", errors), ("--requests", requests)):
        if not is_series(text):
            raise OperatorError(f"{option}: {not_series(text)}")
    return Counters(metric, ((ERRORS, errors), (REQUESTS, requests)), meter_of(step))


def exported(metric: str, database: str, step: Micros) -> Reader:
    """What postgres_exporter says of a database, under its own names."""
    name = f'datname="{database}"' if database else ""
    if metric == "connections":
        return Value(metric, ((VALUE, f"sum(pg_stat_activity_count{{{name}}})"),), "count")
    if metric == "query_latency":
        window = "5m" if step <= 60_000_000 else "15m"
        total, calls = (f"pg_stat_statements_{n}{{{name}}}" for n in ("seconds_total", "calls_total"))
        text = f"sum(rate({total}[{window}])) / sum(rate({calls}[{window}]))"
        return Value(metric, ((VALUE, text),), "s")
    raise LeftOut(f"it has no source: give a query for it with --metric '{metric}[:UNIT]=PROMQL'")


async def _page(metric: str, spec: PrometheusSpec, policy: Policy, at: Range) -> Reader:
    """The same selectors, of the server's series that the page's instances have where it knows them."""
    if spec.quantile is not None or spec.histogram is not None or spec.mean is not None:
        return await _times(metric, spec, policy, at)
    if spec.value is not None:
        own = _texts(selectors_of(spec.value), at.match)
        requests = _texts(selectors_of(spec.requests or ()), at.match)
        queries = ((VALUE, f"max({own[0]})"), *((REQUESTS, text) for text in requests))
        return Value(metric, queries, spec.unit or "count", meter_of(at.step) if requests else None)
    ways = rates_of(spec.preset, spec.requests, spec.errors, spec.urls[0])
    names = {s.name for way in ways for s in way.selectors}
    found, match = await _there(names, spec.urls, at)
    way = _counted(ways, found)
    queries = tuple(
        (what, text)
        for what, some in ((ERRORS, way.errors), (REQUESTS, way.requests))
        for text in _texts(some, match)
    )
    return Counters(metric, queries, meter_of(at.step))


async def _times(metric: str, spec: PrometheusSpec, policy: Policy, at: Range) -> Reader:
    name = spec.histogram or spec.mean or None
    ways = times_of(spec.preset, name, spec.unit, spec.urls[0])
    suffix = COUNT if spec.quantile is None else BUCKET
    found, match = await _there({way.ending(suffix).name for way in ways}, spec.urls, at)
    some = [way for way in ways if way.fit(found, suffix)] or ways
    way = timed_on(some, found, suffix)
    if way.base.name.startswith("*"):
        raise LeftOut(
            f"its name `{way.base.name}` begins with `*`: write it in full, or give a query with --metric"
        )
    conditions = _conditions(way.base, match)
    if spec.quantile is None:
        unit = unit_of_name(way.base.name) or spec.unit or "s"
        return mean(metric, way.base.name, conditions, unit, at.step)
    limits = limits_of(policy, metric)
    return quantile(metric, way.base.name, conditions, spec.quantile, way.scale, limits, at.step)


def _counted(ways: Sequence[Rate], found: Sequence[Line]) -> Rate:
    """The way that the server's series fit best. Raises OperatorError when they are of several libraries."""
    libraries = fits.counting(ways, found)
    if len({way.preset for way in ways}) > 1 and libraries:
        try:
            fits.refuse_several(libraries)
        except SourceError as e:
            raise OperatorError(f"error_rate: {e}") from e
        ways = [way for way in ways if way.preset == libraries[0].preset]
    return counted_on(ways, found)


async def _there(names: set[str], urls: Sequence[str], at: Range) -> tuple[list[Line], str]:
    """The server's series of these names, and the conditions by which they are the target's."""
    wanted = "|".join(re.escape(n).replace(r"\*", ".*") for n in sorted(names))
    text = f'{{__name__=~"{_quoted(wanted)}"{"," if at.match else ""}{at.match}}}'
    series = await look(at.server, text, at.begin, at.end)
    pages = {f"{urlsplit(url).hostname}:{urlsplit(url).port or _port(url)}" for url in urls}
    known = sorted(pages & {s.labels.get("instance", "") for s in series})
    if known:
        series = [s for s in series if s.labels.get("instance") in known]
    refuse_several_jobs(series, at.match)
    own = f'instance=~"{_quoted("|".join(map(re.escape, known)))}"' if known else ""
    lines = [Line(s.labels.get("__name__", ""), "", dict(s.labels), 1.0) for s in series]
    return lines, ",".join(text for text in (at.match, own) if text)


def refuse_several_jobs(series: Sequence[Series], match: str) -> None:
    """Raises OperatorError: a server has the series of many services, and only one is the target's."""
    said = (s.labels.get("job", "")[:60] for s in series)
    jobs = sorted({"".join(c if c.isprintable() else "?" for c in job) for job in said})
    if len(jobs) > 1 and "job" not in match:
        names = ", ".join(jobs[:5]) + (", …" if len(jobs) > 5 else "")
        raise OperatorError(
            f"the server has these series of several jobs ({names}): say which by --match 'job=\"{jobs[0]}\"'"
        )


def _port(url: str) -> int:
    return 443 if url.startswith("https") else 80


def _texts(selectors: Sequence[Selector], match: str) -> list[str]:
    """As PromQL; a name that begins with `*` by its end."""
    return [
        (
            f'{{__name__=~".*{re.escape(s.name[1:])}"{_inside(s, match, ",")}}}'
            if s.name.startswith("*")
            else f"{s.name}{_conditions(s, match)}"
        )
        for s in selectors
    ]


def _conditions(selector: Selector, match: str) -> str:
    return f"{{{_inside(selector, match)}}}"


def _inside(selector: Selector, match: str, before: str = "") -> str:
    parts = [
        f'{m.label}{m.operator}"{_quoted(_value(m.operator, m.pattern.pattern))}"' for m in selector.matchers
    ]
    text = ",".join([*parts, *([match] if match else [])])
    return before + text if text else ""


def _value(operator: str, pattern: str) -> str:
    """An exact value was escaped to be a pattern."""
    return pattern if operator.endswith("~") else _ESCAPE.sub(r"\1", pattern)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
