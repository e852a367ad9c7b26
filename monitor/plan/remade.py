"""What a plan drops and makes again: a DROP takes along what no CREATE of the same name brings back.

Owner, privileges, comments, triggers, rules and policies of a view, the right of PUBLIC to execute a
function: what there was is read at registration and told, and compared after the last statement. What the
text of the CREATE says (columns, definitions) is the plan's business. This file asks no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.schema import excerpts
from monitor.schema.objects import NAMED, Objects
from monitor.schema.other_objects import other_key
from monitor.schema.relation import Fingerprint
from monitor.sql.scripts import Action, Statement, key_of
from monitor.statements.others import other_of
from monitor.statements.registry import kind_of

SAID = {
    "": frozenset({"kind", "definition", "type", "default", "not_null", "labels", "sequence", "constraints",
                   "columns", "persistence", "access_method", "partition_key", "partition_bound",
                   "parents", "of_type", "populated", "owned_by", "collation"}),
    "columns": frozenset({"type", "default", "not_null", "identity", "generated", "collation", "inherited",
                          "local_too"}),
    "constraints": frozenset({"definition", "inherited", "local_too"}),
    "indexes": frozenset({"definition", "valid", "part_of"}),
    "triggers": frozenset({"definition"}),
}  # fmt: skip
"""What the text that makes a thing says of it."""

OF_A_COLUMN = ("privileges", "comment", "statistics", "options")
"""Of a column of a relation that is made again whole."""

NEVER_MADE = (
    "enabled", "statistics", "storage", "row_security", "replica_identity", "key_triggers", "clustered"
)  # fmt: skip
"""What no statement that a plan may hold sets, or but one does."""

PUBLIC = "="


@dataclass(frozen=True, slots=True)
class Remade:
    """One thing: `label` as in a fingerprint of the whole schema; of a part of it `part` and `name`."""

    label: str
    part: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.label}: {NAMED[self.part]} {self.name}" if self.part else self.label


def found(
    statements: Sequence[Statement], fingerprint: Fingerprint, resolution: Mapping[str, str]
) -> tuple[Remade, ...]:
    """What was there at registration, is dropped by the plan (by CASCADE, perhaps) and then made by it."""
    gone: set[Remade] = set()
    cascades = False
    again: dict[Remade, None] = {}
    for action in (a for s in statements for a in s.actions):
        thing = _thing(action, fingerprint, resolution)
        if kind_of(action).dropped is not None:
            gone |= {thing, *_on(thing, fingerprint)} if thing else set()
            cascades |= action.cascade
        elif thing and (thing in gone or (cascades and not action.if_exists)):
            again[thing] = None
    return tuple(again)


def _on(dropped: Remade, fingerprint: Fingerprint) -> Iterator[Remade]:
    """What stands on a column goes with it."""
    entry = fingerprint.relation(dropped.label)
    if dropped.part != "columns" or entry is None:
        return
    for part in ("indexes", "constraints", "triggers"):
        for name in entry.on_column(part, dropped.name):
            yield Remade(dropped.label, part, name)


def _thing(a: Action, fingerprint: Fingerprint, resolution: Mapping[str, str]) -> Remade | None:
    kind = kind_of(a)
    part = kind.made if kind.dropped is None else kind.dropped
    if part is None:
        return None
    if a.relation is None:
        other = other_of(a, "")
        entry = fingerprint.others.get(other_key(*other)) if other else None
        return Remade(entry.label) if entry and entry.label else None
    label = resolution[key_of(a.relation)]
    if kind.dropped == "indexes":
        index = fingerprint.relation(label)
        return Remade(index.table or "", part, label.rpartition(".")[2].strip('"')) if index else None
    return Remade(label, part, a.name if part else "")


def kept(things: Sequence[Remade], now: Objects) -> dict[str, Any]:
    """What is stored: of each thing that is there what only a comparison can bring back to mind."""
    return {str(t): [t.label, t.part, t.name, facts] for t in things if (facts := _facts(t, now)) is not None}


def _facts(thing: Remade, objects: Objects) -> dict[str, Any] | None:
    entry = objects.get(thing.label)
    if entry is None:
        return None
    if thing.part:
        one = entry.get(thing.part, {}).get(thing.name)
        return None if one is None else {k: v for k, v in one.items() if k not in SAID[thing.part]}
    facts = {k: v for k, v in entry.items() if k not in SAID[""]}
    by_key = entry.get("constraints", {})
    indexes = {n: i for n, i in entry.get("indexes", {}).items() if n not in by_key}
    columns = {name: {k: c[k] for k in OF_A_COLUMN if k in c} for name, c in entry.get("columns", {}).items()}
    return {**facts, "indexes": indexes, "columns": columns}


def lost(stored: Mapping[str, Any], now: Objects, statements: Sequence[Statement]) -> list[str]:
    """`public.v: trigger t is missing`: how what was made again differs from what was dropped."""
    sentences: list[str] = []
    for label, part, name, was in stored.values():
        thing = Remade(label, part, name)
        facts = _facts(thing, now)
        if facts is not None:  # that it is missing is said elsewhere
            sentences += _differences(thing, was, facts, statements)
    return sentences


def _differences(
    thing: Remade, was: Mapping[str, Any], now: Mapping[str, Any], statements: Sequence[Statement]
) -> Iterator[str]:
    for aspect in sorted(was.keys() | now.keys()):
        before, after = was.get(aspect), now.get(aspect)
        if aspect in NAMED and not thing.part:
            yield from _of_parts(thing, aspect, before or {}, after or {}, statements)
        elif before != after and not (aspect == "privileges" and _granted(before, after, statements)):
            yield f"{thing}: {aspect.replace('_', ' ')} has changed ({excerpts.change(before, after)})"


def _of_parts(
    thing: Remade, part: str, was: Mapping[str, Any], now: Mapping[str, Any], statements: Sequence[Statement]
) -> Iterator[str]:
    """Which of its parts went; a column that went was not written again."""
    for name in sorted(was):
        one = Remade(thing.label, part, name)
        if part == "columns" and name in now:
            yield from _differences(one, was[name], now[name], statements)
        elif part != "columns" and name not in now:
            yield f"{one} is missing"


def _granted(before: Any, after: Any, statements: Sequence[Statement]) -> bool:
    """Whether nothing is lost, and what came is of a GRANT of the plan's own."""
    texts = [
        s.text.lower() for s in statements if any("privileges" in kind_of(a).restores for a in s.actions)
    ]
    come = set(after or ()) - set(before or ())
    to_public = any(item.startswith(PUBLIC) for item in come) or after is None
    return (
        bool(texts)
        and set(before or ()) <= set(after or ())
        and (not to_public or any("public" in text for text in texts))
    )


