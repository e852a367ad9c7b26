"""The application's pages as the daemon's probe asks for them, and what sources do that they should not.

The probe, its counters and its distrust are the real ones; only the network is played (`AskedNet`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from monitor.errors import SourceError
from monitor.net import Net, Response, Sink, Whole
from monitor.tls import Identity
from tests.simulation.traffic import Traffic
from tests.simulation.world import Fault

ANSWERS_IN = 0.02
"""Seconds."""

BOOTED = 1_790_000_000
"""When processes say they began, in epoch seconds, before the seconds of the world."""

NO_TLS = Identity()
"""Read once: nothing here is encrypted."""

Body = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class Counted:
    """What one process has counted since it began; `born`: which second of the world that was."""

    good: float
    bad: float
    born: float


def as_json(page: Counted) -> bytes:
    return json.dumps({"requests": page.good + page.bad, "errors": page.bad}).encode()


def as_prometheus(page: Counted) -> bytes:
    return (
        "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n"
        f'http_requests_total{{status="200"}} {page.good}\nhttp_requests_total{{status="500"}} {page.bad}\n'
        f"process_start_time_seconds {BOOTED + page.born}\n"
    ).encode()


WRITTEN: Mapping[str, Callable[[Counted], bytes]] = {"json": as_json, "prometheus": as_prometheus}

LIES: tuple[Callable[[Counted, float, Callable[[Counted], bytes]], Body], ...] = (
    lambda page, second, write: (200, {}, write(Counted(page.bad, page.good + page.bad, page.born))),
    lambda page, second, write: (200, {}, write(Counted(page.good * (second % 2), page.bad, page.born))),
    lambda page, second, write: (200, {}, write(Counted(page.good, float("nan"), page.born))),
    lambda page, second, write: (200, {}, write(Counted(-page.good, page.bad, page.born))),
    lambda page, second, write: (200, {}, b"<html>It works!</html>"),
    lambda page, second, write: (200, {}, b'{"requests": true, "errors": "many"}'),
    lambda page, second, write: (503, {}, b"no backend"),
    lambda page, second, write: (200, {}, b""),
    lambda page, second, write: (200, {}, b"\xff\xfe" + write(page)),
    lambda page, second, write: (200, {}, write(Counted(float("inf"), page.bad, page.born))),
)
"""What a page may say that is not so; each takes the true one."""


@dataclass(slots=True)
class Process:
    """One process of the application; it counts its share of everything from when it was started."""

    share: int
    of: int
    born: float = 0.0
    before: tuple[int, int] = (0, 0)  # what its share had counted when it began

    def restart(self, second: float, counted: tuple[int, int]) -> None:
        self.born, self.before = second, self._own(counted)

    def page(self, counted: tuple[int, int]) -> Counted:
        good, bad = self._own(counted)
        return Counted(good - self.before[0], bad - self.before[1], self.born)

    def _own(self, counted: tuple[int, int]) -> tuple[int, int]:
        """Requests go to the processes in turn, whether they go well or fail."""
        good, bad = ((c + self.of - 1 - self.share) // self.of for c in counted)
        return good, bad


STILL = {"frozen", "cached"}
"""Pages that stay as they are: one that does not say so, and one that says how old it is."""


@dataclass(slots=True)
class Application:
    """Its processes, and which of the faults of sources are so now."""

    traffic: Traffic
    source: str
    processes: list[Process]
    cured_at: float | None = None
    faults: list[Fault] = field(default_factory=list)
    _frozen: dict[int, tuple[int, int]] = field(default_factory=dict)
    answered_at: float = 0.0
    _asked: int = 0

    def counted(self, second: float) -> tuple[int, int]:
        return self.traffic.counted(second, self.cured_at)

    def restart(self, second: float, number: int | None = None) -> None:
        """All processes (a deployment), or one."""
        for process in self.processes if number is None else self.processes[number : number + 1]:
            process.restart(second, self.counted(second))

    def freeze(self, second: float) -> None:
        """From now on the pages that are asked for say what they say now, while the fault lasts."""
        self._frozen = {n: self.counted(second) for n in range(len(self.processes))}

    def answer(self, number: int, second: float) -> Body:
        """What instance `number` answers. Raises SourceError where nothing comes, TimeoutError for never."""
        self._asked += 1
        kinds = {fault.kind: fault for fault in self.faults}
        if "hangs" in kinds:
            raise TimeoutError
        if "refuses" in kinds or (number == 0 and "replica_away" in kinds):
            raise SourceError("refused", "the connection was refused")
        self.answered_at = second
        write = WRITTEN[self.source]
        counted = self._frozen[number] if kinds.keys() & STILL else self.counted(second)
        page = self.processes[number].page(counted)
        if "shared" in kinds and self._asked % 2:
            page = _another(page, kinds["shared"].how)
        if "lies" in kinds:
            return LIES[kinds["lies"].how % len(LIES)](page, second, write)
        return 200, {"age": "86000"} if "cached" in kinds else {}, write(page)


def _another(page: Counted, how: int) -> Counted:
    """The page of another process behind the same address, with another past."""
    good, bad = page.good * 0.6 + 1000 + how, page.bad * 0.9 + 40
    return Counted(int(good), int(bad), page.born + 17)


class AskedNet(Net):
    """Answers for the application, within the deadline of the question."""

    def __init__(self, application: Application) -> None:
        super().__init__(tls=NO_TLS)
        self._application = application

    async def get(
        self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None,
        into: Callable[[], Sink] = Whole,
    ) -> Response:  # fmt: skip
        number = int((urlsplit(url).hostname or "").rpartition("-")[2])
        await asyncio.sleep(ANSWERS_IN)
        try:
            status, said, body = self._application.answer(number, asyncio.get_running_loop().time())
        except TimeoutError:
            await asyncio.sleep(deadline)
            raise SourceError("timeout", "no answer in time") from None
        sink = into()
        sink.take(body)
        return Response(status, said, sink.body(), ANSWERS_IN)


def address_of(number: int) -> str:
    return f"http://app-{number}/metrics"
