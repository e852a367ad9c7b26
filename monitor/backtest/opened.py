"""A Prometheus server's history of a target, opened: who is asked, for what, and what has to be left out."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit

from monitor.backtest.asked import LeftOut, Range, counters, promql, reader_of
from monitor.backtest.fetching import Fetched, look
from monitor.backtest.ranges import Series, Server
from monitor.backtest.readers import BUCKETS, VALUE, Counters, Reader
from monitor.core.samples import ERROR_RATE, HOUR, SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError
from monitor.libpq import given_by, parts_of
from monitor.net import Net
from monitor.settings import Settings
from monitor.sources.counters import ERRORS, REQUESTS
from monitor.sources.promql import PromqlSource, PromqlSpec
from monitor.sources.promql_rows import Row, lacking, unwritten
from monitor.sources.scale import UNITS
from monitor.units import DAY

STEP: Micros = 15 * SECOND
"""Between two reads, unless the policy's or the scrapes' interval is longer."""

SNAP: Micros = 5 * SECOND
"""Scrapes are so many seconds apart, or a multiple: an hour holds one more of them or less."""

_METRIC = re.compile(r"([a-z][a-z0-9_]{0,62})(?::([a-z]+))?=(.+)", re.DOTALL)
_ONE_SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{[^{}]*\})?|\{[^{}]*\}")
"""Of which a range can be taken."""

_HOLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says of the history. `metrics`: NAME[:UNIT]=PROMQL; `headers`: NAME: VALUE."""

    url: str | None
    days: float
    errors: str | None = None
    requests: str | None = None
    metrics: Sequence[str] = ()
    match: str = ""
    headers: Sequence[str] = ()
    step: Micros | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """`left_out`: metric -> why; `notes`: what else a person should know."""

    fetched: Fetched
    left_out: Mapping[str, str]
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def metrics(self) -> list[str]:
        return [reader.metric for reader in self.fetched.readers]


