"""Forgets what is old, a bounded batch at a time, so that no statement runs long.

Samples, alerts that were delivered or given up, comparisons of the database, rehearsals and events go;
what a rollback did, who asked for what, and how a watch began and ended stay.
"""

from __future__ import annotations

from monitor import pg
from monitor.core.samples import Micros

BATCH = 5000
"""Rows of one statement: some tens of milliseconds."""

KEPT = (
    "registered", "control", "intent", "intent_followed", "intent_withdrawn", "rollback_group", "bookkeeping",
    "rollback_effect", "ended", "restored", "kept_dropped",
)  # fmt: skip
"""Kinds of events that are the record of a watch."""

_OLD = """/* migration-monitor */
DELETE FROM migration_monitor.{table}
 WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM migration_monitor.{table} WHERE target = $1 AND at < $2{only} LIMIT $3))
"""

_OLD_COMPARISONS = """/* migration-monitor */
DELETE FROM migration_monitor.comparison
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM migration_monitor.comparison
                          WHERE updated_at < $2 AND $1::text IS NOT NULL LIMIT $3))
"""
"""Of any target: an open watch writes its own anew all the time."""

_OLD_REHEARSALS = """/* migration-monitor */
DELETE FROM migration_monitor.rehearsal
 WHERE ctid = ANY (ARRAY(
       SELECT r.ctid FROM migration_monitor.rehearsal r
        WHERE r.target = $1 AND r.at < $2
          AND NOT EXISTS (SELECT FROM migration_monitor.watch w
                           WHERE w.target = r.target AND w.verdict IS NULL
                             AND r.plan_sha256 IN (w.plan_sha256, w.plan ->> 'given_sha256')) LIMIT $3))
"""
"""Not that of an open watch, however long ago it was rehearsed."""

BESIDE_THE_WATCHES: tuple[str, ...] = (_OLD_COMPARISONS, _OLD_REHEARSALS)
"""What is always in the target's database."""

HISTORY: tuple[str, ...] = (
    _OLD.format(table="sample", only=""),
    _OLD.format(table="alert", only=" AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL)"),
    _OLD.format(table="event", only=f" AND kind NOT IN ({', '.join(map(pg.quote_literal, KEPT))})"),
)
"""What `store.dsn` may move elsewhere."""


async def forget_batch(
    connection: pg.Connection, statement: str, target: str, older_than: Micros, batch: int = BATCH
) -> int:
    """Runs one of these statements: deletes at most `batch` rows before `older_than`; returns how many."""
    tag = await connection.execute(statement, target, older_than, batch)
    return int(tag.rsplit(" ", 1)[-1])
