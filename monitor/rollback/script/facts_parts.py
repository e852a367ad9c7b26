"""The pieces that facts are made of: one action, one name. Plain data."""

from __future__ import annotations

from typing import Any

Tree = dict[str, Any]
Facts = dict[str, Any]


def action(kind: str, relation: list[str] | None = None, name: str = "", **more: Any) -> Facts:
    """One change to one object; the keys are those of `plan.Action`, and `refusal`."""
    return {"kind": kind, "relation": relation, "name": name, **more}


def is_only(range_var: Tree) -> bool:
    """ONLY: without what inherits from it."""
    return not range_var.get("inh", False)


def relation_name(range_var: Tree) -> list[str]:
    """`[name]` or `[schema, name]`, as written."""
    schema = range_var.get("schemaname")
    return [schema, range_var["relname"]] if schema else [range_var["relname"]]
