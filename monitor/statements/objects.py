"""What is no relation (functions, types, schemas, extensions, publications …), as far as it is alike.

The pieces of its effects, each for one sort of object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from monitor.plan.forecast.schema_after import Effect, Forecast
from monitor.schema.other_objects import named, other_key, renamed
from monitor.schema.relation import ANY, Other
from monitor.sql.labels import quoted, split_label
from monitor.sql.scripts import Action
from monitor.statements.kind import Trait

DROPS = Trait.DROPS


_QUALIFIED = re.compile(r'((?:"(?:[^"]|"")*"|[^".( ]+)\.)("(?:[^"]|"")*"|[^".(]+)(.*)', re.DOTALL)
"""`public.f(integer)`: schema, name, arguments."""

_UNQUALIFIED = re.compile(r'(function|type) ((?:"(?:[^"]|"")*"\.)?)("(?:[^"]|"")*".*)', re.DOTALL)


def entry_of(f: Forecast, sort: str, a: Action) -> tuple[str, Other | None]:
    """Its key, and what is there."""
    key = other_key(*named(sort, a))
    return key, f.others.get(key)


def meaning(others: Mapping[str, Other | None], key: str) -> set[str]:
    """Keys of the plan that mean the same now: with its schema, and without."""
    label = known.label if (known := others[key]) else ""
    return {key, *(k for k, e in others.items() if label and e and e.label == label)}


def dropped(sort: str) -> Effect:
    """One of that sort goes."""

    def drop(f: Forecast, a: Action) -> None:
        key, entry = entry_of(f, sort, a)
        if entry is None:
            f.absent(key, a.if_exists)
            return
        if left := entry.dependents:
            remedy = (
                "drop them by name first, CASCADE is not expanded here" if a.cascade else "drop them first"
            )
            f.problem(f"{key} is needed by {', '.join(left[:5])}: {remedy}")
        for known in meaning(f.others, key):
            f.others[known] = None
        f.forget(entry.label.partition(" ")[2])

    return drop


def together(sort: str) -> Effect:
    """What one DROP names goes at once: none of it stands in the way of the others."""

    def forget(f: Forecast, a: Action) -> None:
        if a.name and (entry := entry_of(f, sort, a)[1]) is not None:
            f.forget(entry.label.partition(" ")[2])

    return forget


def created(sort: str) -> Effect:
    """That it is there is foretold."""

    def create(f: Forecast, a: Action) -> None:
        key, entry = entry_of(f, sort, a)
        if entry is None:
            f.others[key] = Other("", ANY, None, [])
        elif a.if_exists:
            f.notice(f"{key} already exists: the statement will do nothing")
        else:
            f.problem(f"{key} already exists")

    return create


def altered(sort: str) -> Effect:
    """What it is then is not."""

    def alter(f: Forecast, a: Action) -> None:
        key, entry = entry_of(f, sort, a)
        if entry is None:
            f.missing(key)
            return
        f.others[key] = replace(entry, definition=ANY)

    return alter


def renaming(sort: str) -> Effect:
    """Under each name that the plan has for it, the new ones too."""

    def rename(f: Forecast, a: Action) -> None:
        key, new_key = other_key(*named(sort, a)), other_key(*renamed(sort, a))
        others = f.others
        if (entry := others.get(key)) is None:
            f.missing(key)
            return
        identity = entry.label.partition(" ")[2]
        label = _relabelled(identity, a.new_name)
        names = _names(others, new_key, label)
        if taken := next((k for k in sorted(names) if others.get(k) is not None), ""):
            f.problem(f"{taken} already exists, so {key} can't be renamed to it")
            return
        for same in meaning(others, key):
            others[same] = None
        entry = replace(entry, label=f"{sort} {label}" if label else "")
        others.update(dict.fromkeys(names, entry))
        f.leeway.rename(bare_of(key) or a.name, a.new_name)
        if label:
            f.move(identity, label)
            _rename_composite(f, identity, label)

    return rename


def _rename_composite(f: Forecast, old: str, new: str) -> None:
    """It is a relation too, where the plan changes its attributes."""
    entry = f.relation(old)
    if entry and entry.kind == "composite type":
        f.relations[new], f.relations[old] = entry, None
        f.leeway.move(old, new)


def _relabelled(identity: str, new_name: str) -> str:
    """The same with another name; "" of what the plan made, whose schema is not known."""
    found = _QUALIFIED.fullmatch(identity)
    return f"{found[1]}{quoted(new_name)}{found[3]}" if found else ""


def _names(others: Mapping[str, Other | None], key: str, label: str) -> set[str]:
    """Keys of the plan that will mean it: with its schema, and without."""
    found = _UNQUALIFIED.fullmatch(key)
    if found is None:
        return {key}
    schema = split_label(label.partition("(")[0])[0] if label else ""
    written = f'"{schema.strip(chr(34))}".' if schema else found[2]
    both = {f"{found[1]} {prefix}{found[3]}" for prefix in ("", written, found[2])}
    return {key} | (both & others.keys())


def bare_of(key: str) -> str:
    found = _UNQUALIFIED.fullmatch(key)
    names = re.findall(r'"((?:[^"]|"")*)"', found[3]) if found else []
    return names[0].replace('""', '"') if names else ""
