"""After the last statement, in the rollback's transaction: is the schema what it must be?

With a fingerprint from before the migration it must equal that, else what the plan says. What is read here is
what COMMIT makes true. Nothing here may keep a rollback from taking effect: a lock that somebody holds on an
unrelated view only keeps it from being verified. This file decides no verdict.
"""

from __future__ import annotations

from typing import Any

from monitor import pg
from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.plan import remade
from monitor.plan.stored import Plan
from monitor.schema import fingerprint, whole
from monitor.schema.before import Before, changed_between
from monitor.schema.compare import differences
from monitor.schema.relation import Fingerprint, Other
from monitor.schema.steady import DROPPED_MEANWHILE, MOVED
from monitor.schema.whole import NO_ROOM, Objects
from monitor.sql.classes import Class

VIEW_WAIT = "SET LOCAL lock_timeout = '100ms'"
"""Describing a view waits for whoever alters a table under it; far below deadlock_timeout, and told."""

NOT_READ = (
    "the schema could not be compared with the one from before the migration: somebody holds a lock on it, "
    "changes it all the time, or the server has no room for more locks"
)

NOT_READ_AGAIN = (
    "what the plan drops and makes again could not be compared with what it was: somebody holds a lock on "
    "the schema, changes it all the time, or the server has no room for more locks"
)

UNREADABLE = frozenset({"55P03", NO_ROOM, MOVED}) | DROPPED_MEANWHILE
"""What others do to it may keep a schema from being compared, never a rollback from taking effect."""


async def look(connection: Connection, plan: Plan) -> Objects | None:
    """The whole schema before the first statement, of a plan that may change more than it names.

    None: not needed, or not to be had; then every difference counts as the plan's.
    """
    if plan.before is None or not plan.reaches_further or len(plan.groups) > 1:
        return None
    return await _whole(connection)


async def verify(connection: Connection, plan: Plan, earlier: Objects | None) -> dict[str, Any]:
    """`verified`: before, plan or ""; `differences` that speak against it; `elsewhere`, which do not."""
    if (before := plan.before) is not None:
        return await _against_before(connection, plan, before, earlier)
    async with pg.translated("checking the post-condition"):
        now = await fingerprint.read(connection, plan.labels, plan.others, plan.search_path, plan.below)
    differences = [str(d) for d in plan.undone(now)] + [
        f"line {s.line}: an opaque statement's effect can't be checked"
        for s in plan.statements
        if s.klass is Class.OPAQUE
    ]
    differences += await _taken_along(connection, plan)
    return {"verified": "" if differences else "plan", "against": "plan", "differences": differences}


async def _taken_along(connection: Connection, plan: Plan) -> list[str]:
    """What a DROP took along and no CREATE of the plan's brought back."""
    if not plan.remade:
        return []
    now = await _whole(connection)
    return [NOT_READ_AGAIN] if now is None else remade.lost(plan.remade, now, plan.statements)


async def _against_before(
    connection: Connection, plan: Plan, before: Before, earlier: Objects | None
) -> dict[str, Any]:
    now = await _whole(connection)
    if now is None:
        return {"verified": "", "against": "before", "differences": [NOT_READ]}
    others = await _others(connection, plan)
    made = {e.label for e in others.values() if e}
    strict = plan.named | made | _changed_by(plan, before, earlier, now)
    found = before.compare(now, strict, plan.aside)
    left = _left(plan, others)
    return {
        "verified": "before" if found.same and not left else "",
        "against": "before",
        "differences": [*found.differences, *left],
        "elsewhere": list(found.elsewhere),
    }


async def _others(connection: Connection, plan: Plan) -> dict[str, Other | None]:
    """Functions, types and their like as they are now: before the plan nobody could say their labels."""
    async with pg.translated("checking the post-condition"):
        found = await fingerprint.read(connection, [], plan.others, plan.search_path)
    return found.others


BY_WORD = ("publication ", "operator ")
"""Sorts of objects of which the plan's word counts too: an older stored fingerprint lacks them."""


def _left(plan: Plan, others: dict[str, Other | None]) -> list[str]:
    """How these differ from what the plan says."""
    expected = {k: e for k, e in plan.forecast().others.items() if k.startswith(BY_WORD)}
    found = differences(Fingerprint({}, expected), Fingerprint({}, others))
    return [str(d) for d in found]


def _changed_by(plan: Plan, before: Before, earlier: Objects | None, now: Objects) -> set[str]:
    """What the plan changed beyond what it names; everything, when that was not seen."""
    if not plan.reaches_further:
        return set()
    if earlier is not None:
        return set(changed_between(earlier, now))
    return now.keys() | (before.objects.keys() if before.readable else set())


async def undone(connection: Connection, plan: Plan) -> bool:
    """Whether the schema is as it was before the migration, which is known to have changed it."""
    before = plan.before
    if before is None or not before.changed:
        return False
    now = await _whole(connection)
    if now is None or not before.compare(now, plan.named).same:
        return False
    return not _left(plan, await _others(connection, plan))


async def _whole(connection: Connection) -> Objects | None:
    try:
        async with pg.translated("reading the whole schema"):
            await connection.execute(VIEW_WAIT)
        return await whole.read(connection)
    except DatabaseError as e:
        if e.sqlstate not in UNREADABLE:
            raise
        return None
