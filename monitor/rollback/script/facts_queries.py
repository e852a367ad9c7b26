"""Facts of statements that keep a query's rows.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

import json

from monitor.rollback.script.facts_code import nodes_with, unique
from monitor.rollback.script.facts_objects import quoted
from monitor.rollback.script.facts_parts import Facts, Tree, action, relation_name

TABLE_AS = (
    "CREATE TABLE … AS is not a known kind of statement: write CREATE TABLE with its columns, and INSERT … "
    "SELECT behind it"
)


def create_table_as(body: Tree, _: Tree) -> list[Facts]:
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


def refresh(body: Tree, _: Tree) -> list[Facts]:
    """`part`: whether CONCURRENTLY, or WITH NO DATA, which only empties it."""
    part = "concurrently" if body.get("concurrent") else "no data" if body.get("skip_data") else ""
    return [action("refresh_materialized_view", relation_name(body["relation"]), part=part)]
