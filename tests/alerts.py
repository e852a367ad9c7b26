"""Alerts, a receiver on loopback, and the stand-ins that tests of channels share."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.errors import DatabaseUnreachable
from monitor.net import Net
from monitor.ports import Alert, AlertRow, Severity

SECOND = 1_000_000
NOON = 1_767_268_800 * SECOND  # 2026-01-01 12:00 UTC

FIRING = Alert(
    transition="error_rate.rollback/firing/1767268800000000",
    condition="w-1/error_rate.rollback",
    target="shop",
    migration="0042_rename_email",
    watch_id="w-1",
    at=NOON,
    severity=Severity.CRITICAL,
    title="error rate 5.2 % is above 1 % for 5 minutes: rolling back",
    facts=(("since", "11:55:00 UTC"), ("error rate", "5.2 %, limit 1 %")),
    next="the stored rollback runs now",
    commands=("migration-monitor pause 0042_rename_email --reason TEXT",),
)
RESOLVED = replace(
    FIRING, transition="error_rate.rollback/cleared/1767269100000000", title="rolled back", resolves=True
)


def row(
    number: int, channel: str = "chat", *, at: int = NOON, condition: str = "", page: bool = True
) -> AlertRow:
    """The numbered message of a channel, of a condition of its own unless one is given."""
    alert = replace(FIRING, condition=condition or f"condition-{number}", at=at, page=page)
    return AlertRow(f"w-1/{number}/{channel}", channel, alert)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the receiver saw it."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


HANG = -1
"""An answer that never comes."""


@dataclass(slots=True)
class Receiver:
    """A real HTTP receiver: `answers` are the statuses to come (then 200), each with further headers."""

    answers: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    got: list[Received] = field(default_factory=list)
    port: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader)) is not None:
                self.got.append(request)
                self.arrived.set()
                status, headers = self.answers.pop(0) if self.answers else (200, {})
                if status == HANG:
                    await reader.read()
                    return
                extra = "".join(f"{k}: {v}\r\n" for k, v in headers.items())
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 2\r\n{extra}\r\nok".encode())
                await writer.drain()
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(head[0].split()[1], headers, body)


@asynccontextmanager
async def receiver(*answers: tuple[int, Mapping[str, str]]) -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    found = Receiver(list(answers))
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(found.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class NetPost:
    """The port `Post` over the real HTTP client, as the composition root wires it."""

    def __init__(self, net: Net) -> None:
        self._net = net

    async def __call__(
        self, url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = await self._net.post(url, content=content, headers=headers, deadline=deadline)
        return answer.status, answer.headers, answer.body


class CountingTelemetry:
    """Sums what is counted, by name and labels."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, ...]] = Counter()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counted[name, *labels.values()] += int(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        self.counted[name, *labels.values()] += 1


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self, at: int = NOON) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


class MemoryOutbox:
    """The outbox's rows in memory, with a switch for the store being away."""

    def __init__(self, rows: Sequence[AlertRow] = ()) -> None:
        self.open: dict[str, AlertRow] = {r.key: r for r in rows}
        self.delivered: list[str] = []
        self.given_up: list[str] = []
        self.away = False
        self.receipts: dict[tuple[str, str], str] = {}
        self.looked: list[str] = []

    async def undelivered(self) -> Sequence[AlertRow]:
        self._reach()
        return list(self.open.values())

    async def receipt(self, channel: str, thread: str) -> str:
        self._reach()
        self.looked.append(thread)
        return self.receipts.get((channel, thread), "")

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        self._reach()
        if receipt and key in self.open:
            row = self.open[key]
            self.receipts[row.channel, row.alert.thread] = receipt
        if key in self.open:
            self.open[key] = replace(self.open[key], attempts=attempts)
        if delivered or final:
            self.open.pop(key, None)
            (self.delivered if delivered else self.given_up).append(key)

    def _reach(self) -> None:
        if self.away:
            raise DatabaseUnreachable("the store is away")


async def until(fact: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for a fact about something real; fails by TimeoutError when it does not become true."""
    async with asyncio.timeout(seconds):
        while not fact():
            await asyncio.sleep(0.005)
