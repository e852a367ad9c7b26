"""Tables of which the role would not see every row, so that it can't copy them away before they are dropped.

Row security of a table's owner is off unless it is forced; salvage refuses rather than copies a part.
Needs an open transaction; changes nothing.
"""

from __future__ import annotations

from monitor.errors import Problem
from monitor.pg import Connection
from monitor.rollback.stored import Plan

HIDDEN = """/* migration-monitor: does row security hide rows from the rollback role */
SELECT w.label FROM pg_catalog.unnest($1::text[]) AS w(label)
 WHERE pg_catalog.row_security_active(pg_catalog.to_regclass(w.label)::oid)"""


async def problems(connection: Connection, plan: Plan) -> list[Problem]:
    """One for each loss that could not be copied away whole."""
    labels = sorted({loss.label for loss in plan.salvaged})
    hidden = {r["label"] for r in await connection.fetch(HIDDEN, labels)} if labels else set()
    return [
        Problem(
            "",
            f"{loss.label} has FORCE ROW LEVEL SECURITY, which hides rows from the role of rollback_dsn, so "
            f"{loss.name} can't be salvaged: give the role BYPASSRLS, or use --data-loss quarantine",
            loss.line,
        )
        for loss in plan.salvaged
        if loss.label in hidden
    ]
