"""Where a statement outside a transaction stands, as the catalogue says: not done, done, or left half done.

A statement's own report is not enough: `IF NOT EXISTS` after a failed build reports success and keeps the
invalid index. Needs an open transaction or none; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.errors import Problem
from monitor.pg import PINNED, Connection
from monitor.plan import index_check
from monitor.plan.stored import Plan
from monitor.sql import action_shapes
from monitor.sql.scripts import Action, Statement
from monitor.statements.kind import Condition, Kind, Trait
from monitor.statements.registry import kind_of
from monitor.statements.standing import DONE, Found, Names, State

UNTOLD = (
    "and whether it is the index of the plan can't be determined: drop it first, or leave the statement out"
)


def _conditions(s: Statement) -> Iterator[tuple[Action, Kind, Condition]]:
    """Of each action that PostgreSQL runs outside a transaction only."""
    for a in s.actions:
        kind = kind_of(a)
        if kind.condition is None:
            raise LookupError(f"a plan holds {kind.statement}, whose post-condition is not known")
        yield a, kind, kind.condition


async def look(
    connection: Connection, plan: Plan, s: Statement, *, ran: bool = False, begun: bool = True
) -> Found:
    """`ran`: the server has just said that it ran the statement whole; `begun`: the rollback is under way.

    Pins an open transaction's path.
    """
    await connection.execute(PINNED)
    names = Names(plan.resolution, plan.quoted)
    for a, kind, condition in _conditions(s):
        found = await condition(connection, names, a)
        if kind.has(Trait.BUILDS_INDEX) and not (ran and not a.if_exists):
            found = await _confirmed(connection, plan, a, found, begun)
        if found.state is not State.DONE:
            if found.state is State.UNTOUCHED and ran and kind.has(Trait.AT_ITS_WORD):
                continue
            return found
    return DONE


async def in_the_way(connection: Connection, plan: Plan) -> list[Problem]:
    """What would stop a statement outside a transaction, and is there before the plan begins."""
    found = []
    for s in (s for s in plan.statements if not s.transactional):
        one = await look(connection, plan, s, begun=False)
        if one.blocks and not _made_room(plan, s):
            found.append(Problem("", one.what, s.line))
    return found


def _made_room(plan: Plan, s: Statement) -> bool:
    """An index of the same name is dropped by an earlier statement of the plan."""
    gone = plan.gone_after(s.step - 1)
    names = Names(plan.resolution, plan.quoted)
    return any(kind_of(a).has(Trait.BUILDS_INDEX) and names.beside(a) in gone for a in s.actions)


async def _confirmed(connection: Connection, plan: Plan, a: Action, found: Found, begun: bool) -> Found:
    """An index with expressions, a predicate, or operators of its own is the plan's only if the server says
    so; before the rollback is under way it is not asked, and nothing of that name may be there."""
    if found.state not in {State.DONE, State.LEFTOVER} or action_shapes.index(a.shape).is_plain:
        return found
    label = Names(plan.resolution, plan.quoted).beside(a)
    why = await index_check.unlike(connection, plan, a, label) if begun else UNTOLD
    return Found(State.FOREIGN, f"{label} exists {why}") if why else found
