"""Names without a schema that would mean something else once the plan has made, renamed or dropped. Pure.

CREATE looks into the first schema of the search_path only, everything else into all of them: where the plan
takes a table away, or what goes with it, the next of that name is found, which nobody has looked at. Where
there is no other, a second DROP … IF EXISTS has nothing to do, and is left out, since one may come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.errors import Problem
from monitor.plan.forecast.already import TABLES
from monitor.plan.forecast.schema_after import Forecast, modelled
from monitor.schema.compare import tokens
from monitor.schema.other_objects import COMMENT, other_key
from monitor.schema.relation import Fingerprint
from monitor.schema.scope import Scope
from monitor.sql.labels import beside, split_label
from monitor.sql.scripts import Action, Statement, Written, key_of
from monitor.statements.kind import Trait
from monitor.statements.others import other_of, renamed
from monitor.statements.registry import kind_of

GO_ALONG = {"statistics", "type"}
"""Sorts beside relations that go with a table."""

REMEDY = "write the schema before every such name"

_BARE = re.compile(r'"((?:[^"]|"")*)"(?!\.)')
"""Begins a function's or a type's key that has no schema."""

_NAME = re.compile(r'(?:("(?:[^"]|"")*")\.)?"((?:[^"]|"")*)"')
"""Begins any such key: its schema, and its name."""


@dataclass(slots=True)
class _Names:
    """What the names of a plan mean, while it is played."""

    resolution: Mapping[str, str]
    quoted: Mapping[str, str]
    scope: Scope
    now: Fingerprint
    model: Forecast
    made: dict[str, int] = field(default_factory=dict)  # relation of the plan's making -> `taken` then
    gone: set[str] = field(default_factory=set)  # keys of functions and their like
    taken: int = 0  # statements with which more may have gone than they name
    anything: int = 0

    @property
    def path(self) -> Sequence[str]:
        return self.scope.path

    def bare(self) -> dict[str, str]:
        """Names that the plan writes without a schema -> labels."""
        return {split_label(f"x.{k}")[1]: label for k, label in self.resolution.items() if '"."' not in k}

    def label(self, written: Written) -> str:
        return self.resolution.get(key_of(written), "")

    def was_there(self, label: str) -> bool:
        return label in self.made or self.now.relations.get(label) is not None

    def is_gone(self, label: str) -> bool:
        """Whether an earlier statement took it away."""
        return self.was_there(label) and self.model.relations.get(label) is None

    def may_be_gone(self, label: str) -> bool:
        """Of what goes with other things it is not followed with which."""
        entry = self.now.relation(label) if label not in self.made else None
        table = entry is not None and entry.kind in TABLES
        return (self.anything if table else self.taken) > self.made.get(label, 0)

    def beside(self, written: Written, label: str) -> str:
        """Another relation that the name would mean, or ""."""
        made = [m for m in self.made if split_label(m)[1] == written[-1] and split_label(m)[0] in self.path]
        others = [*self.scope.relations.get(key_of(written), ()), *made]
        return next((o for o in others if o != label and not self.is_gone(o)), "")


def shadowed(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str],
    scope: Scope, now: Fingerprint,
) -> list[Problem]:  # fmt: skip
    """`now`: what the plan touches, before its first statement."""
    found = []
    for names, s in _playing(statements, resolution, quoted, scope, now):
        found += [Problem("", what, s.line) for what in _against(names, s)]
    return list(dict.fromkeys(found))


def idle(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str],
    scope: Scope, now: Fingerprint,
) -> dict[int, str]:  # fmt: skip
    """Steps that have nothing to do, since an earlier one did it -> why, for people."""
    found = {}
    before: set[tuple[object, ...]] = set()
    for names, s in _playing(statements, resolution, quoted, scope, now):
        same = _same(s)
        if any(_against(names, s)):
            continue
        if (gone := [_taken_from(names, a) for a in s.actions]) and all(gone):
            found[s.step] = f"an earlier statement takes {', '.join(dict.fromkeys(gone))} away"
        elif same in before and all(_is_made(names, a) for a in s.actions):
            found[s.step] = "an earlier statement does the same"
        before.add(same)
    return found


def names_beside(statements: Sequence[Statement]) -> set[str]:
    """Names of functions and their like, without schema: what `known` of a scope is asked for."""
    others = [_other(a) for s in statements for a in s.actions]
    return {m[2].replace('""', '"') for o in others if o and (m := _NAME.match(o[1]))}


def _other(a: Action) -> tuple[str, str] | None:
    """What an action is about beside relations; a comment is about nothing that has a name of its own."""
    other = other_of(a, "")
    return None if other is None or other[0] == COMMENT else other


def _names_beside(a: Action) -> bool:
    """Whether it makes a name beside the relation that it is about."""
    kind = kind_of(a)
    return kind.new_name is not None and not kind.has(Trait.MOVES_TO_SCHEMA)


def _playing(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str],
    scope: Scope, now: Fingerprint,
) -> Iterator[tuple[_Names, Statement]]:  # fmt: skip
    """Each statement with what names mean before it."""
    names = _Names(resolution, quoted, scope, now, Forecast(modelled(now), resolution, quoted))
    for s in statements:
        yield names, s
        for a in s.actions:
            kind_of(a).effect(names.model, a)
        for a in s.actions:
            _played(names, a)


def _against(names: _Names, s: Statement) -> Iterator[str]:
    made = {a.relation for a in s.actions if kind_of(a).has(Trait.MAKES_RELATION)}
    own = {a.relation for a in s.actions if a.relation}
    for w in dict.fromkeys((*s.relations, *own)):
        if len(w) == 1 and w not in made and (what := _after(names, w)):
            yield what
        elif w not in own and names.is_gone(label := names.label(w)):  # of its own the forecast says so
            yield f"an earlier statement takes {label} away, which this one needs: move it before that"
    for a in s.actions:
        yield from _of(names, a)
        yield from _of_other(names, a)


def _after(names: _Names, written: Written) -> str:
    """What is wrong with a name of something that an earlier statement took away, or ""."""
    label = names.label(written)
    is_gone = names.is_gone(label)
    if not label or not (is_gone or names.may_be_gone(label)):
        return ""
    other = names.beside(written, label)
    return _next("takes" if is_gone else "may take", label, other) if other else ""


def _next(takes: str, label: str, other: str) -> str:
    return (
        f"an earlier statement {takes} {label} away, and the next of that name in the search_path would be "
        f"found, {other}: {REMEDY}"
    )


def _of(names: _Names, a: Action) -> Iterator[str]:
    """A relation that comes to a name."""
    is_made = kind_of(a).has(Trait.MAKES_RELATION)
    if a.relation is None or not (is_made or _names_beside(a)):
        return
    label, path = names.resolution[key_of(a.relation)], names.path
    if is_made:
        if len(a.relation) == 1 and path and split_label(label)[0] != path[0]:
            made = beside(f"{path[0]}.x", split_label(label)[2])
            yield f"it makes {made}, and {a.relation[0]} is {label} now: {REMEDY}"
            return
        new = label
    else:
        new = kind_of(a).new_label(a, label, names.quoted)
    schema, name, _ = split_label(new)
    other = names.bare().get(name, new)
    if other != new and schema in path and _later(split_label(other)[0], schema, path):
        yield f"{name} means {other} now, and {new} once this is done: {REMEDY}"


def _of_other(names: _Names, a: Action) -> Iterator[str]:
    """A function or type: made in the first schema, or found in a later one after the plan dropped it."""
    other = _other(a)
    if other is None or other[0] == "schema" or (written := _NAME.match(other[1])) is None:
        return
    key, sort, name = other_key(*other), other[0], written[2].replace('""', '"')
    if sort == "function" and "(" not in other[1]:
        yield from _of_several(names, name, written[1])
    if written[1]:
        return
    there = names.now.others.get(key)
    label = there.label.partition(" ")[2] if there else ""
    schema = split_label(label.partition("(")[0])[0]
    if kind_of(a).makes and not kind_of(a).renames:
        if label and names.path and schema != names.path[0]:
            yield f"it makes {other[1]} in {names.path[0]}, and {other[1]} is {label} now: {REMEDY}"
        return
    is_gone, may_be = key in names.gone, sort in GO_ALONG and names.taken > 0
    beside_it = next(names.scope.elsewhere(sort, name, schema), "") if label else ""
    if beside_it and (is_gone or may_be):
        yield _next("takes" if is_gone else "may take", label, f"{sort} {name} in {beside_it}")


def _of_several(names: _Names, name: str, schema: str | None) -> Iterator[str]:
    """A function that is named without its arguments, of which there must be one alone."""
    known = names.scope.known.get(("function", name), {})
    where = [schema.strip('"')] if schema else [s.strip('"') for s in names.path]
    found = sum(number for s, number in known.items() if s.strip('"') in where)
    if found > 1:
        yield f"{found} functions are called {name}, and it names none by its arguments: write them"


def _taken_from(names: _Names, a: Action) -> str:
    """What an earlier statement took away and this one would tolerate to miss; "" when it is otherwise."""
    if a.relation is not None:
        label = names.label(a.relation)
        tolerated = a.relation_if_exists or (a.if_exists and kind_of(a).has(Trait.OF_RELATION))
        return label if tolerated and names.is_gone(label) else ""
    other = other_of(a, "") if a.if_exists and kind_of(a).has(Trait.DROPS) else None
    return other[1] if other and other_key(*other) in names.gone else ""


def _same(s: Statement) -> tuple[object, ...]:
    """What a statement shares with one that makes the same, with or without IF NOT EXISTS."""
    words = (w.lower() for w in tokens(s.text))
    return (*(w for w in words if w not in {"if", "not", "exists"}),
            *(replace(a, if_exists=False) for a in s.actions))  # fmt: skip


def _is_made(names: _Names, a: Action) -> bool:
    """Whether IF NOT EXISTS finds what it would make."""
    kind = kind_of(a)
    if a.relation is None or not a.if_exists or not kind.has(Trait.SAME_TWICE):
        return False
    label = kind.new_label(a, names.label(a.relation), names.quoted) or names.label(a.relation)
    entry = names.model.relation(label)
    if kind.made == "columns" and entry:
        return a.name in entry.columns
    return names.model.relations.get(label) is not None


def _played(names: _Names, a: Action) -> None:
    kind = kind_of(a)
    names.taken += kind.has(Trait.TAKES_MORE) or a.cascade
    names.anything += kind.has(Trait.TAKES_ANYTHING)
    if a.relation is not None and kind.has(Trait.MAKES_RELATION):
        names.made[names.label(a.relation)] = names.taken
    if a.relation is not None and _names_beside(a):
        names.made[kind.new_label(a, names.label(a.relation), names.quoted)] = names.taken
    if other := _other(a):
        key = other_key(*other)
        if kind.has(Trait.DROPS) or renamed(a):
            names.gone.add(key)
        else:
            names.gone.discard(key)
        if new := renamed(a):
            names.gone.discard(other_key(*new))


def _later(schema: str, other: str, path: Sequence[str]) -> bool:
    """Whether `other` is looked into first."""
    return schema not in path or path.index(schema) > path.index(other)
