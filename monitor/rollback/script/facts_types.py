"""Facts of statements that change a type: its name, the values of an enum, the attributes of a composite one.

Runs in the child process; plain data in and out. What is made and dropped as a whole is in facts_objects.py.
"""

from __future__ import annotations

from monitor.rollback.script.facts_columns import add_column
from monitor.rollback.script.facts_objects import quoted, signature, strings
from monitor.rollback.script.facts_parts import Facts, Tree, action, relation_name

ATTRIBUTES = {"AT_AddColumn": "add_attribute", "AT_DropColumn": "drop_attribute"}
"""`ALTER TYPE … ADD | DROP ATTRIBUTE`: the grammar has them as columns."""

FUNCTIONS = {"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"}

TYPES = {"OBJECT_TYPE", "OBJECT_DOMAIN"}


PARTS = {"OBJECT_POLICY": "policies", "OBJECT_TRIGGER": "triggers"}
"""What is of a relation and has a name there -> the part of its fingerprint."""


def rename(body: Tree) -> list[Facts] | None:
    """Of a type, domain, function, attribute, policy, trigger or publication; None: of something else."""
    what, new = body["rename_type"], body["newname"]
    if what in TYPES:
        return [action("rename_type", None, quoted(strings(body["object"]["list"]["items"])), new_name=new)]
    if what in FUNCTIONS:
        return [action("rename_function", None, signature(body["object"]["object_with_args"]), new_name=new)]
    if what == "OBJECT_PUBLICATION":
        return [action("rename_publication", None, body["object"]["string"]["sval"], new_name=new)]
    if what in PARTS:
        return [
            action("rename_part", relation_name(body["relation"]), body["subname"], new_name=new,
                   part=PARTS[what], relation_if_exists=bool(body.get("missing_ok")))
        ]  # fmt: skip
    if what == "OBJECT_ATTRIBUTE":
        return [
            action(
                "rename_attribute", relation_name(body["relation"]), body["subname"], new_name=new,
                cascade=body.get("behavior") == "DROP_CASCADE",
            )
        ]  # fmt: skip
    return None


def rename_value(body: Tree) -> list[Facts]:
    """`text`: the old label; `new_name`: the new one."""
    name = quoted(strings(body["type_name"]))
    return [action("rename_value", None, name, new_name=body.get("new_val", ""), text=body["old_val"])]


def attributes(body: Tree) -> list[Facts]:
    """`ALTER TYPE` of a composite type, whose relation the type is."""
    return [_attribute(body, c["alter_table_cmd"]) for c in body["cmds"]]


def _attribute(body: Tree, cmd: Tree) -> Facts:
    kind = ATTRIBUTES.get(cmd["subtype"], "")
    definition = cmd.get("def", {}).get("column_def", {})
    return action(
        kind, relation_name(body["relation"]), cmd.get("name", "") or definition.get("colname", ""),
        if_exists=bool(cmd.get("missing_ok")), cascade=cmd.get("behavior") == "DROP_CASCADE",
        **(add_column(definition) if kind == "add_attribute" else {}),
    )  # fmt: skip
