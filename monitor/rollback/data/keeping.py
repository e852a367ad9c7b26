"""What the plan takes away and must not be lost, as one step of the rollback's transaction.

Copies what is salvaged, notes what is quarantined. Both come after the locks and before the statements.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.pg import Connection, quote_identifier
from monitor.rollback.data import manifest, salvage, whereabouts
from monitor.rollback.data.losses import Quarantined
from monitor.rollback.data.manifest import SCHEMA, Kept
from monitor.rollback.data.salvage import Known, Limit
from monitor.rollback.schema import definition
from monitor.rollback.schema.fingerprint import Fingerprint
from monitor.rollback.script.labels import split_label
from monitor.rollback.script.sequence import Group
from monitor.rollback.stored import Plan, set_path


async def make_room(connection: Connection, plan: Plan) -> None:
    """The schemas that the plan needs, before the rollback's own transaction."""
    if found := places(plan):
        await manifest.make_room(connection, found, set_path(plan.search_path))


def places(plan: Plan) -> list[str]:
    """The schemas into which it puts something; [] when it keeps nothing."""
    tables = {q.place for q in plan.quarantined if not q.loss.column}
    return sorted({SCHEMA, *tables}) if plan.keeps else []


async def keep(
    connection: Connection, watch_id: str, plan: Plan, group: Group, now: Fingerprint, limit: Limit
) -> list[dict[str, Any]]:
    """What the event row says of each. Needs the group's locks to be held."""
    losses, aside = plan.salvaged_by(group), plan.quarantined_by(group)
    if not losses and not aside:
        return []
    named = await whereabouts.named(connection, now["relations"])
    known = Known(now["relations"], named, set_path(plan.search_path))
    copied = await salvage.copy(connection, watch_id, losses, known, limit)
    return copied + [await _note(connection, watch_id, q, known) for q in aside]


async def _note(connection: Connection, watch_id: str, q: Quarantined, known: Known) -> dict[str, Any]:
    """The statements that follow put it aside; here it is written down how to have it back."""
    loss = q.loss
    itself = await whereabouts.of(connection, loss.label, loss.column, known.named)
    kept = Kept(
        watch_id, loss.step, loss.kind, "quarantined", loss.label, loss.column, where_is(q),
        q.place if loss.column else "", (), None, "", "", source_oid=itself.oid, kept_oid=itself.oid,
        kept_attnum=itself.attnum if loss.column else None, bystanders=itself.bystanders,
    )  # fmt: skip
    made = await definition.read(connection, known.described, loss.label, loss.column, stays=True)
    await manifest.note(connection, kept, replace(made, create=_back(q)), ())
    return {"source": loss.name, "rows": None, "into": kept.salvaged_as, "step": loss.step}


def where_is(q: Quarantined) -> str:
    if q.loss.column:
        return f"{q.loss.label}.{quote_identifier(q.place)}"
    name = quote_identifier(q.table_name) if q.table_name else split_label(q.loss.label)[2]
    return f"{quote_identifier(q.place)}.{name}"


def _back(q: Quarantined) -> tuple[str, ...]:
    """The statements that undo the putting aside."""
    if q.loss.column:
        old, new = quote_identifier(q.place), quote_identifier(q.loss.column)
        return (f"ALTER TABLE {q.loss.label} RENAME COLUMN {old} TO {new}",)
    schema = split_label(q.loss.label)[0]
    names = (
        f"ALTER {kind} {schema}.{quote_identifier(new)} RENAME TO {quote_identifier(old)}"
        for kind, old, new in reversed(q.renamed)
    )
    return (f"ALTER TABLE {where_is(q)} SET SCHEMA {schema}", *names)