async def opened(
    net: Net, settings: Settings | None, target: str, policy: Policy, wanted: Wanted, now: Micros
) -> Opened:
    """Asks the server what it has. Raises OperatorError."""
    server = _server(net, settings, target, wanted)
    step = wanted.step or max(STEP, -(-policy.interval // SECOND) * SECOND)
    end = now // step * step - step
    at = Range(server, end - int(wanted.days * DAY), end, step, wanted.match)
    given = dict(_given(text, at.step) for text in wanted.metrics)
    if wanted.errors and wanted.requests:
        given[ERROR_RATE] = counters(ERROR_RATE, wanted.errors, wanted.requests, step)
    readers, left_out, notes = await _readers(settings, target, policy, at, given)
    if not wanted.step and (slower := await _scraped(readers, at)) > step:
        step = slower
        return await opened(net, settings, target, policy, replace(wanted, step=step), now)
    begin = -(-at.begin // step) * step
    return Opened(Fetched(server, readers, begin, end, step), left_out, notes)


def _server(net: Net, settings: Settings | None, target: str, wanted: Wanted) -> Server:
    """The address given, with the headers of the configuration's sources at the same origin."""
    sources = [] if settings is None else settings.targets[target].metrics.values()
    specs = [source.keys.spec() for source in sources if isinstance(source.keys, PromqlSource)]
    url = wanted.url or next((spec.urls[0] for spec in specs), None)
    if url is None:
        raise OperatorError("no Prometheus server is known: name it by --prometheus URL")
    same = next((spec for spec in specs if _origin(spec.urls[0]) == _origin(url)), None)
    headers = {**(same.headers if same else {}), **dict(_header(text) for text in wanted.headers)}
    return Server(url, net, headers, same.params if same else {})


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OperatorError("--prometheus is not a URL: write http://HOST[:PORT]") from None
    return parts.scheme, parts.hostname, port


def _header(text: str) -> tuple[str, str]:
    """`Authorization: Bearer ${TOKEN}`: what is in braces is read from the environment, away from `ps`."""
    name, colon, value = text.partition(":")
    absent = [n for n in _HOLE.findall(value) if n not in os.environ]
    if not colon or not name.strip():
        raise OperatorError("--header is written 'NAME: VALUE', as 'Authorization: Bearer ${TOKEN}'")
    if absent:
        raise OperatorError(f"--header: the environment has no variable {absent[0]}")
    return name.strip(), _HOLE.sub(lambda m: os.environ[m[1]], value).strip()


def _given(text: str, step: Micros) -> tuple[str, Reader]:
    """A metric of the command line. Raises OperatorError."""
    found = _METRIC.fullmatch(text)
    if found is None:
        raise OperatorError(f"--metric {text!r} is not written NAME[:UNIT]=PROMQL")
    name, unit, query = found.groups()
    if unit is None and name in TIMES:
        raise OperatorError(f"--metric {name}: it is a time: say in which unit, as {name}:s={query}")
    if unit is not None and unit not in UNITS:
        raise OperatorError(f"--metric {name}: {unit!r} is not a unit: write one of {', '.join(UNITS)}")
    return name, promql(name, PromqlSpec((), query=query, unit=unit or "count"), step)


TIMES = frozenset({"response_time", "query_latency"})


async def _readers(
    settings: Settings | None, target: str, policy: Policy, at: Range, given: Mapping[str, Reader]
) -> tuple[list[Reader], dict[str, str], list[str]]:
    readers: list[Reader] = []
    left_out: dict[str, str] = {}
    notes: list[str] = []
    for threshold in policy.thresholds:
        metric = threshold.metric
        try:
            reader = given.get(metric) or await _configured(settings, target, metric, policy, at)
            notes += await _present(reader, at)
        except LeftOut as e:
            if threshold.rollback_above is not None:
                other = " (or name its counters by --errors and --requests)" if metric == ERROR_RATE else ""
                raise OperatorError(f"{metric}, which may roll back, has no history: {e}{other}") from e
            left_out[metric] = str(e)
        else:
            readers.append(reader)
    if unknown := given.keys() - {t.metric for t in policy.thresholds}:
        names = ", ".join(policy.metrics)
        raise OperatorError(f"--metric {min(unknown)} has no threshold: the policy's metrics are {names}")
    return readers, left_out, notes


async def _configured(
    settings: Settings | None, target: str, metric: str, policy: Policy, at: Range
) -> Reader:
    """By the target's source. Raises LeftOut, OperatorError."""
    if settings is None:
        raise LeftOut(f"give a query for it with --metric '{metric}[:UNIT]=PROMQL'")
    found = settings.targets[target]
    return await reader_of(metric, found.metrics.get(metric), policy, at, _database(found.dsn))


def _database(dsn: str) -> str:
    """The name of the database; "" where the DSN leaves it to others."""
    try:
        return unquote(parts_of(dsn).path.strip("/")) or given_by(dsn).get("dbname", "")
    except (ValueError, LookupError):
        return ""


async def _present(reader: Reader, at: Range) -> list[str]:
    """Raises LeftOut where the server has nothing of it, OperatorError where no error could be counted."""
    series: dict[str, list[Series]] = {}
    for what, query in reader.queries:
        series.setdefault(what, []).extend(await look(at.server, query, at.begin, at.end))
    main = next(what for what in (REQUESTS, VALUE, BUCKETS) if what in series)
    if not series[main]:
        raise LeftOut(f"the server has no series of it in that time: {dict(reader.queries)[main]}")
    if not isinstance(reader, Counters) or series[ERRORS]:
        return []
    rows = [Row(s.labels, "0", 0.0) for s in series[REQUESTS]]
    texts = dict(reader.queries)
    lost = lacking(texts[ERRORS], texts[REQUESTS], rows)
    if lost:
        raise OperatorError(
            f"{reader.metric}: no series of the requests has the label {', '.join(lost)}: "
            "no error would ever be counted"
        )
    if why := unwritten(texts[ERRORS], rows):
        raise OperatorError(f"{reader.metric}: {why}")
    return [
        f"{reader.metric}: not one series of errors in all that time ({texts[ERRORS]}): "
        "is that how they are counted?"
    ]


async def _scraped(readers: Sequence[Reader], at: Range) -> Micros:
    """How far apart the server's own reads of the counters are; 0 where it does not say."""
    for reader in readers:
        text = dict(reader.queries).get(REQUESTS, "")
        if not _ONE_SERIES.fullmatch(text):
            continue
        found = await look(at.server, f"max(count_over_time({text}[1h]))", at.begin, at.end)
        most = max((v for s in found for v in s.values if v), default=0.0)
        if most >= 1:
            return round(HOUR / most / SNAP) * SNAP
    return 0
