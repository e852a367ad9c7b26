"""Facts of a constraint that a statement adds, and what it will demand of the rows that are there.

Runs in the child process; plain data in and out. The text of a CHECK is written by grammar_child.py.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.sql.facts_parts import Facts, Tree

TYPES = {
    "CONSTR_NOTNULL": "n", "CONSTR_CHECK": "c", "CONSTR_UNIQUE": "u", "CONSTR_PRIMARY": "p",
    "CONSTR_FOREIGN": "f", "CONSTR_EXCLUSION": "x",
}  # fmt: skip
"""As the catalogue calls them."""


ACTIONS = {"DELETE": "fk_del_action", "UPDATE": "fk_upd_action"}
"""Events at a referenced row -> where the grammar says what then happens to ours."""


def constraint(body: Tree) -> Facts:
    """`shape` of the action, and `expression` of a CHECK as a tree; {} when it is no constraint."""
    kind = TYPES.get(body.get("contype", ""))
    if kind is None:
        return {}
    shape = {
        "type": kind,
        "columns": checked(body) if kind == "c" else _names(body, "fk_attrs" if kind == "f" else "keys"),
        "parent": key_of_range(body.get("pktable", {})),
        "parent_columns": _names(body, "pk_attrs"),
        "nulls_distinct": not body.get("nulls_not_distinct"),
        "checked": not body.get("skip_validation"),
        "references": references([body]),
    }
    expression = {"expression": body["raw_expr"]} if kind == "c" else {}
    return {"shape": json.dumps(shape, sort_keys=True), **expression}


def references(constraints: list[Tree]) -> list[dict[str, Any]]:
    """Of the foreign keys among them: `parent`, its `columns`, and the `events` that change rows of ours."""
    return [
        {
            "parent": key_of_range(body["pktable"]), "columns": _names(body, "pk_attrs"),
            "events": [e for e, part in ACTIONS.items() if body.get(part, "a") not in {"a", "r", "", "\x00"}],
        }
        for body in constraints if body.get("contype") == "CONSTR_FOREIGN"
    ]  # fmt: skip


def _names(body: Tree, key: str) -> list[str]:
    return [item["string"]["sval"] for item in body.get(key, ())]


def checked(body: Tree) -> list[str]:
    """Columns that a CHECK names; its table's own name may be among them."""
    found: set[str] = set()
    stack: list[Any] = [body["raw_expr"]]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            last = item.get("column_ref", {}).get("fields", [{}])[-1]
            found |= {last["string"]["sval"]} if "string" in last else set()
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return sorted(found)


def key_of_range(range_var: Tree) -> str:
    """Of the referenced table: always quoted; "" without one."""
    names = [range_var[part] for part in ("schemaname", "relname") if part in range_var]
    return ".".join('"' + n.replace('"', '""') + '"' for n in names)
