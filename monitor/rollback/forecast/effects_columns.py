"""What each known kind does to a column of the modelled schema; the rule of effects.py holds."""

from __future__ import annotations

import re

from monitor.rollback.forecast.entries import Entry, cascade, forget_index, relation_of
from monitor.rollback.forecast.made import forget_comment
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.compare import ANY, singular
from monitor.rollback.script.plan import Action


def _column(f: Forecast, a: Action) -> tuple[str, Entry, Entry] | None:
    """The relation and the column an action names; None when one is absent (said) or not foretold."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return None
    label, entry = found
    if entry["columns"] is ANY:  # of a view that the plan replaced
        return None
    if a.name not in entry["columns"]:
        f.absent(f"column {a.name} of {label}", a.if_exists)
        return None
    column = entry["columns"][a.name]
    return label, entry, column if isinstance(column, dict) else {}


def drop_column(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    label, entry, column = found
    what = f"column {a.name} of {label}"
    if column.get("inherited"):
        f.problem(f"{what} is inherited: drop it from the parent")
        return
    _refuse_generated(f, entry, a.name, what)
    cascade(f, a, entry, [k for k, d in entry["dependents"].items() if a.name in d["columns"]], what)
    for part in ("triggers", "policies"):
        _take_or_refuse(f, a, entry, part, what)
    for part in ("constraints", "indexes", "statistics"):
        for name in _standing_on(entry, part, a.name):
            f.notice(f"dropping {what} silently drops {singular(part)} {name}")
            del entry[part][name]
            f.forget(f"{name} on {label}")
            if part != "statistics":
                forget_index(f, label, name)
    if _in_key(entry, a.name):
        entry["primary_key"] = []
    if column.get("generated"):
        f.notice(f"{what} is generated: its values can be computed again")
    else:
        f.lose(a, label, a.name)
    del entry["columns"][a.name]
    _unname(entry, a.name)
    forget_comment(f, label, "column", a.name)
    f.forget(f"{label}.{a.name}")


def rename_column(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    label, entry, _ = found
    if a.new_name in entry["columns"]:
        f.problem(
            f"column {a.new_name} of {label} still exists, so {a.name} can't be renamed to it: drop it first"
        )
        return
    entry["columns"][a.new_name] = entry["columns"].pop(a.name)
    forget_comment(f, label, "column", a.name, a.new_name)
    f.leeway.rename(a.name, a.new_name)
    for part in ("indexes", "statistics", "constraints", "triggers", "policies", "dependents"):
        for value in entry[part].values():
            if isinstance(value, dict):
                value["columns"] = sorted(a.new_name if c == a.name else c for c in value["columns"])
    entry["not_nulls"] = {k: a.new_name if c == a.name else c for k, c in entry["not_nulls"].items()}
    if entry["primary_key"] is not ANY:
        entry["primary_key"] = [a.new_name if c == a.name else c for c in entry["primary_key"]]
    for key, dependent in entry["dependents"].items():
        if key.startswith(("view ", "materialized view ")) and isinstance(dependent, dict):
            dependent["definition"] = ANY  # `email AS email_address`: not to be foretold
    if entry["definition"] is not None:
        entry["definition"] = ANY


def add_column(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    if a.name in entry["columns"]:
        if a.if_exists:
            f.notice(f"column {a.name} of {label} already exists: the statement will do nothing")
        else:
            f.problem(f"column {a.name} of {label} already exists")
        return
    entry["columns"][a.name] = ANY
    f.leeway.added.add(a.name)
    f.scanned.add(label)


def set_default(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    found[2]["default"] = ANY if a.kind == "set_default" else None
    if a.kind == "drop_default":
        f.forget(f"for {found[0]}.{a.name}")


def set_not_null(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    label, entry, column = found
    wanted = a.kind == "set_not_null"
    if not wanted and _in_key(entry, a.name):
        f.problem(f"column {a.name} of {label} is in the primary key and can't be nullable")
        return
    column["not_null"] = wanted
    if wanted:
        f.scanned.add(label)
    else:
        _unname(entry, a.name)


def alter_type(f: Forecast, a: Action) -> None:
    if (found := _column(f, a)) is None:
        return
    label, entry, _ = found
    views = [k for k, d in entry["dependents"].items() if "view " in k and a.name in d["columns"]]
    if views:
        f.problem(f"the type of column {a.name} of {label} can't change while {', '.join(views)} uses it")
        return
    f.lose(a, label, a.name)
    entry["columns"][a.name] = ANY
    f.scanned.add(label)
    for part in ("indexes", "statistics", "constraints", "dependents"):
        for name in _standing_on(entry, part, a.name):
            entry[part][name] = ANY


def _unname(entry: Entry, column: str) -> None:
    """The name of its NOT NULL constraint goes with it."""
    entry["not_nulls"] = {k: c for k, c in entry["not_nulls"].items() if c != column}


def _in_key(entry: Entry, column: str) -> bool:
    """Which columns are in the key is not foretold once the plan has added a constraint."""
    return entry["primary_key"] is not ANY and column in entry["primary_key"]


def _standing_on(entry: Entry, part: str, column: str) -> list[str]:
    return sorted(n for n, v in entry[part].items() if isinstance(v, dict) and column in v["columns"])


def _take_or_refuse(f: Forecast, a: Action, entry: Entry, part: str, what: str) -> None:
    for name in _standing_on(entry, part, a.name):
        word = {"triggers": "trigger", "policies": "policy"}[part]
        if a.cascade:
            f.notice(f"CASCADE takes {word} {name} with it (lossless)")
            f.taken.append(f"{word} {name}")
            del entry[part][name]
        else:
            f.problem(f"{what} is needed by {word} {name}: drop it first")


def _refuse_generated(f: Forecast, entry: Entry, column: str, what: str) -> None:
    word = re.compile(rf'(?<![\w"]){re.escape(column)}(?![\w"])|"{re.escape(column)}"')
    for name, value in entry["columns"].items():
        if (
            isinstance(value, dict)
            and value["generated"]
            and name != column
            and word.search(value["default"] or "")
        ):
            f.problem(f"{what} is needed by the generated column {name}: drop that first")


COLUMN_EFFECTS: dict[str, Effect] = {
    "drop_column": drop_column,
    "rename_column": rename_column,
    "add_column": add_column,
    "set_default": set_default,
    "drop_default": set_default,
    "set_not_null": set_not_null,
    "drop_not_null": set_not_null,
    "alter_type": alter_type,
}
