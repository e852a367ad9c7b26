"""What channels need to continue a thread: kept in memory, and with the rows of the outbox in the store.

What is not known (the store is away, the row is forgotten) begins a new message: nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from monitor.errors import DatabaseError
from monitor.ports import AlertRow, Outbox

THREADS_MAX = 1000
"""Threads remembered in memory; the store knows the others."""

LOOK_DEADLINE = 3.0
"""Seconds for asking the store: a message is not held up for the sake of its place."""


class Threads:
    """The latest receipt of each channel and thread."""

    def __init__(self, outbox: Outbox | None) -> None:
        self._outbox = outbox
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def earlier(self, row: AlertRow) -> str:
        """What the channel returned for an earlier message of this thread; "" if nothing is known."""
        known = self._known.get((row.channel, row.alert.thread))
        return await self._stored(row) if known is None else known

    def note(self, row: AlertRow, receipt: str) -> None:
        """Remembers what was returned; an empty one says nothing new."""
        if receipt:
            self._known[row.channel, row.alert.thread] = receipt
            self._known.move_to_end((row.channel, row.alert.thread))
        if len(self._known) > THREADS_MAX:
            self._known.popitem(last=False)

    async def _stored(self, row: AlertRow) -> str:
        if self._outbox is None:
            return ""
        try:
            async with asyncio.timeout(LOOK_DEADLINE):
                return await self._outbox.receipt(row.channel, row.alert.thread)
        except (DatabaseError, TimeoutError, OSError):
            return ""
