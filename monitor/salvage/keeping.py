"""What the plan takes away and must not be lost, as one step of the rollback's transaction.

Copies what is salvaged, notes what is quarantined. Both come after the locks and before the statements, in
one text: on a slow network each round trip is time under the lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from monitor.pg import Connection, quote_identifier
from monitor.plan.groups import Group
from monitor.plan.stored import Plan, set_path
from monitor.salvage import copying, manifest, values_as_text
from monitor.salvage.copying import Known, Step
from monitor.salvage.manifest import SCHEMA, Kept
from monitor.schema import definition
from monitor.schema.relation import Fingerprint
from monitor.sql.labels import split_label
from monitor.statements.quarantine import Quarantined


async def make_room(connection: Connection, plan: Plan) -> None:
    """The schemas that the plan needs, before the rollback's own transaction."""
    if found := places(plan):
        await manifest.make_room(connection, found, set_path(plan.search_path))


def places(plan: Plan) -> list[str]:
    """The schemas into which it puts something; [] when it keeps nothing."""
    tables = {q.place for q in plan.quarantined if not q.loss.column}
    return sorted({SCHEMA, *tables}) if plan.keeps else []


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a group has to keep: one text to send under its locks, and what the event row says of each."""

    watch_id: str
    script: str = ""
    told: tuple[dict[str, Any], ...] = ()

    async def counted(self, connection: Connection) -> list[dict[str, Any]]:
        """What was told, with the rows that were copied. Behind the script, in its transaction."""
        places = [t["into"] for t in self.told if t["into"] and t["rows"] is not None]
        if not places:
            return list(self.told)
        rows = await manifest.counts(connection, self.watch_id, places)
        return [{**t, "rows": rows[t["into"]]} if t["into"] in rows else t for t in self.told]


async def prepare(
    connection: Connection, watch_id: str, plan: Plan, group: Group, now: Fingerprint, limit: str
) -> Keeping:
    """Reads what is needed for it. Needs the group's locks and the pinned search_path.

    `limit`: the statement that gives the next ones what is left of the time for which locks may be held.
    """
    losses, aside = plan.salvaged_by(group), plan.quarantined_by(group)
    if not losses and not aside:
        return Keeping(watch_id)
    labels = [loss.label for loss in (*losses, *(q.loss for q in aside))]
    described = await definition.describe(connection, labels, now.relations)
    known = Known(now, described, set_path(plan.search_path), limit)
    steps = copying.copying(connection, watch_id, losses, known)
    steps += [_noting(connection, watch_id, q, known) for q in aside]
    statements = [sql for step in steps for sql in step.statements]
    script = (
        [copying.ALL_ROWS, values_as_text.PIN_WRITING, *statements, values_as_text.UNPIN_WRITING]
        if statements
        else []
    )
    return Keeping(watch_id, "; ".join(script), tuple(step.told for step in steps))


def _noting(connection: Connection, watch_id: str, q: Quarantined, known: Known) -> Step:
    """The statements that follow put it aside; here it is written down how to have it back."""
    loss, made = q.loss, known.described[q.loss.label]
    attnums = {c["name"]: c["attnum"] for c in made["columns"] or ()}
    kept = Kept(
        watch_id, loss.step, loss.kind, "quarantined", loss.label, loss.column, where_is(q),
        q.place if loss.column else "", (), None, "", "", source_oid=made["oid"], kept_oid=made["oid"],
        kept_attnum=attnums[loss.column] if loss.column else None, bystanders=tuple(made["bystanders"]),
    )  # fmt: skip
    again = replace(definition.of(made, loss.label, loss.column, stays=True), create=_back(q))
    told = {"source": loss.name, "rows": None, "into": kept.salvaged_as, "step": loss.step}
    return Step((known.limit, manifest.noting(connection, kept, again, ())), told)


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
