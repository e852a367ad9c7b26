"""The `http_check` source: requests of our own. Their failures, or the time they take, are the measurement.

Only what the application did is measured: it answers (5xx is an error), refuses, resets, or is connected
and does not answer in time. What fails on our side (`faults.OURS`: the resolver, the route, descriptors,
TLS as it is set up here) is no request at all, nor is a redirect, which any proxy gives for an application
that is dead; where fewer than half were made, there is no data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import Field

from monitor.core.samples import Micros, Reading
from monitor.errors import SourceError
from monitor.faults import OURS
from monitor.net import Net, Response
from monitor.ports import Finding, Gauge, Json, note, problem
from monitor.sources.configuration import HttpKeys, Reach, sent
from monitor.sources.counters import ERRORS, REQUESTS, Meter, Page
from monitor.sources.endpoints import Pace, failed, instances_of, of_instance
from monitor.sources.rate import error_rate
from monitor.units import Kind

REDIRECT = "redirect"

NOT_THERE = frozenset({404, 405, 410})
"""Statuses that say that nothing of the application is asked: a path or a method that it does not have."""

ANSWERED = frozenset({"too_large", "encoding"})
"""What Net refuses to hand on, although the application did answer."""


class HttpCheckSource(HttpKeys):
    """Synthetic requests: their errors (no answer, 5xx) or the time they take."""

    measure: Literal["errors", "time"] = Field("errors", description="what is measured: errors or time")
    method: Literal["GET", "HEAD"] = Field("GET", description="the request")

    @property
    def counted(self) -> bool:
        return self.measure == "errors"

    @property
    def measures(self) -> Kind | None:
        return Kind.RATIO if self.measure == "errors" else Kind.TIME

    def open(self, metric: str, reach: Reach) -> HttpCheckProbe:
        spec = HttpCheckSpec(self.addresses, self.measure, self.method, sent(self.headers))
        return HttpCheckProbe(metric, spec, reach.pace, reach.net)


@dataclass(frozen=True, slots=True)
class HttpCheckSpec:
    """`measure`: `errors` or `time`; `method`: GET or HEAD. Any status below 500 is no error."""

    urls: tuple[str, ...]
    measure: str = "errors"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = Response | SourceError


class HttpCheckProbe:
    """One metric from our own requests: their error rate, or their slowest time in milliseconds."""

    def __init__(self, metric: str, spec: HttpCheckSpec, pace: Pace, net: Net) -> None:
        self._metric = metric
        self._spec = spec
        self._pace = pace
        self._net = net
        self._meter = Meter(pace.rates)
        self._requests, self._errors = 0, 0
        self._fresh = True
        self._measured = 0

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)

    async def read(self, now: Micros) -> Sequence[Reading]:
        answers = await asyncio.gather(*(self._one(url) for url in self._spec.urls))
        made = [answer for answer in answers if not _ours(answer)]
        self._measured = len(made)
        if not made or 2 * len(made) < len(answers):
            return failed(self._metric, _reason(next(answer for answer in answers if _ours(answer))))
        if self._spec.measure == "time":
            return [self._slowest(made)]
        if self._fresh:  # our own counters have a known beginning: there is no baseline to read
            self._meter.take(now - self._pace.rates.interval, {"": self._page()})
            self._fresh = False
        self._requests += len(made)
        self._errors += sum(not _good(answer) for answer in made)
        return [error_rate(self._metric, self._meter, now, {"": self._page()})]

    def gauges(self) -> Sequence[Gauge]:
        """How many addresses there are, and at how many a request of ours could be made."""
        return instances_of(self._metric, len(self._spec.urls), self._measured)

    def begin_afresh(self) -> None:
        self._meter.begin_afresh()

    def memory(self) -> Json:
        return {"meter": self._meter.memory(), "requests": self._requests, "errors": self._errors}

    def restore(self, memory: Json) -> None:
        requests, errors, meter = memory.get("requests"), memory.get("errors"), memory.get("meter")
        if isinstance(requests, int) and isinstance(errors, int) and isinstance(meter, Mapping):
            self._requests, self._errors = requests, errors
            self._meter.restore(meter)
            self._fresh = False

    async def check(self) -> Sequence[Finding]:
        """What is wrong with the addresses."""
        answers = await asyncio.gather(*(self._one(url) for url in self._spec.urls))
        return [of_instance(n, found) for n, answer in enumerate(answers, 1) if (found := _doubt(answer))]

    async def aclose(self) -> None:
        """Nothing of its own: the connections are the Net's."""

    def _slowest(self, answers: Sequence[Answer]) -> Reading:
        times = [answer.elapsed for answer in answers if isinstance(answer, Response)]
        if not times or 2 * len(times) < len(self._spec.urls):
            return Reading(self._metric, reason=next(filter(None, map(_reason, answers))))
        return Reading(self._metric, max(times) * 1000)

    def _page(self) -> Page:
        return Page({REQUESTS: {"": float(self._requests)}, ERRORS: {"": float(self._errors)}})

    async def _one(self, url: str) -> Answer:
        ask = self._net.head if self._spec.method == "HEAD" else self._net.get
        try:
            return await ask(url, deadline=self._pace.each, headers=self._spec.headers)
        except SourceError as e:
            return e


def _doubt(answer: Answer) -> Finding | None:
    """What `check` says of an answer; None when it is what one would wish."""
    told = f"status {answer.status}" if isinstance(answer, Response) else answer.reason
    if isinstance(answer, SourceError) and answer.reason == REDIRECT:
        where = answer.target and f", {answer.target}"
        return problem(f"{answer}{where}; a redirect says nothing of the application")
    if _reason(answer) in OURS:
        return problem(f"{told}: {OURS[told]}; that is no data, since it says nothing of the application")
    if not _good(answer):
        return problem(f"{told}: every such request counts as an error")
    if isinstance(answer, Response) and not 200 <= answer.status < 300:
        remedy = "name an address that answers 200 when all is well"
        if answer.status in NOT_THERE:
            return problem(f"{told} counts as no error, whatever becomes of the application: {remedy}")
        return note(f"{told} counts as no error: {remedy}")
    return None


def _reason(answer: Answer) -> str:
    """Why there is no answer; "" where there is one."""
    return answer.reason if isinstance(answer, SourceError) else ""


def _ours(answer: Answer) -> bool:
    """Whether nothing is known of the application: no request could be made, or somebody redirects it."""
    return _reason(answer) in {*OURS, REDIRECT}


def _good(answer: Answer) -> bool:
    return answer.status < 500 if isinstance(answer, Response) else answer.reason in ANSWERED
