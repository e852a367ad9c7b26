"""The customers: a steady stream of requests against the shop, and what they got.

Bounded: a fixed rate, a fixed number of connections, loopback only, and it ends by itself.
Every request is due at its own moment, so that slow answers do not thin the stream out.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field

from monitor.demo.wire import Client

RATE = 120.0
"""Requests a second: enough for 500 in the error rate's window within 5 s, little for two cores."""

CONNECTIONS = 8
LONGEST_SECONDS = 120.0
"""It ends after this, whatever happens to whoever started it."""

RECENT_SECONDS = 2.0
"""How far back `error_rate` looks: what a customer meets now."""

MIX = ("products", "contacts", "products", "add", "products", "contacts", "products", "products")
"""One turn of pages: three of eight need the column `email`."""


@dataclass(slots=True)
class Load:
    """Requests at RATE against the shop on `port`; `pause` is the load balancer taking it out of traffic."""

    port: int
    rate: float = RATE
    requests: int = 0
    errors: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _recent: deque[tuple[float, bool]] = field(default_factory=deque)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: int = 0

    def __post_init__(self) -> None:
        self._open.set()
        self._idle.set()

    async def run(self) -> None:
        """Sends until cancelled, at most LONGEST_SECONDS."""
        pages = itertools.cycle(MIX)
        start = time.monotonic() + 0.1
        async with asyncio.TaskGroup() as group:
            for n in range(CONNECTIONS):
                group.create_task(self._customer(start + n / self.rate, pages), name=f"customer-{n}")

    def pause(self) -> None:
        """No new requests from here on."""
        self._open.clear()

    def resume(self) -> None:
        """Traffic is back."""
        self._open.set()

    async def idle(self) -> None:
        """Returns when no request is on its way (after `pause`)."""
        await self._idle.wait()

    def error_rate(self) -> float | None:
        """Share of failed requests in the last seconds, 0-1; None without requests."""
        self._forget()
        failed = sum(not ok for _, ok in self._recent)
        return failed / len(self._recent) if self._recent else None

    def per_second(self) -> float:
        """Answers a second in the last seconds."""
        self._forget()
        return len(self._recent) / RECENT_SECONDS

    async def _customer(self, due: float, pages: itertools.cycle[str]) -> None:
        client = Client(self.port)
        end = due + LONGEST_SECONDS
        try:
            while due < end:
                await asyncio.sleep(due - time.monotonic())
                if not self._open.is_set():
                    await self._open.wait()
                    due = time.monotonic()
                await self._visit(client, next(pages))
                due = max(due + CONNECTIONS / self.rate, time.monotonic() - 1)  # behind by 1 s at most
        finally:
            await client.aclose()

    async def _visit(self, client: Client, page: str) -> None:
        self._busy += 1
        self._idle.clear()
        try:
            status, _ = await client.request(*request_for(page, self.requests))
            ok = status < 500
        except OSError:
            ok = False
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()
        self.requests += 1
        self.errors += not ok
        self._recent.append((time.monotonic(), ok))
        self._forget()

    def _forget(self) -> None:
        while self._recent and self._recent[0][0] < time.monotonic() - RECENT_SECONDS:
            self._recent.popleft()


def request_for(page: str, number: int) -> tuple[str, str, bytes]:
    """Method, path and body of one page."""
    if page == "add":
        contact = {"name": f"Customer {number}", "email": f"customer{number}@example.org"}
        return "POST", "/contacts", json.dumps(contact).encode()
    return "GET", f"/{page}", b""
