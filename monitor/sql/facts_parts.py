"""The pieces that facts are made of: one action, one name. Plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tree = dict[str, Any]
Facts = dict[str, Any]

Reader = Callable[[Tree, Tree], list[Facts] | None]
"""Of the statement's tree and the item of it that a place is about; None: it is another kind's."""


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


def cascades(body: Tree) -> bool:
    return bool(body.get("behavior") == "DROP_CASCADE")


def on(kind: str, key: str, name: str = "") -> Reader:
    """A reader of a statement on one relation; `name`: the field with the name of what is created on it."""

    def read(body: Tree, _: Tree) -> list[Facts]:
        replaces = bool(body.get("if_not_exists") or body.get("replace"))
        own = body.get(name, "") if name else ""
        return [action(kind, relation_name(body[key]), own, if_exists=replaces, only=is_only(body[key]))]

    return read


def altered(kind: str, body: Tree, cmd: Tree, name: str = "", **more: Any) -> Facts:
    """A subcommand of ALTER TABLE. `name`: of what it defines."""
    return action(
        kind, relation_name(body["relation"]), cmd.get("name", "") or name,
        if_exists=bool(cmd.get("missing_ok")), relation_if_exists=bool(body.get("missing_ok")),
        cascade=cascades(cmd), only=is_only(body["relation"]), **more,
    )  # fmt: skip


def of_table(kind: str) -> Reader:
    """A subcommand of ALTER TABLE that says all by its name."""

    def read(body: Tree, cmd: Tree) -> list[Facts] | None:
        return [altered(kind, body, cmd)] if body["objtype"] == "OBJECT_TABLE" else None

    return read


def dropping(kind: str, key: Callable[[Tree], str] | None = None) -> Reader:
    """An item of DROP: a relation, or with a `key` what is none."""

    def read(body: Tree, item: Tree) -> list[Facts]:
        flags: Facts = {"if_exists": bool(body.get("missing_ok")), "cascade": cascades(body)}
        return [action(kind, None, key(item), **flags) if key else action(kind, listed(item), **flags)]

    return read


def dropping_part(kind: str) -> Reader:
    """An item of DROP that is of a relation: a trigger, a policy."""

    def read(body: Tree, item: Tree) -> list[Facts]:
        *relation, name = listed(item)
        flags: Facts = {"if_exists": bool(body.get("missing_ok")), "cascade": cascades(body)}
        return [action(kind, relation, name, **flags)]

    return read


def renaming(kind: str) -> Reader:
    """RENAME of a relation, or of something that is of it."""

    def read(body: Tree, _: Tree) -> list[Facts]:
        return [
            action(
                kind, relation_name(body["relation"]), body.get("subname", ""), new_name=body["newname"],
                relation_if_exists=bool(body.get("missing_ok")), only=is_only(body["relation"]),
            )
        ]  # fmt: skip

    return read


def listed(item: Tree) -> list[str]:
    """The names of a list."""
    return [i["string"].get("sval", "") for i in item["list"]["items"] if "string" in i]


def commands(body: Tree) -> list[Tree]:
    """Of ALTER TABLE and its like."""
    return [c["alter_table_cmd"] for c in body["cmds"]]
