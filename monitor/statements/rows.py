"""Statements that write rows: what they destroy is told, and only lost where it is named."""

from __future__ import annotations

from monitor.plan.forecast.entries import below, relation_of
from monitor.plan.forecast.keys import reached
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import Relation
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, cascades, is_only, on, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Loss, Trait

INSERTS, DELETES, UPDATES, TRUNCATES = 4, 8, 16, 32
"""Events that triggers wait for, as pg_trigger.tgtype has them."""

PARSED = Trait.READS_ROWS | Trait.ROWS_HIDDEN


def read_insert(body: Tree, _: Tree) -> list[Facts] | None:
    return None if _updates(body) else [action("insert", relation_name(body["relation"]))]


def read_upsert(body: Tree, _: Tree) -> list[Facts] | None:
    return [action("upsert", relation_name(body["relation"]))] if _updates(body) else None


def _updates(body: Tree) -> bool:
    return bool(body.get("on_conflict_clause", {}).get("action") == "ONCONFLICT_UPDATE")


def read_update(body: Tree, _: Tree) -> list[Facts]:
    """One action for each column."""
    relation = relation_name(body["relation"])
    targets = (t["res_target"]["name"] for t in body["target_list"])
    return [action("update", relation, column, only=is_only(body["relation"])) for column in targets]


def read_truncate(body: Tree, _: Tree) -> list[Facts]:
    tables = [r["range_var"] for r in body["relations"]]
    return [action("truncate", relation_name(t), cascade=cascades(body), only=is_only(t)) for t in tables]


def insert(f: Forecast, a: Action) -> None:
    relation_of(f, a, tolerated=False)


def upsert(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is not None:
        _lose(f, a, found[0], "UPDATE")


def update(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if entry.foreseen and a.name not in entry.columns:
        f.missing(f"column {a.name} of {label}")
        return
    _lose(f, a, label, "UPDATE")
    _lose_below(f, a, entry)


def delete(f: Forecast, a: Action) -> None:
    """MERGE, too: what it will do to which row is not known."""
    if (found := relation_of(f, a, tolerated=False)) is not None:
        _lose(f, a, found[0], "DELETE")
        _lose_below(f, a, found[1])


def truncate(f: Forecast, a: Action) -> None:
    if not a.cascade:
        delete(f, a)
    elif (found := relation_of(f, a, tolerated=False)) is not None:
        f.problem(f"TRUNCATE {found[0]} CASCADE empties other tables too: name them instead")


def _lose(f: Forecast, a: Action, label: str, event: str) -> None:
    """And what foreign keys carry on."""
    f.lose(a, label, a.name)
    for other in reached(f, label, event, a.name):
        f.lose_also(a, other)


def _lose_below(f: Forecast, a: Action, entry: Relation) -> None:
    if not a.only and entry.kind != "partitioned table":
        for child, _ in below(f, entry):
            f.lose_also(a, child, a.name)


INSERT = Kind(
    "INSERT", Class.LOSSY, traits=PARSED, read={"insert_stmt": read_insert},
    effect=insert, events=INSERTS,
)  # fmt: skip

UPSERT = Kind(
    "INSERT … ON CONFLICT DO UPDATE", Class.LOSSY, Loss.ACCEPT, traits=PARSED | Trait.SPARES_ROWS,
    read={"insert_stmt": read_upsert}, effect=upsert, events=INSERTS | UPDATES,
)  # fmt: skip

UPDATE = Kind(
    "UPDATE", Class.LOSSY, Loss.ACCEPT, traits=PARSED | Trait.SPARES_ROWS,
    read={"update_stmt": read_update}, effect=update, events=UPDATES,
)  # fmt: skip

DELETE = Kind(
    "DELETE", Class.LOSSY, Loss.ACCEPT, traits=PARSED | Trait.SPARES_ROWS,
    read={"delete_stmt": on("delete", "relation")}, effect=delete, events=DELETES,
)  # fmt: skip

MERGE = Kind(
    "MERGE", Class.LOSSY, Loss.ACCEPT, traits=PARSED | Trait.SPARES_ROWS,
    read={"merge_stmt": on("merge", "relation")}, effect=delete,
    events=INSERTS | DELETES | UPDATES,
)  # fmt: skip

TRUNCATE = Kind(
    "TRUNCATE", Class.LOSSY, Loss.ACCEPT, traits=Trait.READS_ROWS,
    read={"truncate_stmt": read_truncate}, effect=truncate, events=TRUNCATES,
)  # fmt: skip
