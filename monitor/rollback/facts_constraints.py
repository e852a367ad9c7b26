"""Facts of a constraint that a statement adds: what it will demand of the rows that are there.

Runs in the child process; plain data in and out. The text of a CHECK is written by grammar_child.py.
"""

from __future__ import annotations

import json

from monitor.rollback.facts_parts import Facts, Tree

TYPES = {
    "CONSTR_NOTNULL": "n", "CONSTR_CHECK": "c", "CONSTR_UNIQUE": "u", "CONSTR_PRIMARY": "p",
    "CONSTR_FOREIGN": "f", "CONSTR_EXCLUSION": "x",
}  # fmt: skip
"""As the catalogue calls them."""


def constraint(body: Tree) -> Facts:
    """`shape` of the action, and `expression` of a CHECK as a tree; {} when it is no constraint."""
    kind = TYPES.get(body.get("contype", ""))
    if kind is None:
        return {}
    shape = {
        "type": kind,
        "columns": _names(body, "fk_attrs" if kind == "f" else "keys"),
        "parent": _key(body.get("pktable", {})),
        "parent_columns": _names(body, "pk_attrs"),
        "nulls_distinct": not body.get("nulls_not_distinct"),
        "checked": not body.get("skip_validation"),
    }
    expression = {"expression": body["raw_expr"]} if kind == "c" else {}
    return {"shape": json.dumps(shape, sort_keys=True), **expression}


def _names(body: Tree, key: str) -> list[str]:
    return [item["string"]["sval"] for item in body.get(key, ())]


def _key(range_var: Tree) -> str:
    """Of the referenced table: always quoted; "" without one."""
    names = [range_var[part] for part in ("schemaname", "relname") if part in range_var]
    return ".".join('"' + n.replace('"', '""') + '"' for n in names)
