"""What a try will ask under its locks, asked before them: on a slow network a question's first time costs two
round trips, one of them for the server to read it.

Nothing is held meanwhile, and what is answered decides nothing. This file changes nothing.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection
from monitor.plan import bookkeeping
from monitor.rollback import verifying
from monitor.rollback.checks import Stop, check_schema
from monitor.rollback.group import Try, undo
from monitor.rollback.held import answer
from monitor.salvage import keeping

LOOK = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL lock_timeout = '500ms'; "
    "SET LOCAL statement_timeout = '4s'"
)

LOOKING = 45.0
"""Seconds for a look at everything, before the intent or before the locks; nothing is held meanwhile."""


@dataclass(slots=True)
class Acquaintance:
    """Of one rollback: the session and the group that were asked about last."""

    connection: Connection | None = None
    group: int = 0

    async def make(self, t: Try) -> None:
        """Once for each session and group. Raises DatabaseUnreachable."""
        if (self.connection, self.group) == (t.connection, t.group.number):
            return
        self.connection, self.group = t.connection, t.group.number
        try:
            await answer(t.connection, _look(t), "looking before the locks", LOOKING)
        except DatabaseUnreachable:
            raise
        except DatabaseError:  # the try itself finds it again, and knows what it means
            return


async def _look(t: Try) -> None:
    await t.connection.execute(LOOK)
    try:
        with contextlib.suppress(Stop):
            await _ask(t)
    finally:
        await undo(t.connection)


async def _ask(t: Try) -> None:
    if t.plan.bookkeeping is not None:
        await bookkeeping.read(t.connection, t.plan.bookkeeping)
    if t.group.last:
        await verifying.verify(t.connection, t.plan, None)
    if t.group.statements:
        now = await check_schema(t.connection, t.plan, t.group.start)
        kept = await keeping.prepare(t.connection, t.order.watch.id, t.plan, t.group, now, "")
        await kept.counted(t.connection)
