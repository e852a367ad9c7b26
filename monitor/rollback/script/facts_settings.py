"""Facts of ALTER TABLE and its like where they change a setting of a relation, or of a column, and no value.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.rollback.script.facts_objects import strings
from monitor.rollback.script.facts_parts import Facts, Tree, action, is_only, relation_name

ROW_SECURITY = {
    "AT_EnableRowSecurity": "enable", "AT_DisableRowSecurity": "disable", "AT_ForceRowSecurity": "force",
    "AT_NoForceRowSecurity": "no force",
}  # fmt: skip

IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
"""What rows of a published table are known by."""

TABLE = "OBJECT_TABLE"


def statistics(body: Tree, cmd: Tree) -> list[Facts]:
    """Of an index the column is a number."""
    name = cmd.get("name", "") or (str(cmd["num"]) if "num" in cmd else "")
    return [_setting("set_statistics", body, name=name, text=str(_number(cmd.get("def", {}))))]


def options(body: Tree, cmd: Tree) -> list[Facts]:
    """Of an index or a view, too."""
    return [_setting("set_options", body, **_given(cmd))]


def column_options(body: Tree, cmd: Tree) -> list[Facts] | None:
    if body.get("objtype") != TABLE:
        return None
    return [_setting("set_column_options", body, name=cmd["name"], **_given(cmd))]


def row_security(body: Tree, cmd: Tree) -> list[Facts] | None:
    if body.get("objtype") != TABLE:
        return None
    return [_setting("row_security", body, part=ROW_SECURITY[cmd["subtype"]])]


def replica_identity(body: Tree, cmd: Tree) -> list[Facts] | None:
    if body.get("objtype") != TABLE:
        return None
    stated = cmd["def"]["replica_identity_stmt"]
    part = IDENTITIES[stated["identity_type"]]
    return [_setting("replica_identity", body, name=stated.get("name", ""), part=part)]


def _setting(kind: str, body: Tree, **more: Any) -> Facts:
    return action(
        kind, relation_name(body["relation"]), only=is_only(body["relation"]),
        relation_if_exists=bool(body.get("missing_ok")), **more,
    )  # fmt: skip


def _given(cmd: Tree) -> Facts:
    return {"part": "reset" if "Reset" in cmd["subtype"] else "set", "text": _options(cmd["def"])}


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
