"""Reads the instances of one source at the same time, and says which of them answered with what.

An answer older than `max_gap` by its Age or Date is not an answer. This file does not know what
the bodies mean.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import structlog

from monitor.clock import utc_now
from monitor.core.samples import SECOND, Micros, Reading
from monitor.errors import SourceError
from monitor.net import Net, Response, Sink, Whole
from monitor.ports import Finding, Gauge, problem
from monitor.sources.counters import Rates

log = structlog.get_logger(__name__)

T = TypeVar("T")

REQUEST_SHARE = 0.9
"""Of a read's deadline; the read is cancelled as a whole when that is over."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a source is read: `deadline` in seconds, all else in microseconds."""

    deadline: float = 4.0
    max_gap: Micros = 30 * SECOND
    rates: Rates = field(default_factory=Rates)
    limits: tuple[float, ...] = ()  # of the metric, in the unit of its samples

    @property
    def each(self) -> float:
        """Seconds for one request: shorter than the read, so that one silent instance leaves the others."""
        return REQUEST_SHARE * self.deadline


LEAVING = {"connection": "close"}
"""Sent with a read after which the next one meets whom a balancer chooses, not the one of before."""

STALE_REMEDY = (
    ": it is no data until it is fresher than `watch.max_gap`; ask its source, not a cache, and see that the "
    "clocks of both machines are right"
)


AWAY = frozenset({"refused", "unreachable", "dns", "tls", "timeout", "dropped", "protocol"})
"""Reasons that are about who is asked, not about what was answered."""


@dataclass(frozen=True, slots=True)
class Answers(Generic[T]):
    """What each instance said, by its key, and why the others said nothing."""

    pages: Mapping[str, T]
    failures: Mapping[str, str]

    @property
    def reason(self) -> str:
        """Why there is no sample: "" when at least half answered."""
        if 2 * len(self.pages) >= len(self.pages) + len(self.failures) and self.pages:
            return ""
        alike = len({*self.failures.values()}) == 1 and not self.pages
        return next(iter(self.failures.values())) if alike else "instances_missing"


class Endpoints:
    """The addresses of one source."""

    def __init__(
        self, metric: str, urls: Sequence[str], headers: Mapping[str, str], pace: Pace, net: Net,
        into: Callable[[], Sink] = Whole,
    ) -> None:  # fmt: skip
        self._metric = metric
        self._urls = {instance_key(url): url for url in urls}
        self._headers = dict(headers)
        self._pace = pace
        self._net = net
        self._into = into
        self._missing: set[str] = set()
        self._answering = 0

    async def read(
        self, now: Micros, parse: Callable[[str, Response], T], new_connection: bool = False
    ) -> Answers[T]:
        """Asks every instance; `parse` takes (url, response) and may raise SourceError."""
        keys = list(self._urls)
        reads = (self._one(now, self._urls[key], parse, new_connection) for key in keys)
        found = await asyncio.gather(*reads)
        pages = {
            key: page for key, page in zip(keys, found, strict=True) if not isinstance(page, SourceError)
        }
        failures = {key: e.reason for key, e in zip(keys, found, strict=True) if isinstance(e, SourceError)}
        self._note(failures)
        self._answering = len(pages)
        return Answers(pages, failures)

    def gauges(self, distrusted: int = 0) -> Sequence[Gauge]:
        """How many instances there are and how many answered the last read, as one process."""
        return instances_of(self._metric, len(self._urls), max(self._answering - distrusted, 0))

    async def problems(
        self,
        parse: Callable[[str, Response, Micros], Sequence[Finding]],
        into: Callable[[], Sink] | None = None,
    ) -> list[Finding]:
        """For `check`: what each instance does wrong; instances are numbered, since URLs may hold secrets."""
        found: list[Finding] = []
        for number, url in enumerate(self._urls.values(), 1):
            now = utc_now()
            try:
                response = await self._get(url, into=into)
                refuse_old(response.ok(), now, self._pace.max_gap)
                found += [of_instance(number, told) for told in parse(url, response, now)]
            except SourceError as e:
                found.append(of_instance(number, problem(_told(url, e))))
        return found

    async def in_a_row(self, parse: Callable[[str, Response], T], times: int) -> list[list[T]]:
        """For `check`: what each instance says, read again and again on new connections.

        Until a read fails, or one read's deadline is over in all.
        """
        return list(await asyncio.gather(*(self._again(url, parse, times) for url in self._urls.values())))

    async def _again(self, url: str, parse: Callable[[str, Response], T], times: int) -> list[T]:
        said: list[T] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + self._pace.deadline
        while len(said) < times and loop.time() < until:
            found = await self._one(utc_now(), url, parse, new_connection=True)
            if isinstance(found, SourceError):
                break
            said.append(found)
        return said

    async def _one(
        self, now: Micros, url: str, parse: Callable[[str, Response], T], new_connection: bool
    ) -> T | SourceError:
        try:
            response = await self._get(url, new_connection)
            refuse_old(response.ok(), now, self._pace.max_gap)
            return parse(url, response)
        except SourceError as e:
            return e

    async def _get(
        self, url: str, new_connection: bool = False, into: Callable[[], Sink] | None = None
    ) -> Response:
        headers = {**self._headers, **LEAVING} if new_connection else self._headers
        return await self._net.get(url, deadline=self._pace.each, headers=headers, into=into or self._into)

    def _note(self, failures: Mapping[str, str]) -> None:
        """Instances are numbered in the order of the configuration, as `check` does."""
        for number, key in enumerate(self._urls, 1):
            if key in failures and key not in self._missing:
                reason = failures[key]
                log.warning("probe.instance_missing", metric=self._metric, instance=number, reason=reason)
            elif key in self._missing and key not in failures:
                log.info("probe.instance_back", metric=self._metric, instance=number)
        self._missing = set(failures)


def _told(url: str, e: SourceError) -> str:
    """A failure for `check`: with the host and port that do not answer, or where a redirect leads."""
    if e.reason == "stale":
        return f"{e}{STALE_REMEDY}"
    if e.target:
        return f"{e}, {e.target}"
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{port}: {e}" if e.reason in AWAY else str(e)


def instances_of(metric: str, known: int, answering: int) -> tuple[Gauge, Gauge]:
    """How many instances a metric has, and how many of them gave something at the last read."""
    labels = (("metric", metric),)
    return Gauge("probe_instances", known, labels), Gauge("probe_instances_answering", answering, labels)


def of_instance(number: int, found: Finding) -> Finding:
    """A finding with the instance it is of; a note stays one."""
    return replace(found, text=f"instance {number}: {found.text}")


def instance_key(url: str) -> str:
    """A short name of an address that can be stored: addresses may hold credentials."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def refuse_old(response: Response, now: Micros, max_gap: Micros) -> None:
    """Raises SourceError `stale` for an answer that says itself that it is older than `max_gap`."""
    age = response.headers.get("age", "").strip()
    if age.isdecimal() and len(age) < 12 and int(age) * SECOND > max_gap:
        raise SourceError("stale", f"the answer was cached {age} s ago")
    refuse_before(_date(response.headers.get("date", "")), now, max_gap)


def refuse_before(seconds: float | None, now: Micros, max_gap: Micros) -> None:
    """The same for a moment in epoch seconds; None says nothing."""
    if seconds is not None and now - seconds * SECOND > max_gap:
        raise SourceError("stale", f"the answer is over {max_gap / SECOND:g} s old by its own time")


def failed(metric: str, reason: str) -> list[Reading]:
    """The one reading of a read that failed."""
    return [Reading(metric, reason=reason)]


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
