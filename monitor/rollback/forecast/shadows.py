"""Names without a schema that would mean something else once the plan has made, renamed or dropped. Pure.

CREATE looks into the first schema of the search_path only, everything else into all of them: where the plan
takes a table away, the next of that name is found, which nobody has looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.errors import Problem
from monitor.rollback.schema.others import other_key, other_of, renamed
from monitor.rollback.script.labels import beside, split_label
from monitor.rollback.script.plan import Action, Statement, Written, key_of

CREATED = {"create_table", "create_view", "create_materialized_view", "create_sequence"}

RENAMED = {"rename_relation": "new_name", "create_index": "name", "create_index_concurrently": "name"}
"""Kinds that make a name beside the relation they are about -> where it stands."""

GONE = {
    "drop_table", "drop_view", "drop_materialized_view", "drop_sequence", "drop_index",
    "drop_index_concurrently", "rename_relation", "set_schema",
}  # fmt: skip
"""Kinds after which nothing has the name any more."""

REMEDY = "write the schema before every such name"

_BARE = re.compile(r'"(?:[^"]|"")*"(?!\.)')
"""Begins a function's or a type's key that has no schema."""


@dataclass(slots=True)
class _Names:
    """What the names of a plan mean, while it is played."""

    resolution: Mapping[str, str]
    quoted: Mapping[str, str]
    path: Sequence[str]
    others: Mapping[str, Any]
    gone: set[str] = field(default_factory=set)  # labels, and keys of functions and types

    def bare(self) -> dict[str, str]:
        """Names that the plan writes without a schema -> labels."""
        return {split_label(f"x.{k}")[1]: label for k, label in self.resolution.items() if '"."' not in k}


def shadowed(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str],
    path: Sequence[str], others: Mapping[str, Any],
) -> list[Problem]:  # fmt: skip
    """`path`: schemas that are looked into, in order and quoted; `others` of a fingerprint."""
    names = _Names(resolution, quoted, path, others)
    found = []
    for s in statements:
        made = {a.relation for a in s.actions if a.kind in CREATED}
        written = dict.fromkeys((*s.relations, *(a.relation for a in s.actions if a.relation)))
        found += [Problem("", what, s.line) for w in written if w not in made for what in _after(names, w)]
        for a in s.actions:
            found += [Problem("", what, s.line) for what in (*_of(names, a), *_of_other(names, a))]
        for a in s.actions:
            _played(names, a)
    return list(dict.fromkeys(found))


def _after(names: _Names, written: Written) -> Iterator[str]:
    """A name of something that an earlier statement took away."""
    label = names.resolution.get(key_of(written), "")
    if len(written) == 1 and label in names.gone and split_label(label)[0] != (*names.path, "")[-1]:
        yield f"an earlier statement takes {label} away, and {SEARCHED}: {REMEDY}"


SEARCHED = "the next of that name in the search_path would be found"


def _of(names: _Names, a: Action) -> Iterator[str]:
    """A relation that comes to a name."""
    if a.relation is None or a.kind not in CREATED | RENAMED.keys():
        return
    label, path = names.resolution[key_of(a.relation)], names.path
    if a.kind in CREATED:
        if len(a.relation) == 1 and path and split_label(label)[0] != path[0]:
            made = beside(f"{path[0]}.x", split_label(label)[2])
            yield f"it makes {made}, and {a.relation[0]} is {label} now: {REMEDY}"
            return
        new = label
    else:
        new = beside(label, names.quoted[getattr(a, RENAMED[a.kind])])
    schema, name, _ = split_label(new)
    other = names.bare().get(name, new)
    if other != new and schema in path and _later(split_label(other)[0], schema, path):
        yield f"{name} means {other} now, and {new} once this is done: {REMEDY}"


def _of_other(names: _Names, a: Action) -> Iterator[str]:
    """A function or type: made in the first schema, or found in a later one after the plan dropped it."""
    other = None if a.kind == "comment" else other_of(a, "")
    if other is None or other[0] == "schema" or not _BARE.match(other[1]) or len(names.path) < 2:
        return
    key = other_key(*other)
    label = str(((names.others.get(key) or {}).get("label")) or "").partition(" ")[2]
    if a.kind.startswith("create_") and label and not label.startswith(f"{names.path[0]}."):
        yield f"it makes {other[1]} in {names.path[0]}, and {other[1]} is {label} now: {REMEDY}"
    elif a.kind.startswith("drop_") and key in names.gone:
        yield f"an earlier statement takes {label or other[1]} away, and {SEARCHED}: {REMEDY}"


def _played(names: _Names, a: Action) -> None:
    if a.relation is not None and a.kind in GONE:
        names.gone.add(names.resolution[key_of(a.relation)])
    if a.relation is not None and a.kind in CREATED:
        names.gone.discard(names.resolution[key_of(a.relation)])
    if a.relation is not None and a.kind in RENAMED:
        label = names.resolution[key_of(a.relation)]
        names.gone.discard(beside(label, names.quoted[getattr(a, RENAMED[a.kind])]))
    if a.kind != "comment" and (other := other_of(a, "")):
        key = other_key(*other)
        if a.kind.startswith("drop_") or renamed(a):
            names.gone.add(key)
        else:
            names.gone.discard(key)
        if new := renamed(a):
            names.gone.discard(other_key(*new))


def _later(schema: str, other: str, path: Sequence[str]) -> bool:
    """Whether `other` is looked into first."""
    return schema not in path or path.index(schema) > path.index(other)
