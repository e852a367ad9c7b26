"""What a plan will demand of the rows that are there: the NOT NULL, UNIQUE, CHECK and keys it brings back.

Each demand is SQL that finds one row against it, under the names of now: the plan is played, and a table or
column is asked for under its name from before. Silent where that would be a guess: rows that the plan itself
writes first, columns that it makes or changes. This file asks no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.pg import quote_identifier
from monitor.rollback.forecast.effects import EFFECTS
from monitor.rollback.forecast.model import Forecast, modelled
from monitor.rollback.forecast.narrowing import misfit
from monitor.rollback.registration import bounds, casts, sameness
from monitor.rollback.registration.asked import Asked, Demand, Parents, Rows, Standing, said
from monitor.rollback.schema.relation import ANY, Column, Constraint, Relation, known
from monitor.rollback.script import shapes
from monitor.rollback.script.kinds import DATA_ONLY, Class
from monitor.rollback.script.plan import Action
from monitor.rollback.script.shapes import ConstraintShape
from monitor.rollback.stored import Plan, set_path

UNIQUE_INDEXES = {"create_index", "create_index_concurrently"}

MOVES_ROWS = {"detach_partition", "drop_table"}
"""Kinds that may take rows out of a parent."""


def demands(plan: Plan) -> list[Asked]:
    """In the plan's order."""
    model = Forecast(modelled(plan.fingerprint), plan.resolution, plan.quoted)
    found: list[Asked] = []
    written: set[str] = set()
    empty: set[tuple[str, str]] = set()
    types: casts.Types = {}
    moved = False
    pending: dict[tuple[str, str], list[Asked]] = {}
    for s in plan.statements:
        if s.klass is Class.OPAQUE:
            break
        model.line = s.line
        for a in s.actions:
            moved = moved or a.kind in DATA_ONLY | MOVES_ROWS
            if not moved and (made := bounds.partition(plan, model, a)):
                found.append(made)
            rows = _rows(model, a)
            if rows is not None and not written & {rows.label, *rows.entry.children}:
                found += [d for d in _of(plan, model, a, rows) if not _written(model, d, written)]
                found += _still_empty(model, a, rows, empty)
                found += _validated(plan, model, a, rows, pending, written)
            if (
                rows is not None
                and not written
                and a.kind == "alter_type"
                and (odd := casts.fitting(s.line, a, rows, types, plan.search_path))
            ):
                found.append(odd)
            casts.learn(a, types)
            if not _followed(model, a, written):
                return found
            EFFECTS[a.kind](model, a)
    return found


def _rows(model: Forecast, a: Action) -> Rows | None:
    """The table that an action is about, if it is one of now."""
    if a.relation is None:
        return None
    label = model.label(a)
    entry = model.relation(label)
    if entry is None or not entry.was or not entry.foreseen:
        return None
    return Rows(label, entry) if entry.kind in {"table", "partitioned table"} else None


def _written(model: Forecast, demand: Asked, written: set[str]) -> bool:
    """Whether the parent's rows are others by then."""
    entries = (model.relation(label) for label in written)
    return isinstance(demand, Parents) and demand.parent in {e.was for e in entries if e}


def _followed(model: Forecast, a: Action, written: set[str]) -> bool:
    """Notes whose rows the action changes; False when that can't be said."""
    if a.kind not in DATA_ONLY | MOVES_ROWS | {"rename_relation"}:
        return True
    if (rows := _rows(model, a)) is None:
        return a.kind not in DATA_ONLY or model.relations.get(model.label(a)) is ANY
    if a.kind == "rename_relation":
        return rows.label not in written
    if a.kind == "drop_table":
        return not any(rows.label in e.children for e in model.relations.values() if isinstance(e, Relation))
    written.add(rows.label)
    return a.kind != "detach_partition" and not _spreads(rows.entry)


def _spreads(entry: Relation) -> bool:
    """Whether writing rows may change those of other tables: by a trigger, a key's action, inheritance."""
    referenced = any(key.startswith("table constraint ") for key in entry.dependents)
    return bool(referenced or entry.triggers or entry.children)


def _of(plan: Plan, model: Forecast, a: Action, rows: Rows) -> Iterator[Asked]:
    if a.kind == "set_not_null":
        yield from _no_nulls(model, a, rows, (a.name,))
    elif a.kind == "alter_type":
        yield from _fitting(model, a, rows)
    elif a.kind in UNIQUE_INDEXES and a.rows and a.name not in rows.entry.indexes:
        yield sameness.twins(model.line, a, rows, plan.search_path)
    elif a.kind in UNIQUE_INDEXES and a.part and a.name not in rows.entry.indexes:
        columns = shapes.index(a.shape).columns
        yield from _no_twins(model, a, rows, columns, nulls_distinct="not distinct" not in a.part)
    elif a.kind == "add_column" and a.shape and a.name not in rows.entry.columns:
        yield from _filled(model, a, rows)
    elif _is_added(a, rows) and shapes.constraint(a.shape).checked:
        yield from _constraint(plan, model, a, rows)


def _is_added(a: Action, rows: Rows) -> bool:
    return bool(a.kind == "add_constraint" and a.shape and a.name not in rows.entry.constraints)


def _is_remade(rows: Rows) -> bool:
    """Whether some column has other values by then."""
    return any(c.type is ANY for c in known(rows.entry.columns).values())


