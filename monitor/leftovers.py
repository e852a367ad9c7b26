"""What nobody waits for any more: exceptions that asyncio would report when they are thrown away.

A connection that is given up half way leaves a future behind; `Watched` looks at it, so that asyncio has
nothing to say. What still reaches the loop is one event, at most once a minute, with how often: never a line
each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger()

QUIET = 60.0
"""Seconds between two lines; 2,275 lines in 15 minutes were once the whole log."""


class Watched:
    """The running loop, for asyncpg: the same in all but the protocols it makes.

    asyncpg asks a server for TLS by a protocol whose future `on_data` nobody has yet while the connection is
    made. Given up in that moment, the connection's end becomes an exception that nobody looks at.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, factory: Callable[[], asyncio.BaseProtocol], *args: Any, **more: Any
    ) -> Any:
        def watched() -> asyncio.BaseProtocol:
            protocol = factory()
            waiting = getattr(protocol, "on_data", None)
            if isinstance(waiting, asyncio.Future):
                waiting.add_done_callback(_looked_at)
            return protocol

        return await self._loop.create_connection(watched, *args, **more)


def _looked_at(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


class Leftovers:
    """The loop's exception handler: counts, and tells of it now and again."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: seconds that only rise."""
        self._now = now
        self._told: float | None = None
        self._since = 0

    def __call__(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Never raises; texts of exceptions are not told, they may hold anything."""
        self._since += 1
        now = self._now()
        if self._told is not None and now - self._told < QUIET:
            return
        error = context.get("exception")
        log.warning(
            "loop.leftover",
            said=str(context.get("message", "")).partition("\n")[0][:200],
            count=self._since,
            exc_info=error if isinstance(error, BaseException) else None,
        )
        self._told, self._since = now, 0
