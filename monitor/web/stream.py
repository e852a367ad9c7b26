"""News for whoever listens: a ring of recent events, and a cursor for each listener.

A listener that is slow or comes back (`Last-Event-ID`) is served from the ring; one that was away
for longer is told to ask again. Nothing is kept for a listener but its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator

from monitor.ports import Json

RING = 500
"""Events kept for listeners that come back: minutes of a busy daemon."""

KEEP_ALIVE_SECONDS = 5.0
"""A sign of life at least this often, so that proxies keep the connection and dead peers are noticed."""

ALIVE = "event: alive\ndata: {}\n\n"
"""Sent when there is no news for that long; without an id, nothing is missed with it."""

RETRY_MILLISECONDS = 3000
"""What a listener waits before it connects again."""

LISTENERS_MAX = 64
"""Open streams; more are told to come back later."""


class Stream:
    """`publish` never waits; `listen` yields text of the event stream format."""

    def __init__(self, keep_alive: float = KEEP_ALIVE_SECONDS) -> None:
        self._life = secrets.token_hex(4)  # ids of an earlier process must not be taken for ours
        self._ring: deque[tuple[int, str]] = deque(maxlen=RING)
        self._last = 0
        self._news = asyncio.Event()
        self._keep_alive = keep_alive
        self._closed = False
        self.listeners = 0

    def publish(self, event: str, data: Json) -> None:
        """An event for everyone; `event` is a constant word."""
        self._last += 1
        text = json.dumps(data, ensure_ascii=True, allow_nan=False)
        self._ring.append((self._last, f"id: {self._life}-{self._last}\nevent: {event}\ndata: {text}\n\n"))
        self._wake()

    def close(self) -> None:
        """Ends every listener."""
        self._closed = True
        self._wake()

    async def listen(self, last_event_id: str | None) -> AsyncIterator[str]:
        """Everything after `last_event_id` that is still known, then news as they come."""
        self.listeners += 1
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            place, missed = self._place(last_event_id)
            if missed:
                yield "event: reset\ndata: {}\n\n"
            while not self._closed:
                fresh = [(number, text) for number, text in self._ring if number > place]
                if fresh:
                    place = fresh[-1][0]
                    yield "".join(text for _, text in fresh)
                elif not await self._more():
                    yield ALIVE
        finally:
            self.listeners -= 1

    def _place(self, last_event_id: str | None) -> tuple[int, bool]:
        """Where to go on, and whether something was missed."""
        if not last_event_id:
            return self._last, False
        life, _, number = last_event_id.partition("-")
        if (
            life != self._life
            or not number.isascii()
            or not number.isdigit()
            or len(number) > 18
            or int(number) > self._last
        ):
            return self._last, True
        oldest = self._ring[0][0] if self._ring else self._last + 1
        return int(number), int(number) < oldest - 1

    async def _more(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._keep_alive):
                await self._news.wait()
                return True
        return False

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
