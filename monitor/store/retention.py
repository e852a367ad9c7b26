"""Forgets old samples, a bounded batch at a time, so that no statement runs long."""

from __future__ import annotations

from monitor import pg
from monitor.core.samples import Micros

BATCH = 5000
"""Rows of one statement: some tens of milliseconds."""

FORGET = """/* migration-monitor */
DELETE FROM migration_monitor.sample
 WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM migration_monitor.sample WHERE target = $1 AND at < $2 LIMIT $3))
"""


async def forget_batch(connection: pg.Connection, target: str, older_than: Micros, batch: int = BATCH) -> int:
    """Deletes at most `batch` samples before `older_than`; returns how many."""
    tag = await connection.execute(FORGET, target, older_than, batch)
    return int(tag.rsplit(" ", 1)[-1])
