"""How fast this server copies, measured once at registration instead of assumed.

A few thousand rows of what would be salvaged are copied to a temporary table that is rolled back, within
50 ms, waiting for no lock. Too few rows, no right or no time mean: not measured. Never at a check.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection, quote_identifier
from monitor.plan.forecast.schema_after import Destroyed
from monitor.schema.relation import Fingerprint

ROWS = 10_000
"""Enough to be measured, few enough for 50 ms on most disks."""

MOST = 3
"""Tables measured for one plan: 150 ms at most."""

SETTINGS = (
    "SET LOCAL lock_timeout = '20ms'; SET LOCAL statement_timeout = '50ms'; SET LOCAL row_security = off; "
    "SET LOCAL synchronous_commit = off"
)

PROBE = "pg_temp.migration_monitor_probe"

LOGGED = 2.0
"""A temporary table writes no log; the copy writes as many bytes again."""


async def measure(
    connection: Connection, losses: Sequence[Destroyed], fingerprint: Fingerprint
) -> dict[str, float]:
    """Rows per second by the loss's name, where it could be measured. Needs no open transaction."""
    found = {}
    for loss in losses[:MOST]:
        entry = fingerprint.relation(loss.label)
        if entry and entry.kind == "table" and isinstance(entry.primary_key, list):
            keys = [k for k in entry.primary_key if k != loss.column]
            wanted = [*keys, loss.column] if loss.column and keys else []
            if rate := await _one(connection, loss.label, wanted):
                found[loss.name] = rate
    return found


async def _one(connection: Connection, label: str, wanted: Sequence[str]) -> float:
    what = ", ".join(quote_identifier(c) for c in wanted) or "*"
    transaction = connection.transaction(readonly=False)
    try:
        async with pg.translated("measuring how fast the server copies"):
            await transaction.start()
            try:
                await connection.execute(SETTINGS)
                began = time.monotonic()
                tag = await connection.execute(
                    f"{pg.MARK} CREATE TEMPORARY TABLE {PROBE} AS SELECT {what} FROM {label} LIMIT {ROWS}"
                )
                took = time.monotonic() - began
            finally:
                if not connection.is_closed():
                    await transaction.rollback()
    except DatabaseUnreachable:
        raise
    except DatabaseError:
        return 0.0
    rows = int(tag.rsplit(" ", 1)[-1])
    return rows / (took * LOGGED) if rows == ROWS else 0.0
