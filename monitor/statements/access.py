"""What is of any object: its comment, its owner, who may do what with it."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.other_objects import COMMENT as A_COMMENT
from monitor.schema.other_objects import on_what, other_key
from monitor.schema.relation import ANY, Other
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted, signature, strings
from monitor.sql.facts_parts import Facts, Tree, action, commands, listed, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always

ON_RELATION = {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE",
               "OBJECT_FOREIGN_TABLE"}  # fmt: skip

ON_PART = {
    "OBJECT_COLUMN": "column", "OBJECT_TABCONSTRAINT": "constraint", "OBJECT_TRIGGER": "trigger",
    "OBJECT_POLICY": "policy", "OBJECT_RULE": "rule",
}  # fmt: skip


def read_comment(body: Tree, _: Tree) -> list[Facts]:
    """`part`: what it is on; "": something no fingerprint holds. `text`: "" takes the comment away."""
    what, item = body["objtype"], body["object"]
    relation: list[str] | None = None
    part = name = ""
    if what in ON_RELATION:
        part, relation = "relation", strings(item["list"]["items"])
    elif what in ON_PART:
        *relation, name = strings(item["list"]["items"])
        part = ON_PART[what]
    elif what in {"OBJECT_FUNCTION", "OBJECT_PROCEDURE"}:
        part, name = "function", signature(item["object_with_args"])
    elif what in {"OBJECT_TYPE", "OBJECT_DOMAIN"}:
        part, name = "type", quoted(strings(item["type_name"]["names"]))
    elif what == "OBJECT_SCHEMA":
        part, name = "schema", quoted([item["string"]["sval"]])
    return [action("comment", relation, name, part=part, text=body.get("comment", ""))]


def read_grant(body: Tree, _: Tree) -> list[Facts]:
    return [
        action("grant", relation_name(o["range_var"]) if "range_var" in o else None)
        for o in body.get("objects", [{}])
    ]


def read_owner(body: Tree, cmd: Tree) -> list[Facts] | None:
    """Of a relation, by itself."""
    each = commands(body)
    if any(c["subtype"] != cmd["subtype"] for c in each):
        return None
    flag = bool(body.get("missing_ok"))
    first = [action("change_owner", relation_name(body["relation"]), relation_if_exists=flag)]
    return first if cmd is each[0] else []


def read_owner_of_function(body: Tree, _: Tree) -> list[Facts]:
    return [action("change_owner", None, signature(body["object"]["object_with_args"]))]


def read_owner_of_type(body: Tree, _: Tree) -> list[Facts]:
    return [action("change_owner", None, quoted(listed(body["object"])))]


def grant(f: Forecast, a: Action) -> None:
    if a.relation is not None and (found := relation_of(f, a, tolerated=False)) is not None:
        found[1].privileges = ANY


def change_owner(f: Forecast, a: Action) -> None:
    if a.relation is not None and (found := relation_of(f, a, a.relation_if_exists)) is not None:
        found[1].owner = found[1].privileges = ANY


def comment(f: Forecast, a: Action) -> None:
    if a.relation and f.relations.get(f.label(a)) is None:
        f.problem(f"{f.label(a)} does not exist")
    elif name := on_what(a, f.label(a) if a.relation else ""):
        f.others[other_key(A_COMMENT, name)] = Other("", a.text or "", None, [])


COMMENT = Kind(
    "COMMENT ON", Class.LOSSLESS, other=A_COMMENT, name_of_other=on_what,
    traits=Trait.NOBODYS | Trait.NOT_LOCKED_FIRST | Trait.LEAVES_RELATION | Trait.LEAVES_ASPECTS,
    read={"comment_stmt": read_comment}, effect=comment, restores=frozenset({"comment"}), trace=always,
)  # fmt: skip

GRANT = Kind(
    "GRANT | REVOKE on objects", Class.LOSSLESS, traits=Trait.LEAVES_RELATION | Trait.LEAVES_ASPECTS,
    read={"grant_stmt": read_grant}, effect=grant, restores=frozenset({"privileges"}),
)  # fmt: skip

CHANGE_OWNER = Kind(
    "ALTER TABLE | VIEW | SEQUENCE | FUNCTION | TYPE … OWNER TO", Class.LOSSLESS, traits=Trait.LEAVES_ASPECTS,
    read={
        "alter_table_stmt AT_ChangeOwner": read_owner,
        "alter_owner_stmt OBJECT_FUNCTION": read_owner_of_function,
        "alter_owner_stmt OBJECT_PROCEDURE": read_owner_of_function,
        "alter_owner_stmt OBJECT_TYPE": read_owner_of_type,
    },
    effect=change_owner, restores=frozenset({"owner"}),
)  # fmt: skip
