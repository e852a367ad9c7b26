"""Tables of which the role would not see every row: it can't copy them away, nor change or read them whole.

Row security of a table's owner is off unless it is forced. The rollback runs with `row_security = off`, so
that what would be done to a part of the rows fails instead; here it is known before.
Needs an open transaction; changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection

from monitor.errors import Problem
from monitor.pg import Connection
from monitor.plan.stored import Plan
from monitor.sql.scripts import Statement, key_of
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of

HIDDEN = """/* migration-monitor: does row security hide rows from the rollback role */
SELECT w.label FROM pg_catalog.unnest($1::text[]) AS w(label)
 WHERE pg_catalog.row_security_active(pg_catalog.to_regclass(w.label)::oid)"""


async def problems(connection: Connection, plan: Plan) -> list[Problem]:
    """All of them."""
    return [*await uncopied(connection, plan), *await filtered(connection, plan)]


async def uncopied(connection: Connection, plan: Plan) -> list[Problem]:
    """One for each loss that could not be copied away whole."""
    hidden = await _hidden(connection, {loss.label for loss in plan.salvaged})
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


async def filtered(connection: Connection, plan: Plan) -> list[Problem]:
    """One for each relation that a statement on rows would read or change in part only."""
    named = {
        s.step: _relations(plan, s)
        for s in plan.statements
        if any(kind_of(a).has(Trait.ROWS_HIDDEN) for a in s.actions)
    }
    hidden = await _hidden(connection, set().union(*named.values()))
    return [
        Problem(
            "",
            f"row security of {label} hides rows from the role of rollback_dsn, so {s.kind} would not do "
            "what it says: give the role BYPASSRLS",
            s.line,
        )
        for s in plan.statements
        for label in sorted(named.get(s.step, set()) & hidden)
    ]


def _relations(plan: Plan, s: Statement) -> set[str]:
    """By their names of now: an earlier statement may give a table the name that this one uses."""
    written = {*s.relations, *(a.relation for a in s.actions if a.relation)}
    found = {plan.resolution[key_of(name)] for name in written if key_of(name) in plan.resolution}
    for a in (a for e in plan.statements[: s.step - 1] for a in e.actions):
        if kind_of(a).has(Trait.RENAMES_RELATION):
            old = plan.resolution[key_of(a.relation or ())]
            found |= {old} if kind_of(a).new_label(a, old, plan.quoted) in found else set()
    return found


async def _hidden(connection: Connection, labels: Collection[str]) -> set[str]:
    return {r["label"] for r in await connection.fetch(HIDDEN, sorted(labels))} if labels else set()
