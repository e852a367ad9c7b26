"""Settings of a relation or of a column, which change no value: storage, statistics, row security …"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from monitor.plan.forecast.entries import relation_of, unidentified
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Constraint, Index, Relation, Setting, Unforeseen
from monitor.sql.classes import Class
from monitor.sql.facts_objects import strings
from monitor.sql.facts_parts import Facts, Tree, action, is_only, relation_name
from monitor.sql.labels import bare
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, always
from monitor.statements.relations import inherited

SUBCOMMANDS = {
    "AT_EnableRowSecurity": "enable", "AT_DisableRowSecurity": "disable", "AT_ForceRowSecurity": "force",
    "AT_NoForceRowSecurity": "no force",
}  # fmt: skip

IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
"""What rows of a published table are known by."""

TABLE = "OBJECT_TABLE"


def read_statistics(body: Tree, cmd: Tree) -> list[Facts]:
    """Of an index the column is a number."""
    name = cmd.get("name", "") or (str(cmd["num"]) if "num" in cmd else "")
    return [_setting("set_statistics", body, name=name, text=str(_number(cmd.get("def", {}))))]


def read_options(body: Tree, cmd: Tree) -> list[Facts]:
    """Of an index or a view, too."""
    return [_setting("set_options", body, **_given(cmd))]


def read_column_options(body: Tree, cmd: Tree) -> list[Facts] | None:
    if body.get("objtype") != TABLE:
        return None
    return [_setting("set_column_options", body, name=cmd["name"], **_given(cmd))]


def read_row_security(body: Tree, cmd: Tree) -> list[Facts] | None:
    if body.get("objtype") != TABLE:
        return None
    return [_setting("row_security", body, part=SUBCOMMANDS[cmd["subtype"]])]


def read_replica_identity(body: Tree, cmd: Tree) -> list[Facts] | None:
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
    return {"part": "reset" if "Reset" in cmd["subtype"] else "set", "text": _written_options(cmd["def"])}


def _number(definition: Tree) -> int:
    """-1, DEFAULT, is the server's own target."""
    return int(definition["integer"].get("ival", 0)) if "integer" in definition else -1


def _written_options(definition: Tree) -> str | None:
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


SWITCHES = {
    "enable": (0, "true"),
    "disable": (0, "false"),
    "force": (1, "true"),
    "no force": (1, "false"),
}
"""Which of the two switches, and how it stands then."""

LETTERS = {"default": "d", "full": "f", "nothing": "n", "index": "i"}

NO_TARGET = "-1"


def set_options(f: Forecast, a: Action) -> None:
    """Storage parameters. Those of an index stand in its definition, too."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if entry.kind == "partitioned table":
        f.problem(f"{label} is a partitioned table, which has no storage parameters: name its partitions")
        return
    entry.options = _options(entry.options, a)
    if entry.kind == "index":
        entry.definition = ANY
        table = f.relation(entry.table)
        if table and isinstance(index := table.indexes.get(bare(label)), Index):
            index.definition = ANY


def _options(there: str | Unforeseen, a: Action) -> str | Unforeseen:
    """As the catalogue writes an array; ANY where a value has to be quoted."""
    if a.text is None or not isinstance(there, str) or set(there) & set('"\\'):
        return ANY
    new = json.loads(a.text)
    named = {name for name, _ in new}
    kept = [o for o in there[1:-1].split(",") if o and o.partition("=")[0] not in named]
    found = [*kept, *(f"{name}={value}" for name, value in new if a.part == "set")]
    plain = all(o.replace("=", "").replace("_", "").replace(".", "").isalnum() for o in found)
    return (("{" + ",".join(found) + "}") if found else "") if plain else ANY


def _column(f: Forecast, a: Action) -> tuple[str, Relation] | None:
    """The relation of a column whose settings are foretold; an index has columns of its own."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return None
    label, entry = found
    if entry.kind == "index":
        entry.settings = ANY
    elif entry.foreseen and a.name not in entry.columns:
        f.missing(f"column {a.name} of {label}")
    elif "settings" not in entry.unread:
        return found
    return None


def set_statistics(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    if (settings := found[1].settings) is ANY:
        return
    setting = settings.pop(a.name, Setting(-1, ""))
    if a.text != NO_TARGET or setting.options:
        settings[a.name] = replace(setting, statistics=int(a.text or NO_TARGET))


def set_column_options(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is not None:
        f.leeway.loose.add((found[0], "settings"))


def row_security(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if entry.kind not in {"table", "partitioned table"}:
        f.problem(f"{label} is a {entry.kind}, which has no row level security")
        return
    now = entry.row_security
    enabled = "true" if now.startswith("true") else "false"
    switches = [enabled, now.removeprefix(enabled)]
    at, value = SWITCHES[a.part]
    switches[at] = value
    entry.row_security = "".join(switches)


def replica_identity(f: Forecast, a: Action) -> None:
    """What tells rows of a published table apart: without it every UPDATE and DELETE of it fails."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.part == "index" and a.name not in entry.indexes:
        f.missing(f"index {a.name} of {label}")
        return
    entry.replica_identity = LETTERS[a.part]
    index = a.name or _key(entry)
    if a.part == "nothing" or (a.part == "default" and not index):
        if known := entry.fixed.identity:
            unidentified(f, label, entry, "a REPLICA IDENTITY", known)
        return
    f.unidentified.pop(entry.was or label, None)
    if entry.fixed.identity:
        entry.fixed.identity = index if a.part != "full" else None


def _key(entry: Relation) -> str:
    return next((n for n, c in entry.constraints.items() if isinstance(c, Constraint) and c.type == "p"), "")


SET_STATISTICS = Kind(
    "ALTER TABLE | INDEX … ALTER COLUMN … SET STATISTICS", Class.LOSSLESS,
    read={"alter_table_stmt AT_SetStatistics": read_statistics}, effect=inherited(set_statistics),
    trace=always,
)  # fmt: skip

SET_COLUMN_OPTIONS = Kind(
    "ALTER TABLE … ALTER COLUMN … SET | RESET (…)", Class.LOSSLESS,
    read={
        "alter_table_stmt AT_SetOptions": read_column_options,
        "alter_table_stmt AT_ResetOptions": read_column_options,
    },
    effect=inherited(set_column_options),
)  # fmt: skip

SET_OPTIONS = Kind(
    "ALTER TABLE | INDEX | VIEW … SET | RESET (…)", Class.LOSSLESS,
    read={
        "alter_table_stmt AT_SetRelOptions": read_options,
        "alter_table_stmt AT_ResetRelOptions": read_options,
    },
    effect=set_options, trace=always,
)  # fmt: skip

ROW_SECURITY = Kind(
    "ALTER TABLE … ENABLE | DISABLE | FORCE | NO FORCE ROW LEVEL SECURITY", Class.LOSSLESS,
    read={f"alter_table_stmt {subtype}": read_row_security for subtype in SUBCOMMANDS},
    effect=row_security, trace=always,
)  # fmt: skip

REPLICA_IDENTITY = Kind(
    "ALTER TABLE … REPLICA IDENTITY", Class.LOSSLESS,
    read={"alter_table_stmt AT_ReplicaIdentity": read_replica_identity}, effect=replica_identity,
    trace=always,
)  # fmt: skip
