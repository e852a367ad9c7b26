"""How a dropped column is put into quarantine: a part of columns.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.quoting import quote_identifier
from monitor.schema.relation import ANY, Column, Relation, known
from monitor.sql.labels import split_label
from monitor.statements.quarantine import Aside, Piece, Quarantined, free_name

if TYPE_CHECKING:
    from monitor.pg import Connection


def itself(q: Aside) -> str:
    """The same as a statement of its own; "" when it does nothing."""
    a = q.action
    if not isinstance(q.before, Relation) or a.name not in q.before.columns:
        return ""
    only = "ONLY " if a.only else ""
    return f"ALTER TABLE {only}{q.written} DROP COLUMN {quote_identifier(a.name)}{q.cascade}"


async def rewrite(_: Connection, q: Aside) -> Piece:
    """Renamed, without its NOT NULL, its default and what stands on it."""
    model, action, before, loss = q.model, q.action, q.before, q.loss
    if not isinstance(before, Relation):
        return Piece(())
    column = before.columns[action.name]
    if not isinstance(column, Column):
        model.problem(f"{loss.name} is changed by an earlier statement and can't be quarantined then")
        return Piece(())
    table, name = f"ALTER TABLE {q.written}", quote_identifier(action.name)
    if column.identity:
        model.problem(f"identity column {loss.name} can't be quarantined: use --data-loss salvage")
    place = free_name(action.name, before.columns)
    if left := model.relation(q.label):
        left.columns[place] = ANY  # no later one takes this name
    keys = [k for k, v in known(before.constraints).items() if action.name in v.columns]
    indexes = [i for i, v in known(before.indexes).items()
               if action.name in v.columns and not v.constraint]  # fmt: skip
    schema = split_label(q.label)[0]
    loosen = [
        f"ALTER COLUMN {name} DROP NOT NULL" if column.not_null else "",
        f"ALTER COLUMN {name} DROP DEFAULT" if column.default else "",
    ]
    statements = [
        *(f"{table} DROP CONSTRAINT {quote_identifier(k)}" for k in sorted(keys)),
        *(f"DROP INDEX {schema}.{quote_identifier(i)}" for i in sorted(indexes)),
        *([f"{table} {', '.join(filter(None, loosen))}"] if any(loosen) else []),
        f"{table} RENAME COLUMN {name} TO {quote_identifier(place)}",
    ]
    return Piece(tuple(statements), Quarantined(loss, place))
