"""Facts of an index that a statement builds: what it is known again by, and a twin of it.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.sql import facts_rows
from monitor.sql.facts_parts import Facts, Tree, action, relation_name


def index(kind: str, body: Tree, **more: Any) -> Facts:
    return action(
        kind, relation_name(body["relation"]), body.get("idxname", ""), shape=shape_of(body),
        part=_uniqueness(body), if_exists=bool(body.get("if_not_exists")),
        statement={"index_stmt": _twin(body)}, **more, **facts_rows.unique_index(body),
    )  # fmt: skip


TWIN = "migration_monitor_twin"
"""The index of the same making on an empty copy of the table: see plan/index_check.py."""


def _twin(body: Tree) -> Tree:
    """The same index on a temporary table of the same name."""
    unlike = {"concurrent", "if_not_exists", "table_space"}
    same = {k: v for k, v in body.items() if k not in unlike}
    return {**same, "idxname": TWIN, "relation": {**body["relation"], "schemaname": "pg_temp"}}


def shape_of(body: Tree) -> str:
    """What an index is beside its name, as the catalogue tells it too: see plan/conditions.py.

    Expressions and predicates are known to be there; their text is not, since the server rewrites it:
    only what is `plain` is known whole.
    """
    elements = [p["index_elem"] for p in body["index_params"]]
    odd = any(key in e for e in elements for key in ("expr", "collation", "opclass", "opclassopts"))
    shape = {
        "unique": bool(body.get("unique")),
        "method": body["access_method"],
        "keys": [_key(p["index_elem"]) for p in body["index_params"]],
        "includes": [p["index_elem"]["name"] for p in body.get("index_including_params", ())],
        "partial": "where_clause" in body,
        "nulls_distinct": not body.get("nulls_not_distinct"),
        "plain": not (odd or "where_clause" in body or "options" in body),
    }
    return json.dumps(shape, sort_keys=True)


def _uniqueness(body: Tree) -> str:
    """How plain a unique index is: whether two rows are the same to it can be asked of its columns."""
    elements = [p["index_elem"] for p in body["index_params"]]
    plain = not any("expr" in e or "collation" in e or "opclass" in e for e in elements)
    if not (body.get("unique") and plain and "where_clause" not in body):
        return ""
    return "unique, nulls not distinct" if body.get("nulls_not_distinct") else "unique"


def _key(element: Tree) -> str:
    """A column, or "" for an expression, and its order."""
    descending = element.get("ordering") == "SORTBY_DESC"
    nulls = element.get("nulls_ordering", "SORTBY_NULLS_DEFAULT")
    nulls_first = nulls == "SORTBY_NULLS_FIRST" or (nulls == "SORTBY_NULLS_DEFAULT" and descending)
    return json.dumps([element.get("name", ""), descending, nulls_first])
