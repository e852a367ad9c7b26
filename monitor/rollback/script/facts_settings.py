"""Facts of ALTER TABLE and its like where they change a setting of a relation, or of a column, and no value.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

import json

from monitor.rollback.script.facts_objects import strings
from monitor.rollback.script.facts_parts import Facts, Tree, action, is_only, relation_name

ROW_SECURITY = {
    "AT_EnableRowSecurity": "enable", "AT_DisableRowSecurity": "disable", "AT_ForceRowSecurity": "force",
    "AT_NoForceRowSecurity": "no force",
}  # fmt: skip

IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
"""What rows of a published table are known by."""

SETTINGS = {
    **dict.fromkeys(ROW_SECURITY, "row_security"),
    "AT_SetRelOptions": "set_options",
    "AT_ResetRelOptions": "set_options",
    "AT_SetStatistics": "set_statistics",
    "AT_SetOptions": "set_column_options",
    "AT_ResetOptions": "set_column_options",
    "AT_ReplicaIdentity": "replica_identity",
}
"""Subcommands -> kinds."""

ELSEWHERE = {"set_options", "set_statistics"}
"""Kinds that are of indexes and views, too."""


def setting(body: Tree, cmd: Tree) -> Facts | None:
    """None: it is no such subcommand, or not of this sort of object."""
    subtype = cmd["subtype"]
    kind = SETTINGS.get(subtype)
    if kind is None or (body.get("objtype") != "OBJECT_TABLE" and kind not in ELSEWHERE):
        return None
    more: Facts = {"name": cmd.get("name", "") or (str(cmd["num"]) if "num" in cmd else "")}
    if kind == "row_security":
        more["part"] = ROW_SECURITY[subtype]
    elif kind == "replica_identity":
        stated = cmd["def"]["replica_identity_stmt"]
        more = {"name": stated.get("name", ""), "part": IDENTITIES[stated["identity_type"]]}
    elif kind == "set_statistics":
        more["text"] = str(_number(cmd.get("def", {})))
    else:
        more |= {"part": "reset" if "Reset" in subtype else "set", "text": _options(cmd["def"])}
    return action(
        kind, relation_name(body["relation"]), only=is_only(body["relation"]),
        relation_if_exists=bool(body.get("missing_ok")), **more,
    )  # fmt: skip


def _number(definition: Tree) -> int:
    """-1, DEFAULT, is the server's own target."""
    return int(definition["integer"].get("ival", 0)) if "integer" in definition else -1


def _options(definition: Tree) -> str | None:
    """`[[name, value]]` as JSON, without those of the TOAST table; None: not to be told."""
    found = []
    for option in (i["def_elem"] for i in definition["list"]["items"]):
        value = _written(option.get("arg"))
        if value is None:
            return None
        if not option.get("defnamespace"):
            found.append([option["defname"], value])
    return json.dumps(found)


def _written(value: Tree | None) -> str | None:
    """As the catalogue keeps it."""
    if value is None:
        return "true"
    if "integer" in value:
        return str(value["integer"].get("ival", 0))
    if "float" in value:
        return str(value["float"]["fval"])
    if "string" in value:
        return str(value["string"].get("sval", ""))
    if "boolean" in value:
        return "true" if value["boolean"].get("boolval") else "false"
    return ".".join(strings(value["type_name"]["names"])) if "type_name" in value else None
