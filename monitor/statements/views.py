"""Views and materialized views: made, replaced, refreshed, dropped.

A materialized view is filled by its query, under the rollback's locks: what it reads counts as scanned.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from monitor.plan.forecast.already import relation_already
from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Index, Relation
from monitor.sql.classes import Class
from monitor.sql.facts_code import nodes_with, unique
from monitor.sql.facts_objects import quoted, strings
from monitor.sql.facts_parts import Facts, Tree, action, dropping, relation_name
from monitor.sql.scripts import Action
from monitor.statements.fitting import Server
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.relations import DROPS, MAKES, dropped, together

TABLE_AS = (
    "CREATE TABLE … AS is not a known kind of statement: write CREATE TABLE with its columns, and INSERT … "
    "SELECT behind it"
)

ROWS = Trait.READS_ROWS | Trait.ROWS_HIDDEN

EMPTY = "{} can't be read until it is refreshed, since it is WITH NO DATA"


def read_view(body: Tree, _: Tree) -> list[Facts]:
    """`text`: its query; `shape`: the names given to columns, as JSON."""
    names = json.dumps(strings(body.get("aliases", [])))
    return [
        action(
            "create_view", relation_name(body["view"]), if_exists=bool(body.get("replace")),
            shape=names, statement=body["query"],
        )
    ]  # fmt: skip


def read_materialized_view(body: Tree, _: Tree) -> list[Facts]:
    """`CREATE MATERIALIZED VIEW`. `shape`: the relations that its query reads at once, as keys."""
    if body.get("objtype") != "OBJECT_MATVIEW":
        return [action("", refusal=TABLE_AS)]
    into = body["into"]
    read = [] if into.get("skip_data") else unique(map(relation_name, nodes_with(body["query"], "relname")))
    return [
        action(
            "create_materialized_view", relation_name(into["rel"]), if_exists=bool(body.get("if_not_exists")),
            shape=json.dumps([quoted(name) for name in read]),
            part="no data" if into.get("skip_data") else "",
        )
    ]  # fmt: skip


def read_refresh(body: Tree, _: Tree) -> list[Facts]:
    """`part`: whether CONCURRENTLY, or WITH NO DATA, which only empties it."""
    part = "concurrently" if body.get("concurrent") else "no data" if body.get("skip_data") else ""
    return [action("refresh_materialized_view", relation_name(body["relation"]), part=part)]


def create_view(f: Forecast, a: Action) -> None:
    label = f.label(a)
    there = f.relations.get(label)
    if there is None:
        f.relations[label] = ANY
    elif not a.if_exists:
        relation_already(f, a, label, there, "view")
        return
    elif isinstance(there, Relation):
        if there.kind != "view":
            f.problem(f"{label} is a {there.kind}: CREATE OR REPLACE VIEW does not replace it")
            return
        there.definition, there.columns, there.foreseen = ANY, {}, False
    f.leeway.made.add(label)


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
            f"{label} exists, IF NOT EXISTS would keep it, and whether it is the plan's can't be determined: "
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


async def fits(q: Server, a: Action) -> str:
    """OR REPLACE may only add columns behind those that are there."""
    if not (a.text and a.if_exists and q.same_names and q.same_tables):
        return ""
    there = await q.columns_of_view(q.label(a))
    if not there:
        return ""
    new, against = await q.columns_of_query(a.text)
    return against or _unlike(q.label(a), there, new, json.loads(a.shape or "[]"))


def _unlike(
    view: str, there: Sequence[tuple[str, int]], new: Sequence[tuple[str, int]], named: Sequence[str]
) -> str:
    names = [*named, *(name for name, _ in new[len(named) :])]
    again = "which OR REPLACE can't do: drop the view and make it again"
    if len(new) < len(there):
        return f"{view} would lose column {there[len(new)][0]}, {again}"
    for (was, type_), name, (_, new_type) in zip(there, names, new, strict=False):
        if was != name:
            return f"column {was} of {view} would be called {name}, {again}"
        if type_ != new_type:
            return f"column {was} of {view} would be of another type, {again}"
    return ""


CREATE_VIEW = Kind(
    "CREATE [OR REPLACE] VIEW", Class.LOSSLESS, traits=MAKES | Trait.REPLACES | Trait.READS_ROWS,
    read={"view_stmt": read_view}, effect=create_view, fits=fits, made="",
)  # fmt: skip

CREATE_MATERIALIZED_VIEW = Kind(
    "CREATE MATERIALIZED VIEW", Class.LOSSLESS, scans=True,
    traits=MAKES | Trait.REPLACES | Trait.SAME_TWICE | Trait.MAKES_NAMES | ROWS,
    read={"create_table_as_stmt": read_materialized_view}, effect=create_materialized_view,
)  # fmt: skip

REFRESH_MATERIALIZED_VIEW = Kind(
    "REFRESH MATERIALIZED VIEW", Class.LOSSLESS, scans=True, traits=Trait.UPKEEP | Trait.READS_ROWS,
    read={"refresh_mat_view_stmt": read_refresh}, effect=refresh, trace=always,
)  # fmt: skip

DROP_VIEW = Kind(
    "DROP VIEW", Class.LOSSLESS, traits=DROPS, read={"drop_stmt OBJECT_VIEW": dropping("drop_view")},
    effect=dropped("view", "DROP VIEW"), together=together, dropped="", trace=always,
)  # fmt: skip

DROP_MATERIALIZED_VIEW = Kind(
    "DROP MATERIALIZED VIEW", Class.LOSSLESS, traits=DROPS,
    read={"drop_stmt OBJECT_MATVIEW": dropping("drop_materialized_view")},
    effect=dropped("materialized view", "DROP MATERIALIZED VIEW"), together=together, dropped="",
    trace=always,
)  # fmt: skip
