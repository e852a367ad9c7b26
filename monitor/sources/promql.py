"""The `promql` source: a number, or counters of errors and requests, from a Prometheus server's query API.

Counters are the series themselves, each compared with what it was; the labels `job` and `instance` say
which of them are one process. A partial answer is no data. Of several addresses (replicas with the same
data) the first that answers is taken. An empty result is no data, but for errors beside requests: there
it is none yet. NaN is what a ratio without traffic gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field

from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError, SourceError
from monitor.net import Net
from monitor.options import Fault, Text, Url
from monitor.ports import Finding, Gauge, Json, note, problem
from monitor.promql import is_series, name_of, not_series
from monitor.sources.configuration import COUNTERS, Headers, MeasuredKeys, Reach, sent
from monitor.sources.configuration import REQUESTS as OF_ALL
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page
from monitor.sources.endpoints import Pace, failed, instance_key, of_instance, refuse_before, refuse_old
from monitor.sources.given import given_ratio
from monitor.sources.one_metric import OneMetric
from monitor.sources.promql_fallback import GUARD, guard, hidden, refuse
from monitor.sources.promql_rows import (
    VALUE,
    Row,
    lacking,
    pages_of,
    rows_of,
    single,
    unwritten,
    without_process,
)
from monitor.sources.rate import error_rate
from monitor.sources.scale import factor, scaled
from monitor.sources.selectors import contradiction, selector
from monitor.sources.strict import number

WITHOUT_TRAFFIC = frozenset({"ratio", "percent", "s", "ms"})
"""Units of which NaN means that nobody asked; a count that is no number is a failure."""


class PromqlSource(MeasuredKeys):
    """A Prometheus server's query API; `query` is PromQL, `errors` and `requests` are series of counters."""

    value_key = "query"
    ways = (COUNTERS, ("query",))

    url: Url = Field(description="of the Prometheus server, without /api")
    headers: Headers = Field({}, description="sent with every request")
    params: dict[Text, Text] = Field(
        {}, description="further parameters of the query API, as partial_response or timeout"
    )
    errors: Text | None = Field(None, description="the series that count failed requests")
    requests: Text | None = Field(None, description=OF_ALL)
    query: Text | None = Field(None, description="PromQL that gives one number")

    def faults(self) -> Iterator[Fault]:
        found = [*super().faults()]
        for what, text in (("errors", self.errors), ("requests", self.requests)):
            if text is not None and not is_series(text):
                found.append(Fault(what, not_series(text), ()))
        if (why := _excluded(self.errors, self.requests)) and "errors" not in {f.key for f in found}:
            found.append(Fault("errors", why, ("errors",)))
        yield from found

    def spec(self) -> PromqlSpec:
        """In plain text: for the probe, never for a log."""
        return PromqlSpec(
            (self.url.get_secret_value(),), self.query, self.effective_unit or "count", self.errors,
            self.requests, sent(self.headers), self.params,
        )  # fmt: skip

    def open(self, metric: str, reach: Reach) -> PromqlProbe:
        return PromqlProbe(metric, self.spec(), reach.pace, reach.net)


@dataclass(frozen=True, slots=True)
class PromqlSpec:
    """`query` with its `unit` gives one number; `errors` and `requests` are series of counters.

    `params` are further ones of the query API, as partial_response or timeout.
    """

    urls: tuple[str, ...]
    query: str | None = None
    unit: str = "count"
    errors: str | None = None
    requests: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


def _excluded(errors: str | None, requests: str | None) -> str:
    """Why no request can be an error by these series; "" where one can, as far as can be told."""
    try:
        counted = [[selector(text)] if text else [] for text in (errors, requests)]
    except OperatorError:
        return ""  # more than a page's selectors can say
    return contradiction(*counted)


