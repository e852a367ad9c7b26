"""What policies, publications, extensions and their like do to the modelled schema: as effects.py."""

from __future__ import annotations

import json
from dataclasses import replace

from monitor.rollback.forecast.effects_objects import drop_other
from monitor.rollback.forecast.entries import relation_of
from monitor.rollback.forecast.model import Destroyed, Effect, Forecast
from monitor.rollback.schema.compare import singular
from monitor.rollback.schema.others import other_key, other_of
from monitor.rollback.schema.relation import ANY, Other
from monitor.rollback.script.labels import bare, quoted
from monitor.rollback.script.plan import Action


def policy(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    there = a.name in entry.policies
    if a.kind == "alter_policy" and not there:
        f.missing(f"policy {a.name} of {label}")
    elif a.kind == "create_policy" and there:
        f.problem(f"policy {a.name} of {label} already exists")
    else:
        entry.policies[a.name] = ANY
        f.leeway.added.add((label, a.name))


def rename_part(f: Forecast, a: Action) -> None:
    """A policy or a trigger; `part`: of which the name is one."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    label, entry = found
    known, one = entry.standing(a.part), singular(a.part)
    if a.name not in known:
        f.missing(f"{one} {a.name} of {label}")
    elif a.new_name in known:
        f.problem(f"{one} {a.new_name} of {label} already exists")
    else:
        known[a.new_name] = known.pop(a.name)
        f.leeway.rename(a.name, a.new_name)
        f.leeway.add_renamed(label, a.name, a.new_name)
        f.move(f"{quoted(a.name)} on {label}", f"{quoted(a.new_name)} on {label}")


def _other(f: Forecast, a: Action) -> tuple[str, Other | None]:
    other = other_of(a, "")
    key = other_key(*other) if other else ""
    return key, f.others.get(key)


def create_other(f: Forecast, a: Action) -> None:
    """A publication or extension: that it is there is foretold."""
    key, entry = _other(f, a)
    if entry is None:
        f.others[key] = Other("", ANY, None, [])
    elif a.if_exists:
        f.notice(f"{key} already exists: the statement will do nothing")
    else:
        f.problem(f"{key} already exists")


def alter_other(f: Forecast, a: Action) -> None:
    """A publication or function."""
    key, entry = _other(f, a)
    if entry is None:
        f.missing(key)
        return
    f.others[key] = replace(entry, definition=ANY)


def drop_publication(f: Forecast, a: Action) -> None:
    key, entry = _other(f, a)
    if entry is not None:
        f.notice(f"subscriptions to {key} get nothing any more")
    drop_other(f, a)


def drop_extension(f: Forecast, a: Action) -> None:
    """Its own tables go with it, rows and all; what uses what it brought stands in the way."""
    _, entry = _other(f, a)
    if entry is not None and isinstance(entry.body, str):
        for label in json.loads(entry.body):
            f.destroyed.append(Destroyed(f.step, f.line, a.kind, label))
    drop_other(f, a)


def drop_statistics(f: Forecast, a: Action) -> None:
    _, entry = _other(f, a)
    table = f.relation(str(entry.body)) if entry is not None else None
    if table and entry is not None:
        table.statistics.pop(bare(entry.label.partition(" ")[2]), None)
    drop_other(f, a)


ACCESS_EFFECTS: dict[str, Effect] = {
    "create_policy": policy,
    "alter_policy": policy,
    "rename_part": rename_part,
    "create_publication": create_other,
    "create_extension": create_other,
    "alter_publication": alter_other,
    "alter_function": alter_other,
    "drop_publication": drop_publication,
    "drop_extension": drop_extension,
    "drop_operator": drop_other,
    "drop_statistics": drop_statistics,
}
