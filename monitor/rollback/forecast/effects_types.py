"""What each known kind does to a type, its values and attributes, or to a function's name: as effects.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from monitor.rollback.forecast.effects_objects import meaning
from monitor.rollback.forecast.entries import cascade, dependents_on, relation_of
from monitor.rollback.forecast.model import Effect, Forecast
from monitor.rollback.schema.others import other_key, other_of, renamed
from monitor.rollback.schema.relation import ANY, Other, Relation, known
from monitor.rollback.script.labels import quoted, split_label
from monitor.rollback.script.plan import Action

_QUALIFIED = re.compile(r'((?:"(?:[^"]|"")*"|[^".( ]+)\.)("(?:[^"]|"")*"|[^".(]+)(.*)', re.DOTALL)
"""`public.f(integer)`: schema, name, arguments."""

MENTIONING = (
    "columns", "constraints", "indexes", "triggers", "statistics", "policies", "rules", "dependents",
)  # fmt: skip
"""Parts of a relation whose things have a definition or a default."""

_UNQUALIFIED = re.compile(r'(function|type) ((?:"(?:[^"]|"")*"\.)?)("(?:[^"]|"")*".*)', re.DOTALL)


def rename_other(f: Forecast, a: Action) -> None:
    """A type, domain or function: under each name that the plan has for it, the new ones too."""
    old, new = other_of(a, ""), renamed(a)
    if old is None or new is None:
        return
    key, new_key = other_key(*old), other_key(*new)
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
    entry = replace(entry, label=f"{old[0]} {label}" if label else "")
    others.update(dict.fromkeys(names, entry))
    f.leeway.rename(_bare(key) or a.name, a.new_name)
    if label:
        f.move(identity, label)
        _rename_composite(f, identity, label)


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


def _bare(key: str) -> str:
    found = _UNQUALIFIED.fullmatch(key)
    names = re.findall(r'"((?:[^"]|"")*)"', found[3]) if found else []
    return names[0].replace('""', '"') if names else ""


def rename_value(f: Forecast, a: Action) -> None:
    """Its use shows in defaults, checks, indexes and views by the new label."""
    other = other_of(a, "")
    others = f.others
    if other is None or (entry := others.get(key := other_key(*other))) is None:
        f.missing(other_key(*other) if other else a.name)
        return
    kind, _, written = str(entry.definition).partition(" ")
    labels = written.split(",")
    if kind != "e" or a.text not in labels:
        f.missing(f"value '{a.text}' of {key}")
    elif a.new_name in labels:
        f.problem(f"{key} already has a value '{a.new_name}'")
    else:
        renamed_to = ",".join(a.new_name if v == a.text else v for v in labels)
        for same in meaning(others, key):
            if (one := others[same]) is not None:
                others[same] = replace(one, definition=f"{kind} {renamed_to}")
        _loosen_mentions(f, entry.label.partition(" ")[2] or _bare(key))


def _loosen_mentions(f: Forecast, name: str) -> None:
    """Definitions in which a value of the type may stand."""
    for entry in f.relations.values():
        if isinstance(entry, Relation):
            things = (one for part in MENTIONING for one in known(entry.standing(part)).values())
            for thing in (entry, *things):
                _loosen(thing, name)


def _loosen(thing: object, name: str) -> None:
    for what in ("definition", "default"):
        text = getattr(thing, what, None)
        if isinstance(text, str) and name in text:
            setattr(thing, what, ANY)


def _composite(f: Forecast, a: Action) -> tuple[str, Relation] | None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return None
    if found[1].kind != "composite type":
        f.problem(f"{found[0]} is a {found[1].kind}, not a composite type")
        return None
    if not a.cascade and (
        tables := [d for d in found[1].dependents if d.startswith("table ") and d.count(" ") == 1]
    ):
        f.problem(f"{found[0]} is the type of {', '.join(tables)}: write CASCADE, which changes them too")
        return None
    return found


def add_attribute(f: Forecast, a: Action) -> None:
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name in entry.columns:
        f.problem(f"attribute {a.name} of {label} already exists")
        return
    entry.columns[a.name] = ANY
    f.leeway.added.add((label, a.name))


def drop_attribute(f: Forecast, a: Action) -> None:
    """Of a type that columns have, its values are gone in every row."""
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name not in entry.columns:
        f.absent(f"attribute {a.name} of {label}", a.if_exists)
        return
    what = f"attribute {a.name} of {label}"
    cascade(f, a, entry, dependents_on(entry, a.name), what)
    if any(not d.startswith("function ") for d in entry.dependents):
        f.lose(a, label, a.name)
    del entry.columns[a.name]


def rename_attribute(f: Forecast, a: Action) -> None:
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name not in entry.columns:
        f.missing(f"attribute {a.name} of {label}")
    elif a.new_name in entry.columns:
        f.problem(f"attribute {a.new_name} of {label} already exists")
    else:
        entry.columns[a.new_name] = entry.columns.pop(a.name)
        f.leeway.rename(a.name, a.new_name)
        f.leeway.add_renamed(label, a.name, a.new_name)


TYPE_EFFECTS: dict[str, Effect] = {
    "rename_type": rename_other,
    "rename_function": rename_other,
    "rename_publication": rename_other,
    "rename_value": rename_value,
    "add_attribute": add_attribute,
    "drop_attribute": drop_attribute,
    "rename_attribute": rename_attribute,
}
