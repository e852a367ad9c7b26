"""What IF NOT EXISTS finds: is it what the statement would have made? The rule of effects.py holds."""

from __future__ import annotations

import json
from typing import Any

from monitor.rollback.forecast.entries import Entry
from monitor.rollback.forecast.model import Forecast
from monitor.rollback.schema.compare import tokens
from monitor.rollback.script.facts_outside import is_plain
from monitor.rollback.script.plan import Action


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