def _validated(
    plan: Plan, model: Forecast, a: Action, rows: Rows, pending: dict[tuple[str, str], list[Asked]],
    written: set[str],
) -> Iterator[Asked]:  # fmt: skip
    """What NOT VALID leaves to VALIDATE CONSTRAINT, be it added by the plan or there already."""
    if _is_added(a, rows) and not shapes.constraint(a.shape).checked:
        pending[rows.was, a.name] = list(_constraint(plan, model, a, rows))
    if a.kind != "validate_constraint" or _is_remade(rows):
        return
    held = pending.get((rows.was, a.name))
    if held is not None:
        again = [replace(d, line=model.line, statement=said(a)) for d in held]
        yield from (d for d in again if not _written(model, d, written))
    elif isinstance(rows.entry.constraints.get(a.name), Constraint) or a.name in rows.entry.not_nulls:
        others = frozenset(model.was(label) for label in written)
        yield Standing(model.line, said(a), rows.was, a.name, others)


def _constraint(plan: Plan, model: Forecast, a: Action, rows: Rows) -> Iterator[Asked]:
    shape = shapes.constraint(a.shape)
    if shape.type in {"n", "p"}:
        yield from _no_nulls(model, a, rows, shape.columns)
    if shape.type in {"u", "p"}:
        yield from _no_twins(model, a, rows, shape.columns, nulls_distinct=shape.nulls_distinct)
    if shape.type == "c" and a.text:
        what = f"at least one row of {rows.name} is against {a.name}"
        sql = f"SELECT EXISTS (SELECT FROM {rows.renamed()} WHERE NOT ({a.text}))"
        yield Demand(model.line, said(a), what, sql, set_path(plan.search_path))
    if shape.type == "x" and a.rows:
        yield sameness.pairs(model.line, a, rows, plan.search_path)
    if shape.type == "f":
        yield from _parents(plan, model, a, rows, shape)


def _filled(model: Forecast, a: Action, rows: Rows) -> Iterator[Demand]:
    """A new column is null in each row that is there, unless something fills it."""
    shape = shapes.column(a.shape)
    if shape.not_null and not shape.filled:
        what = f"{rows.name} has rows, and {a.name} would be NOT NULL without a default"
        remedy = "give it a default, or add it without NOT NULL, fill it and then SET NOT NULL"
        yield Demand(model.line, said(a), what, f"SELECT EXISTS (SELECT FROM {rows.was})", remedy=remedy)


def _still_empty(model: Forecast, a: Action, rows: Rows, empty: set[tuple[str, str]]) -> Iterator[Demand]:
    """NOT NULL for a column that the plan made, and that nothing has filled since."""
    if a.kind == "add_column" and a.shape and a.name not in rows.entry.columns:
        shape = shapes.column(a.shape)
        if not shape.filled and shape.schema == "pg_catalog":  # a domain may have a default
            empty.add((rows.label, a.name))
    elif a.kind == "set_not_null" and (rows.label, a.name) in empty:
        what = f"{rows.name} has rows, and nothing has filled {a.name} by then"
        sql = f"SELECT EXISTS (SELECT FROM {rows.was})"
        yield Demand(model.line, said(a), what, sql, remedy="fill it before that statement")


def _fitting(model: Forecast, a: Action, rows: Rows) -> Iterator[Demand]:
    """A type that is too small for a value of now."""
    names = rows.now((a.name,))
    if names and (odd := misfit(rows.type_of(a.name), a.text, a.part)):
        sql = f"SELECT EXISTS (SELECT FROM {rows.was} WHERE {odd.format(quote_identifier(names[0]))})"
        what = f"{names[0]} of at least one row of {rows.name} does not fit into the type"
        yield Demand(model.line, said(a), what, sql)


def _no_nulls(model: Forecast, a: Action, rows: Rows, columns: Sequence[str]) -> Iterator[Demand]:
    names = rows.now(columns) or ()
    for name, then in zip(names, columns, strict=False):
        column = rows.entry.columns[then]
        if not isinstance(column, Column) or column.not_null is not True:
            sql = f"SELECT EXISTS (SELECT FROM {rows.was} WHERE {quote_identifier(name)} IS NULL)"
            yield Demand(model.line, said(a), f"at least one row of {rows.name} has no {name}", sql)


def _no_twins(
    model: Forecast, a: Action, rows: Rows, columns: Sequence[str], *, nulls_distinct: bool
) -> Iterator[Demand]:
    if (names := rows.now(columns)) is None:
        return
    keys = ", ".join(quote_identifier(n) for n in names)
    where = " AND ".join(f"{quote_identifier(n)} IS NOT NULL" for n in names)
    filtered = f"{rows.alone} WHERE {where}" if nulls_distinct else rows.alone
    sql = f"SELECT EXISTS (SELECT FROM {filtered} GROUP BY {keys} HAVING pg_catalog.count(*) > 1)"
    what = f"at least two rows of {rows.name} have the same {', '.join(names)}"
    yield Demand(model.line, said(a), what, sql)


def _parents(plan: Plan, model: Forecast, a: Action, rows: Rows, shape: ConstraintShape) -> Iterator[Parents]:
    columns, label = rows.now(shape.columns), plan.resolution.get(shape.parent)
    if columns is None or label is None:
        return
    named: tuple[str, ...] | None = shape.parent_columns
    if label in model.relations:  # the plan touches it: under its name of now
        entry = model.relation(label)
        if entry is None or not entry.was or not entry.foreseen:
            return
        parent = Rows(label, entry)
        named, label = parent.now(shape.parent_columns), parent.was
    if named is None:
        return
    types = tuple(rows.type_of(c) for c in shape.columns)
    yield Parents(model.line, said(a), rows.was, tuple(zip(columns, types, strict=True)), label, named)