def told(stored: Mapping[str, Any], statements: Sequence[Statement], role: str) -> tuple[str, ...]:
    """What the plan will not bring back, said at registration. `role`: owns what it makes."""
    actions = [a for s in statements for a in s.actions]
    taken = []
    for label, part, name, was in stored.values():
        lacks = [*_aspects_lost(was, actions, role), *_parts_lost(was, actions)]
        lacks += [f"option {o}" for o in was.get("options", ()) if not any(_names(s, o) for s in statements)]
        if lacks:
            taken.append(f"{Remade(label, part, name)} ({', '.join(lacks)})")
    if not taken:
        return ()
    return (
        f"dropping takes along what the plan does not make again: {'; '.join(taken)}. Executed as it is, the "
        "watch would end `unverified` and page: make it again in the plan, or register with --before if the "
        "schema before the migration had none of it",
    )


def _names(statement: Statement, option: str) -> bool:
    """`security_barrier=true`: by its name, which the text that makes a thing has to say."""
    return option.partition("=")[0] in statement.text.lower()


def _aspects_lost(was: Mapping[str, Any], actions: Sequence[Action], role: str) -> Iterator[str]:
    restored = set().union(*(kind_of(a).restores for a in actions))
    for aspect in NEVER_MADE:
        if was.get(aspect) not in (None, "O") and aspect not in restored:
            yield aspect.replace("_", " ")
    if was.get("owner", role) != role and "owner" not in restored:
        yield f"owner {was['owner']}"
    yield from (aspect for aspect in ("privileges", "comment") if aspect in was and aspect not in restored)


def _parts_lost(was: Mapping[str, Any], actions: Sequence[Action]) -> Iterator[str]:
    made = {(kind_of(a).made, a.name) for a in actions}
    for part in (p for p in NAMED if p != "columns"):
        yield from (f"{NAMED[part]} {name}" for name in was.get(part, {}) if (part, name) not in made)
    granted = any("privileges" in kind_of(a).restores for a in actions)
    commented = {a.name for a in actions if "comment" in kind_of(a).restores}
    for name, column in was.get("columns", {}).items():
        again = {"privileges": granted, "comment": name in commented}
        yield from (f"{aspect} of column {name}" for aspect in column if not again.get(aspect))
