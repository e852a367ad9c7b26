"""What IF NOT EXISTS finds: is it what the statement would have made? The rule of effects.py holds."""

from __future__ import annotations

import json
import re
from typing import Any

from monitor.rollback.forecast.entries import Entry
from monitor.rollback.forecast.model import Forecast
from monitor.rollback.schema.compare import ANY, tokens
from monitor.rollback.script.facts_outside import is_plain
from monitor.rollback.script.plan import Action

TABLES = {"table", "partitioned table", "foreign table"}

_SCHEMA = re.compile(r'^(?:"(?:[^"]|"")*"|[\w$]+)\.')


def column_already(f: Forecast, a: Action, label: str, there: Any) -> None:
    """Another type, or one that can't take what the plan's could, would break whoever needs the column."""
    what = f"column {a.name} of {label}"
    if not a.if_exists:
        f.problem(f"{what} already exists")
    elif unlike := _unlike(json.loads(a.shape), there) if a.shape else "":
        f.problem(f"{what} exists, IF NOT EXISTS would keep it, and it {unlike}: rename or drop it first")
    else:
        f.notice(f"{what} already exists: the statement will do nothing")


def relation_already(f: Forecast, a: Action, label: str, there: Any) -> None:
    """Tables are compared column by column, their keys and checks are not; sequences by being one."""
    kind = a.kind.removeprefix("create_")
    kept = f"{label} exists, IF NOT EXISTS would keep it, and"
    if not a.if_exists:
        f.problem(f"{label} already exists")
    elif not isinstance(there, dict):
        f.notice(f"{label} already exists: the statement will do nothing")
    elif there["kind"] not in (TABLES if kind == "table" else {kind}):
        f.problem(f"{kept} it is a {there['kind']}, no {kind}: rename or drop it first")
    elif unlike := _other_columns(a, there) if kind == "table" and a.shape else "":
        f.problem(f"{kept} {unlike}")
    else:
        f.notice(f"{label} already exists: the statement will do nothing")


def _other_columns(a: Action, there: Entry) -> str:
    """What of the table is not the plan's."""
    wanted = json.loads(a.shape)
    remedy = "rename or drop it first"
    if wanted is None:
        return f"whether it is the table of the plan can't be told: {remedy}, or leave the statement out"
    found = there["columns"]
    for name in sorted(wanted.keys() ^ found.keys()):
        return f"it has {'no ' if name in wanted else ''}column {name}, unlike the plan's: {remedy}"
    for name in sorted(wanted):
        if unlike := _unlike(wanted[name], found[name]):
            return f"its column {name} {unlike}: {remedy}"
    return ""


def _unlike(wanted: Entry, there: Any) -> str:
    """What of the column is not the plan's. Not compared: the text of a default, and what is not foretold."""
    if not isinstance(there, dict):
        return ""
    if not _is_type(wanted["type"], there["type"]):
        return f"is {there['type']}, not {wanted['type'].replace('(*)', '')}"
    if wanted["not_null"] is not there["not_null"]:
        return "is nullable, not NOT NULL" if wanted["not_null"] else "is NOT NULL, not nullable"
    filled = _filled(there)
    if wanted["filled"] != filled and there["default"] is not ANY:
        return f"has {_named(filled)}, not {_named(wanted['filled'])}"
    return ""


def _filled(there: Entry) -> str:
    if there["identity"] or there["generated"]:
        return "identity" if there["identity"] else "generated"
    return "default" if there["default"] is not None else ""


def _named(filled: str) -> str:
    return {"": "no default", "default": "a default", "identity": "an identity"}.get(filled, "a formula")


def _is_type(wanted: str, there: str) -> bool:
    """By name, whatever its schema: which schema an unqualified one was meant in is the session's to say."""
    bare = _SCHEMA.sub("", there)
    if "(*)" in wanted:
        return (tokens(wanted)[0], wanted.endswith("[]")) == (tokens(bare)[0], bare.endswith("[]"))
    return tokens(wanted) == tokens(bare)


def index_already(f: Forecast, a: Action, index: str, there: Any) -> None:
    """It would report success of whatever has that name: another index, or what a failed build has left."""
    table: Any = f.relations.get(there["table"]) if isinstance(there, dict) else None
    model = table["indexes"].get(a.name) if isinstance(table, dict) else None
    kept = f"index {index} exists, IF NOT EXISTS would keep it, and"
    if not a.if_exists or not isinstance(model, dict):
        f.problem(f"index {index} already exists")
    elif not model["valid"]:
        f.problem(f"index {index} exists and is invalid, and IF NOT EXISTS would keep it: drop it first")
    elif there["table"] != f.label(a) or (is_plain(a.shape) and not _is_index(a, there["table"], model)):
        f.problem(f"{kept} it is not the index of the plan: drop it first")
    elif not is_plain(a.shape):
        f.problem(
            f"{kept} whether it is the index of the plan can't be told: drop it first, or leave the "
            "statement out"
        )
    else:
        f.notice(f"index {index} already exists: the statement will do nothing")


def _is_index(a: Action, table: str, model: Entry) -> bool:
    """A plain index is written in one way only."""
    said = model["definition"]
    return isinstance(said, str) and [t for t in tokens(said) if t != "ONLY"] == _written(a, table)


def _written(a: Action, table: str) -> list[str]:
    """The words of pg_get_indexdef, names without quotes."""
    shape = json.loads(a.shape)
    keys = _listed([_key(*json.loads(key)) for key in shape["keys"]])
    includes = ["INCLUDE", *_listed([[c] for c in shape["includes"]])] if shape["includes"] else []
    nulls = [] if shape.get("nulls_distinct", True) else ["NULLS", "NOT", "DISTINCT"]
    unique = ["UNIQUE"] if shape["unique"] else []
    return ["CREATE", *unique, "INDEX", a.name, "ON", *tokens(table), "USING", shape["method"], *keys,
            *includes, *nulls]  # fmt: skip


def _key(name: str, descending: bool, nulls_first: bool) -> list[str]:
    order = ["DESC"] if descending else []
    nulls = ["NULLS", "FIRST" if nulls_first else "LAST"] if nulls_first != descending else []
    return [name, *order, *nulls]


def _listed(items: list[list[str]]) -> list[str]:
    found = ["("]
    for n, item in enumerate(items):
        found += [",", *item] if n else item
    return [*found, ")"]
