"""The HTTP connection, bounded: silent ones are cut, and there are never too many.

uvicorn's own `limit_concurrency` counts idle sockets and answers 503 to everyone, health checks
included; and a socket that never sends a request is never closed. Here the oldest idle one gives way.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS_MAX = 256
"""Open connections; scrapers, probes and people need a handful."""

REQUEST_DEADLINE = 10.0
"""Seconds for the head of a request to arrive: after connecting, and beyond the keep-alive time."""


class BoundedConnection(H11Protocol):
    """One connection of the server."""

    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._expect_request(REQUEST_DEADLINE)
        if len(self.connections) > CONNECTIONS_MAX:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._silence is not None:
            self._silence.cancel()
        super().connection_lost(exc)

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: Any = self.cycle
        return cycle is None or cycle.response_complete

    def abort(self) -> None:
        """Cuts it without a word."""
        self.connections.discard(self)
        self.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_request(self.timeout_keep_alive + REQUEST_DEADLINE)

    def _expect_request(self, seconds: float) -> None:
        """The next request must be under way by then: uvicorn's keep-alive timer stops at the first byte."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self.loop.call_later(seconds, self._cut_silent)

    def _cut_silent(self) -> None:
        if self.idle:
            self.abort()

    def _make_room(self) -> None:
        others = [c for c in self.connections if isinstance(c, BoundedConnection) and c is not self]
        victim = min((c for c in others if c.idle), key=lambda c: c.age_key, default=self)
        victim.abort()

    @property
    def age_key(self) -> float:
        """Smaller is older: when it must have sent its first request."""
        return self._silence.when() if self._silence is not None else 0.0
