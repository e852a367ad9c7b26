"""Reading a schema that others change at the same time.

The server describes an object by looks into the catalogue of its own, later than the query's snapshot: one
that somebody drops meanwhile is an error of the server (`cache lookup failed`), not of the schema.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection
from monitor.schema.writing import ENTER, LEAVE

T = TypeVar("T")

TRIES = 8
"""Under DDL without a pause about every third read of a whole schema fails."""

DROPPED_MEANWHILE = frozenset({"XX000", "42P01", "42703", "42883", "42704"})

MOVED = "40001"
"""Of two looks at what should be the same."""


async def steadily(
    connection: Connection, what: str, work: Callable[[], Awaitable[T]], behind: str = "SELECT"
) -> T:
    """What `work` reads, by ENTER's settings; again, when an object went while it was described.

    Needs an open transaction and leaves it as it was, locks included; then the statement `behind` it is
    executed, in the same round trip. Raises DatabaseError, whose text begins with `what`.
    """
    for left in reversed(range(TRIES)):
        async with pg.translated(what):
            await connection.execute(ENTER)
            try:
                async with pg.translated(what):
                    found = await work()
            except DatabaseUnreachable:
                raise
            except DatabaseError as e:
                await connection.execute(LEAVE)
                if e.sqlstate not in DROPPED_MEANWHILE | {MOVED} or not left:
                    raise
            else:
                await connection.execute(f"{LEAVE}; {behind}")
                return found
    raise AssertionError
