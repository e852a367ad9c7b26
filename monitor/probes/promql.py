"""The `promql` source: a number, or counters of errors and requests, from a Prometheus server's query API.

Of several addresses (replicas with the same data) the first that answers is taken.
An empty result is no data, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError, SourceError
from monitor.net import Net, Response
from monitor.ports import Gauge, Json
from monitor.probes.counters import ERRORS, REQUESTS, Meter, Page
from monitor.probes.endpoints import Pace, failed, instance_key, of_instance, refuse_before, refuse_old
from monitor.probes.rate import error_rate
from monitor.probes.scale import factor, scaled
from monitor.probes.strict import document, number


@dataclass(frozen=True, slots=True)
class PromqlSpec:
    """`query` with its `unit`, or `errors` and `requests`: each PromQL that gives one number."""

    urls: tuple[str, ...]
    query: str | None = None
    unit: str = "count"
    errors: str | None = None
    requests: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class PromqlProbe:
    """One metric from a Prometheus server."""

    def __init__(self, metric: str, spec: PromqlSpec, pace: Pace, net: Net) -> None:
        factor(spec.unit)
        texts = {"value": spec.query, REQUESTS: spec.requests, ERRORS: spec.errors}
        self._queries = {what: text for what, text in texts.items() if text is not None}
        if set(self._queries) not in ({"value"}, {REQUESTS, ERRORS}):
            raise OperatorError("a promql source needs `query`, or `errors` and `requests`")
        self._metric = metric
        self._spec = spec
        self._pace = pace
        self._net = net
        self._meter = Meter(pace.rates)

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)

    async def read(self, now: Micros) -> Sequence[Reading]:
        reason = "no_value"
        for url in self._spec.urls:
            try:
                found = await self._ask(url, now)
            except SourceError as e:
                reason = e.reason
                continue
            if "value" in found:
                return [Reading(self._metric, scaled(found["value"], self._spec.unit))]
            page = Page({group: {"": value} for group, value in found.items()}, instance_key(url))
            return [error_rate(self._metric, self._meter, now, {"": page})]
        return failed(self._metric, reason)

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def begin_afresh(self) -> None:
        self._meter.begin_afresh()

    def memory(self) -> Json:
        return self._meter.memory()

    def restore(self, memory: Json) -> None:
        self._meter.restore(memory)

    async def check(self) -> Sequence[str]:
        """What is wrong with servers and queries, in sentences."""
        wrong: list[str] = []
        for number_, url in enumerate(self._spec.urls, 1):
            try:
                await self._ask(url, None)
            except SourceError as e:
                wrong.append(of_instance(number_, str(e)))
        return wrong

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    async def _ask(self, url: str, now: Micros | None) -> dict[str, float]:
        share = self._pace.each / len(self._queries) / len(self._spec.urls)
        found: dict[str, float] = {}
        for what, query in self._queries.items():
            address = f"{query_address(url)}?{urlencode({'query': query})}"
            response = await self._net.get(address, deadline=share, headers=self._spec.headers)
            if now is not None:
                refuse_old(response, now, self._pace.max_gap)
            at, found[what] = result_of(response, what)
            refuse_before(at, now, self._pace.max_gap) if now is not None else None
        return found


def query_address(url: str) -> str:
    """The query API of a server's address; an address that already names it stays."""
    return url if url.endswith("/api/v1/query") else f"{url.rstrip('/')}/api/v1/query"


def result_of(response: Response, what: str) -> tuple[float, float]:
    """(epoch seconds, value) of the single result. Raises SourceError."""
    if response.status in {400, 422}:
        raise SourceError("bad_query", f"{what}: the server refuses the query: try it in its own page")
    found: Any = document(response.ok().body)
    try:
        kind, result = found["data"]["resultType"], found["data"]["result"]
        rows = [result] if kind == "scalar" else [row["value"] for row in result]
        pairs = [(float(at), str(value)) for at, value in rows]
    except (KeyError, TypeError, ValueError) as e:
        raise SourceError("wrong_shape", "the answer is not that of a Prometheus query") from e
    if len(pairs) != 1:
        if not pairs:
            raise SourceError("no_series", f"{what}: the query gives nothing: try it in the server's page")
        text = f"{what}: the query gives {len(pairs)} series instead of 1: use sum() or max()"
        raise SourceError("not_one_value", text)
    at, text = pairs[0]
    return at, number(_float(text), what)


def _float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text
