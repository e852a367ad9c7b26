"""The `json` source: a value, or counters of errors and requests, out of a JSON document by JMESPath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it has no stubs
import jmespath.exceptions  # type: ignore[import-untyped]
from pydantic import Field

from monitor.clock import utc_now
from monitor.core.samples import Micros, Reading
from monitor.errors import OperatorError, SourceError
from monitor.net import Net, Response
from monitor.options import Fault, Text
from monitor.ports import Finding, Gauge, Json, problem
from monitor.sources.configuration import REQUESTS as OF_ALL
from monitor.sources.configuration import HttpKeys, MeasuredKeys, Reach, sent
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page
from monitor.sources.endpoints import Endpoints, Pace, failed, refuse_before
from monitor.sources.given import given_ratio
from monitor.sources.one_metric import OneMetric
from monitor.sources.rate import error_rate
from monitor.sources.scale import factor, scaled
from monitor.sources.shared import Shared, shared
from monitor.sources.strict import document, moment, number

PLAIN_PATH = re.compile(r"[A-Za-z_][\w.]*")


class JsonSource(HttpKeys, MeasuredKeys):
    """A JSON document; `value`, `errors`, `requests` and `timestamp` are JMESPath expressions."""

    errors: Text | None = Field(None, description="where the counter of failed requests is")
    requests: Text | None = Field(None, description=OF_ALL)
    value: Text | None = Field(None, description="JMESPath of the value")
    timestamp: Text | None = Field(
        None, description="JMESPath of the document's own time (epoch seconds or RFC 3339)"
    )

    def named(self) -> str:
        """The last key of a plain path."""
        return (self.value or "").rpartition(".")[2] if PLAIN_PATH.fullmatch(self.value or "") else ""

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for name in ("value", "errors", "requests", "timestamp"):
            text = getattr(self, name)
            if text is not None and not _is_jmespath(text):
                yield Fault(name, f"`{text}` is not a JMESPath expression: see https://jmespath.org", ())

    def open(self, metric: str, reach: Reach) -> JsonProbe:
        spec = JsonSpec(
            self.addresses, self.value, self.effective_unit or "count", self.errors, self.requests,
            self.timestamp, sent(self.headers),
        )  # fmt: skip
        return JsonProbe(metric, spec, reach.pace, reach.net)


@dataclass(frozen=True, slots=True)
class JsonSpec:
    """Expressions are JMESPath: `value` with its `unit`, or `errors` and `requests`.

    `requests` beside a value, which is a ratio then, are its counts.
    """

    urls: tuple[str, ...]
    value: str | None = None
    unit: str = "count"
    errors: str | None = None
    requests: str | None = None
    timestamp: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class JsonProbe(OneMetric):
    """One metric from JSON documents; of several instances counters are summed, values their maximum."""

    def __init__(self, metric: str, spec: JsonSpec, pace: Pace, net: Net) -> None:
        factor(spec.unit)
        self._metric = metric
        self._spec = spec
        self._pace = pace
        self._meter = Meter(pace.rates)
        self._endpoints = Endpoints(metric, spec.urls, spec.headers, pace, net)
        self._shared = Shared(metric, spec.urls)
        texts = {
            "value": spec.value,
            "errors": spec.errors,
            "requests": spec.requests,
            "timestamp": spec.timestamp,
        }
        self._find = {what: compiled(what, text) for what, text in texts.items() if text is not None}

    async def read(self, now: Micros) -> Sequence[Reading]:
        if "value" in self._find and REQUESTS in self._find:
            return await self._read_ratio(now)
        if "value" in self._find:
            values = await self._endpoints.read(now, lambda _, response: self._value(response, now))
            top = max(values.pages.values(), default=0.0)
            return failed(self._metric, values.reason) if values.reason else [Reading(self._metric, top)]
        pages = await self._endpoints.read(
            now, lambda _, response: self._page(response, now), self._meter.wants_new_connection
        )
        if pages.reason:
            return failed(self._metric, pages.reason)
        reading = error_rate(self._metric, self._meter, now, pages.pages)
        self._shared.note(self._meter.several)
        return [reading]

    async def _read_ratio(self, now: Micros) -> Sequence[Reading]:
        """Of several instances the highest ratio, with the requests of all."""
        found = await self._endpoints.read(
            now, lambda _, response: self._ratio(response, now), self._meter.wants_new_connection
        )
        if found.reason:
            return failed(self._metric, found.reason)
        ratio = max(value for value, _ in found.pages.values())
        pages = {key: page for key, (_, page) in found.pages.items()}
        reading = given_ratio(self._metric, ratio, self._meter, now, pages)
        self._shared.note(self._meter.several)
        return [reading]

    def gauges(self) -> Sequence[Gauge]:
        return self._endpoints.gauges(len(self._meter.several))

    def begin_afresh(self) -> None:
        self._meter.begin_afresh()

    def memory(self) -> Json:
        return self._meter.memory()

    def restore(self, memory: Json) -> None:
        self._meter.restore(memory)

    async def check(self) -> Sequence[Finding]:
        """What is wrong with the endpoints."""
        wrong = await self._endpoints.problems(lambda _, response, now: self._wrong(response, now))
        if "value" in self._find:
            return wrong
        return wrong + await shared(self._endpoints, lambda _, response: self._page(response, utc_now()))

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    def _wrong(self, response: Response, now: Micros) -> Sequence[Finding]:
        found = document(response.body)
        wrong: list[Finding] = []
        for what in self._find:
            try:
                self._take(what, found)
            except SourceError as e:
                wrong.append(problem(f"{e}: check the expression of `{what}` against the document"))
        if not wrong:
            self._fresh(response, now)
        return wrong

    def _value(self, response: Response, now: Micros) -> float:
        return scaled(self._take("value", self._fresh(response, now)), self._spec.unit)

    def _ratio(self, response: Response, now: Micros) -> tuple[float, Page]:
        counts = {"": self._take(REQUESTS, self._fresh(response, now))}
        return self._value(response, now), Page({REQUESTS: counts})

    def _page(self, response: Response, now: Micros) -> Page:
        found = self._fresh(response, now)
        return Page({group: {"": self._take(group, found)} for group in (REQUESTS, ERRORS)})

    def _fresh(self, response: Response, now: Micros) -> object:
        found = document(response.body)
        if "timestamp" in self._find:
            refuse_before(self._take("timestamp", found), now, self._pace.max_gap)
        return found

    def _take(self, what: str, found: object) -> float:
        try:
            result = self._find[what].search(found)
        except (jmespath.exceptions.JMESPathError, ArithmeticError, ValueError, TypeError) as e:
            raise SourceError("no_value", f"{what}: the expression does not apply to the document") from e
        return moment(result) if what == "timestamp" else number(result, what)


def _is_jmespath(text: str) -> bool:
    try:
        jmespath.compile(text)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


def compiled(what: str, text: str) -> Any:
    """A compiled JMESPath. Raises OperatorError."""
    try:
        return jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as e:
        raise OperatorError(f"{what}: {text!r} is not a JMESPath expression") from e
