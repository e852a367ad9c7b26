"""Names without a schema that would mean something else once the plan has made or renamed a relation. Pure.

CREATE looks into the first schema of the search_path only, everything else into all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from monitor.errors import Problem
from monitor.rollback.script.labels import beside, split_label
from monitor.rollback.script.plan import Action, Statement, key_of

CREATED = {"create_table", "create_view", "create_sequence"}

RENAMED = {"rename_relation": "new_name", "create_index": "name", "create_index_concurrently": "name"}
"""Kinds that make a name beside the relation they are about -> where it stands."""

REMEDY = "write the schema before every such name"


def shadowed(
    statements: Sequence[Statement], resolution: Mapping[str, str], quoted: Mapping[str, str],
    path: Sequence[str],
) -> list[Problem]:  # fmt: skip
    """`path`: schemas that are looked into, in order, as the server quotes them."""
    found = []
    bare = {split_label(f"x.{key}")[1]: label for key, label in resolution.items() if '"."' not in key}
    for s in statements:
        for a in s.actions:
            found += [Problem("", what, s.line) for what in _of(a, bare, resolution, quoted, path)]
    return list(dict.fromkeys(found))


def _of(
    a: Action, bare: Mapping[str, str], resolution: Mapping[str, str], quoted: Mapping[str, str],
    path: Sequence[str],
) -> Iterator[str]:  # fmt: skip
    if a.relation is None or a.kind not in CREATED | RENAMED.keys():
        return
    label = resolution[key_of(a.relation)]
    if a.kind in CREATED:
        if len(a.relation) == 1 and path and split_label(label)[0] != path[0]:
            made = beside(f"{path[0]}.x", split_label(label)[2])
            yield f"it makes {made}, and {a.relation[0]} is {label} now: {REMEDY}"
            return
        new = label
    else:
        new = beside(label, quoted[getattr(a, RENAMED[a.kind])])
    schema, name, _ = split_label(new)
    other = bare.get(name, new)
    if other != new and schema in path and _after(split_label(other)[0], schema, path):
        yield f"{name} means {other} now, and {new} once this is done: {REMEDY}"


def _after(schema: str, other: str, path: Sequence[str]) -> bool:
    """Whether `other` is looked into first."""
    return schema not in path or path.index(schema) > path.index(other)
