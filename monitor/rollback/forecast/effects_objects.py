"""What each known kind does to functions, types, schemas and comments; the rule of effects.py holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.others import other_key, other_of
from monitor.rollback.schema.relation import ANY, Other
from monitor.rollback.script.plan import Action


def _key(f: Forecast, a: Action) -> str:
    """Of what the action is about; "" when the fingerprint does not hold it."""
    other = other_of(a, f.label(a) if a.relation else "")
    return other_key(*other) if other else ""


def meaning(others: Mapping[str, Other | None], key: str) -> set[str]:
    """Keys of the plan that mean the same now: with its schema, and without."""
    label = known.label if (known := others[key]) else ""
    return {key, *(k for k, e in others.items() if label and e and e.label == label)}


def drop_other(f: Forecast, a: Action) -> None:
    """A function, type or schema."""
    key = _key(f, a)
    entry = f.others.get(key)
    if entry is None:
        f.absent(key, a.if_exists)
        return
    if left := entry.dependents:
        remedy = "drop them by name first, CASCADE is not expanded here" if a.cascade else "drop them first"
        f.problem(f"{key} is needed by {', '.join(left[:5])}: {remedy}")
    for known in meaning(f.others, key):
        f.others[known] = None
    f.forget(entry.label.partition(" ")[2])


def create_function(f: Forecast, a: Action) -> None:
    """Its body is foretold to the letter, its other properties are not."""
    if not (key := _key(f, a)):
        return
    entry = f.others.get(key)
    if entry is not None and not a.if_exists:
        f.problem(f"{key} already exists")
        return
    f.others[key] = replace(
        entry or Other("", None, None, []), definition=ANY, body=ANY if a.text is None else a.text
    )


def create_type(f: Forecast, a: Action) -> None:
    key = _key(f, a)
    if f.others.get(key) is not None:
        f.problem(f"{key} already exists")
        return
    f.others[key] = Other("", f"e {a.text}", None, [])


def comment(f: Forecast, a: Action) -> None:
    if a.relation and f.relations.get(f.label(a)) is None:
        f.problem(f"{f.label(a)} does not exist")
        return
    if key := _key(f, a):
        f.others[key] = Other("", a.text or "", None, [])


OBJECT_EFFECTS: dict[str, Effect] = {
    **dict.fromkeys(("drop_function", "drop_type", "drop_schema"), drop_other),
    "create_function": create_function,
    "create_type": create_type,
    "comment": comment,
}
