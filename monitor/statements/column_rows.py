"""What a column demands of the rows that are there: a part of columns.py."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.plan.forecast.narrowing import misfit
from monitor.quoting import quote_identifier
from monitor.sql import action_shapes
from monitor.sql.scripts import Action
from monitor.statements import casts
from monitor.statements.asked import Asked, Asking, Demand, Rows, no_nulls


def added(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """A new column is null in each row that is there, unless something fills it."""
    if rows is None or not a.shape or a.name in rows.entry.columns:
        return
    shape = action_shapes.column(a.shape)
    if shape.not_null and not shape.filled:
        what = f"{rows.name} has rows, and {a.name} would be NOT NULL without a default"
        remedy = "give it a default, or add it without NOT NULL, fill it and then SET NOT NULL"
        yield Demand(q.line, q.said, what, f"SELECT EXISTS (SELECT FROM {rows.was})", remedy=remedy)
    if not shape.filled and shape.schema == "pg_catalog":  # a domain may have a default
        q.empty.add((rows.label, a.name))


def not_null(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """Also of a column that the plan made, and that nothing has filled since."""
    if rows is None:
        return
    yield from no_nulls(q, rows, (a.name,))
    if (rows.label, a.name) in q.empty:
        what = f"{rows.name} has rows, and nothing has filled {a.name} by then"
        sql = f"SELECT EXISTS (SELECT FROM {rows.was})"
        yield Demand(q.line, q.said, what, sql, remedy="fill it before that statement")


def retyped(q: Asking, a: Action, rows: Rows | None) -> Iterator[Asked]:
    """A type that is too small for a value of now, or has no room for it."""
    if rows is None:
        return
    names = rows.now((a.name,))
    if names and (odd := misfit(rows.type_of(a.name), a.text, a.part)):
        sql = f"SELECT EXISTS (SELECT FROM {rows.was} WHERE {odd.format(quote_identifier(names[0]))})"
        what = f"{names[0]} of at least one row of {rows.name} does not fit into the type"
        yield Demand(q.line, q.said, what, sql)
    if not q.written and (cast := casts.fitting(q, a, rows)):
        yield cast
