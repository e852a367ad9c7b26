"""What a plan will demand of the rows that are there: the NOT NULL, UNIQUE, CHECK and keys it brings back.

Each demand is SQL that finds one row against it, under the names of now: the plan is played, and a table or
column is asked for under its name from before. Silent where that would be a guess: rows that the plan itself
writes first, columns that it makes or changes. This file asks no database.
"""

from __future__ import annotations

from monitor.plan.forecast.schema_after import Forecast, modelled
from monitor.plan.stored import Plan, set_path
from monitor.schema.relation import ANY, Relation
from monitor.sql.classes import Class
from monitor.sql.labels import bare
from monitor.sql.scripts import Action
from monitor.statements.asked import Asked, Asking, Parents, Rows
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of


def demands(plan: Plan) -> list[Asked]:
    """In the plan's order."""
    model = Forecast(modelled(plan.fingerprint), plan.resolution, plan.quoted)
    asking = Asking(model, set_path(plan.search_path))
    found: list[Asked] = []
    for s in plan.statements:
        if s.klass is Class.OPAQUE:
            break
        model.line = asking.line = s.line
        for a in s.actions:
            found += _of(asking, a)
            _learn(asking, a)
            if not _followed(asking, a):
                return found
            kind_of(a).effect(model, a)
    return found


def _of(q: Asking, a: Action) -> list[Asked]:
    kind = kind_of(a)
    q.moved = q.moved or kind.writes or kind.has(Trait.MOVES_ROWS)
    q.said = f"{kind.statement} {a.name}".rstrip()
    if kind.demands is None:
        return []
    rows = _rows(q.model, a)
    if rows is not None and q.written & {rows.label, *rows.entry.children}:
        rows = None
    return [d for d in kind.demands(q, a, rows) if not _written(q.model, d, q.written)]


def _learn(q: Asking, a: Action) -> None:
    """What the plan makes of types."""
    kind = kind_of(a)
    if kind.makes == "type":
        q.types[a.name] = a.text
    elif kind.has(Trait.RELABELS_TYPE):
        q.types[a.name] = None
        q.types[bare(a.name)] = None


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


def _followed(q: Asking, a: Action) -> bool:
    """Notes whose rows the action changes; False when that can't be said."""
    kind = kind_of(a)
    renames = kind.has(Trait.RENAMES_RELATION)
    if not (kind.writes or renames or kind.has(Trait.MOVES_ROWS)):
        return True
    if (rows := _rows(q.model, a)) is None:
        return not kind.writes or q.model.relations.get(q.model.label(a)) is ANY
    if renames:
        return rows.label not in q.written
    if kind.has(Trait.DROPS):
        entries = q.model.relations.values()
        return not any(rows.label in e.children for e in entries if isinstance(e, Relation))
    q.written.add(rows.label)
    return kind.writes and not _spreads(rows.entry)


def _spreads(entry: Relation) -> bool:
    """Whether writing rows may change those of other tables: by a trigger, a key's action, inheritance."""
    referenced = any(key.startswith("table constraint ") for key in entry.dependents)
    return bool(referenced or entry.triggers or entry.children)
