"""Rehearsals beside the plans they are of: written by people's command, read with the watch.

The caller opens the transaction. This file does not judge what a rehearsal says.
"""

from __future__ import annotations

from monitor import pg
from monitor.core.samples import Micros
from monitor.ports import Rehearsal, RehearsalOutcome
from monitor.store.locks import CHANNEL
from monitor.store.session import sentence

SAVE = """/* migration-monitor */
INSERT INTO migration_monitor.rehearsal (target, plan_sha256, outcome, said, detail, before, after)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (target, plan_sha256) DO UPDATE
   SET at = clock_timestamp(), outcome = excluded.outcome, said = excluded.said, detail = excluded.detail,
       before = excluded.before, after = excluded.after
RETURNING at
"""

READ = """/* migration-monitor */
SELECT plan_sha256, at, outcome, said, detail, before, after FROM migration_monitor.rehearsal
 WHERE target = $1 AND plan_sha256 = $2
"""

NOTIFY = "/* migration-monitor */ SELECT pg_catalog.pg_notify($1, $2)"

SUMMARY = """(SELECT pg_catalog.jsonb_build_object(
                'at', extract(epoch FROM r.at)::float8, 'outcome', r.outcome, 'said', r.said)
          FROM migration_monitor.rehearsal r
         WHERE r.target = w.target AND r.plan_sha256 IN (w.plan_sha256, w.plan ->> 'given_sha256')
         ORDER BY r.at DESC LIMIT 1) AS rehearsal"""
"""Of the plan of a watch `w`, as it was given or as it was rewritten; small, for it is read at every poll."""


async def save_rehearsal(connection: pg.Connection, target: str, rehearsal: Rehearsal) -> Micros:
    """In place of an earlier one of the same text; wakes the daemon. Returns the database's time."""
    at: Micros = await connection.fetchval(
        SAVE, target, rehearsal.plan_sha256, rehearsal.outcome.value, sentence(connection, rehearsal.said),
        rehearsal.detail, rehearsal.before, rehearsal.after,
    )  # fmt: skip
    await connection.execute(NOTIFY, CHANNEL, target)
    return at


async def rehearsal_of(connection: pg.Connection, target: str, plan_sha256: str) -> Rehearsal | None:
    row = await connection.fetchrow(READ, target, plan_sha256)
    if row is None:
        return None
    return Rehearsal(
        row["plan_sha256"], RehearsalOutcome(row["outcome"]), row["said"], row["detail"], row["before"],
        row["after"], row["at"],
    )  # fmt: skip
