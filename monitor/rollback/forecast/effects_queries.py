"""What materialized views and LOCK TABLE do to the modelled schema: as effects.py.

A materialized view is filled by its query, under the rollback's locks: what it reads counts as scanned.
"""

from __future__ import annotations

import json

from monitor.rollback.forecast.already import TABLES
from monitor.rollback.forecast.entries import relation_of
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.relation import ANY, Index, Relation
from monitor.rollback.script.plan import Action

EMPTY = "{} can't be read until it is refreshed, since it is WITH NO DATA"

LOCKED = TABLES | {"view"}


def create_materialized_view(f: Forecast, a: Action) -> None:
    label = f.label(a)
    there = f.relations.get(label)
    if there is None:
        f.relations[label] = ANY
        f.leeway.made.add(label)
        for key in json.loads(a.shape):
            f.scan(f.resolution.get(key, key))
        if a.part == "no data":
            f.notice(EMPTY.format(label))
    elif not a.if_exists:
        f.problem(f"{label} already exists")
    else:
        f.problem(
            f"{label} exists, IF NOT EXISTS would keep it, and whether it is the plan's can't be told: "
            "rename or drop it first, or leave the statement out"
        )


def refresh(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if entry.kind != "materialized view":
        f.problem(f"{label} is a {entry.kind}, not a materialized view")
    elif a.part == "concurrently" and not _has_key(entry):
        f.problem(f"{label} has no unique index on columns for all its rows: REFRESH it without CONCURRENTLY")
    elif a.part == "no data":
        f.notice(EMPTY.format(label))
    else:
        f.scan(label)


def _has_key(entry: Relation) -> bool:
    """Whether rows can be told apart; of an index that the plan makes that is not known."""
    return any(not isinstance(i, Index) or _is_key(i.definition) for i in entry.indexes.values())


def _is_key(definition: object) -> bool:
    unique = isinstance(definition, str) and definition.split()[:2] == ["CREATE", "UNIQUE"]
    return unique and " WHERE " not in str(definition) and "((" not in str(definition)


def lock_table(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is not None and found[1].kind not in LOCKED:
        f.problem(f"{found[0]} is a {found[1].kind}, which LOCK TABLE does not lock")


QUERY_EFFECTS: dict[str, Effect] = {
    "create_materialized_view": create_materialized_view,
    "refresh_materialized_view": refresh,
    "lock_table": lock_table,
}
