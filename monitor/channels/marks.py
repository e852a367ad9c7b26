"""What became of messages, on its way to the store: kept while the store is away, bounded.

A mark that is lost costs a repeat with the same key, never a lost message.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from monitor.channels.line import Mark
from monitor.errors import DatabaseError
from monitor.ports import Outbox

MARKS_MAX = 10_000
"""Marks kept in memory while the store is away; the oldest go first."""

SETTLE_DEADLINE = 10.0
"""Seconds for one mark; the store has its own, shorter deadline, this one holds when it fails to."""


class Marks:
    """The latest mark of each message that the store has not confirmed; `stuck` while it is away."""

    def __init__(self, outbox: Outbox | None) -> None:
        self.stuck = False
        self._outbox = outbox
        self._waiting: OrderedDict[str, Mark] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, mark: Mark) -> None:
        if self._outbox is None:
            return
        self._waiting[mark.key] = mark
        self._waiting.move_to_end(mark.key)
        if len(self._waiting) > MARKS_MAX:
            self._waiting.popitem(last=False)

    async def write(self) -> bool:
        """Writes what waits, oldest first; False when the store did not take one (it stays)."""
        for mark in list(self._waiting.values()):
            self.stuck = not await self._written(mark)
            if self.stuck:
                return False
            if self._waiting.get(mark.key) is mark:
                del self._waiting[mark.key]
        return True

    async def _written(self, mark: Mark) -> bool:
        if self._outbox is None:
            return True
        try:
            async with asyncio.timeout(SETTLE_DEADLINE):
                await self._outbox.settle(
                    mark.key,
                    delivered=mark.delivered,
                    attempts=mark.attempts,
                    error=mark.error,
                    final=mark.final,
                    receipt=mark.receipt,
                )
        except (DatabaseError, TimeoutError, OSError):
            return False
        return True