class PromqlProbe(OneMetric):
    """One metric from a Prometheus server."""

    def __init__(self, metric: str, spec: PromqlSpec, pace: Pace, net: Net) -> None:
        factor(spec.unit)
        # errors first: of what is scraped between the two queries only the requests are seen, not the reverse
        texts = {VALUE: spec.query, ERRORS: spec.errors, REQUESTS: spec.requests}
        self._queries = {what: text for what, text in texts.items() if text is not None}
        if set(self._queries) not in ({VALUE}, {VALUE, REQUESTS}, {REQUESTS, ERRORS}):
            raise OperatorError("a promql source needs `query`, or `errors` and `requests`")
        self._guard = guard(spec.query or "")
        for what, text in self._queries.items():
            if what != VALUE and not is_series(text):
                raise OperatorError(f"{what}: {not_series(text)}")
        self._metric = metric
        self._spec = spec
        self._pace = pace
        self._net = net
        self._meter = Meter(pace.rates)
        self._answered = ""

    async def read(self, now: Micros) -> Sequence[Reading]:
        reason = "no_value"
        for url in self._spec.urls:
            try:
                found = await self._ask(url, now)
                return [self._rate(url, found, now) if REQUESTS in found else self._value(found[VALUE])]
            except SourceError as e:
                reason = e.reason
        return failed(self._metric, reason)

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def begin_afresh(self) -> None:
        self._meter.begin_afresh()

    def memory(self) -> Json:
        return {**self._meter.memory(), "answered": self._answered}

    def restore(self, memory: Json) -> None:
        self._meter.restore(memory)
        self._answered = str(memory.get("answered", ""))

    async def check(self) -> Sequence[Finding]:
        """What is to be said of servers and queries."""
        wrong: list[Finding] = []
        for number_, url in enumerate(self._spec.urls, 1):
            try:
                found = await self._ask(url, None)
                told = await self._hidden(url) or self._doubts(found)
            except SourceError as e:
                told = [problem(str(e))]
            wrong += [of_instance(number_, found_) for found_ in told]
        return wrong

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    async def _hidden(self, url: str) -> list[Finding]:
        """Names and labels that the server has not, and that the query's fallback hides."""
        for question, missing in hidden(self._queries.get(VALUE, "")):
            address = query_address(url, {**self._spec.params, "query": question})
            response = await self._net.get(address, deadline=self._pace.each, headers=self._spec.headers)
            if not rows_of(response, VALUE):
                text = f"{missing}: the query gives 0 for that, by `or vector(...)`, whatever happens"
                return [problem(text)]
        return []

    def _value(self, rows: Sequence[Row]) -> Reading:
        value = single(rows)
        if isnan(value) and self._spec.unit in WITHOUT_TRAFFIC:
            return Reading(self._metric, reason="insufficient_traffic", quiet=True)
        return Reading(self._metric, scaled(number(value, VALUE), self._spec.unit))

    def _rate(self, url: str, found: Mapping[str, Sequence[Row]], now: Micros) -> Reading:
        pages = pages_of({what: rows for what, rows in found.items() if what != VALUE})
        if self._answered not in {"", instance_key(url)}:
            self._meter.forget_pages()  # another server scraped at other moments
        self._answered = instance_key(url)
        if VALUE in found:
            return self._ratio(found[VALUE], pages, now)
        self._refuse_unlabelled(found)
        return error_rate(self._metric, self._meter, now, pages, whole=True)

    def _ratio(self, rows: Sequence[Row], pages: Mapping[str, Page], now: Micros) -> Reading:
        """A ratio that the server gives, with the requests that stand behind it."""
        given = self._value(rows)
        if not isinstance(given.value, float):
            return given
        return given_ratio(self._metric, given.value, self._meter, now, pages, whole=True)

    def _doubts(self, found: Mapping[str, Sequence[Row]]) -> list[Finding]:
        if VALUE in found and REQUESTS not in found:
            return self._doubt_of_value(found[VALUE])
        if not found[REQUESTS]:
            return [problem(f"{REQUESTS}: the server has no such series: try it in its own page")]
        pages_of({what: rows for what, rows in found.items() if what != VALUE})
        if VALUE in found:
            return self._doubt_of_value(found[VALUE])
        self._refuse_unlabelled(found)
        apart = [what for what, rows in found.items() if without_process(rows)]
        told = [self._recorded(what, self._queries[what]) for what in apart]
        if not found[ERRORS]:
            text = "no series is an error yet: 0 errors until there is one; check that one would be"
            told.append(note(text))
        return told

    def _doubt_of_value(self, rows: Sequence[Row]) -> list[Finding]:
        reading = self._value(rows)
        if not reading.quiet:
            return []
        return [note("the query gives NaN, as a ratio does without traffic: quiet until there is some")]

    def _refuse_unlabelled(self, found: Mapping[str, Sequence[Row]]) -> None:
        """Where the label of the errors is called otherwise, 0 errors would be for ever."""
        lost = lacking(self._queries[ERRORS], self._queries[REQUESTS], found[REQUESTS])
        if lost and found[REQUESTS] and not found[ERRORS]:
            text = f"no series of the requests has the label {', '.join(lost)}"
            raise SourceError("no_error_label", f"{text}: no error would ever be counted")
        if not found[ERRORS] and (why := unwritten(self._queries[ERRORS], found[REQUESTS])):
            raise SourceError("no_error_value", why)

    def _recorded(self, what: str, text: str) -> Finding:
        if ":" in name_of(text):
            return problem(f"{what}: {not_series(text)}")
        told = "have no label `instance`: if they are sums of several processes, name what they are made of"
        return note(f"{what}: the series {told}")

    async def _ask(self, url: str, now: Micros | None) -> dict[str, Sequence[Row]]:
        """Rows of each query; in a watch (`now`) also whether there is anything behind a fallback."""
        queries = {**({GUARD: self._guard} if self._guard and now is not None else {}), **self._queries}
        share = self._pace.each / len(queries) / len(self._spec.urls)
        found: dict[str, Sequence[Row]] = {}
        for what, query in queries.items():
            address = query_address(url, {**self._spec.params, "query": query})
            response = await self._net.get(address, deadline=share, headers=self._spec.headers)
            if now is not None:
                refuse_old(response, now, self._pace.max_gap)
            found[what] = rows_of(response, what)
            for row in found[what]:
                refuse_before(row.at, now, self._pace.max_gap) if now is not None else None
        if GUARD in found:
            refuse(found.pop(GUARD))
        return found


def query_address(url: str, params: Mapping[str, str]) -> str:
    """The query API of a server's address, which may name it already, or have a query of its own."""
    parts = urlsplit(url)
    path = parts.path if parts.path.endswith("/api/v1/query") else f"{parts.path.rstrip('/')}/api/v1/query"
    own = [(key, value) for key, value in parse_qsl(parts.query, True) if key not in params]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode([*own, *params.items()]), ""))
