"""What a plan makes and takes away again, and comments on what is called otherwise then.

A relation of the plan's own making is ANY in the model: only that it is there is foretold.
"""

from __future__ import annotations

from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Other, Relation
from monitor.sql.labels import bare
from monitor.sql.scripts import Action


def make_index(f: Forecast, table: str, index: str) -> None:
    f.relations[index] = ANY
    f.made_on[index] = table


def forget_made(f: Forecast, a: Action) -> bool:
    """Drops what the plan itself made; False when it is no such thing."""
    label = f.label(a)
    if f.relations.get(label) is not ANY:
        return False
    f.relations[label] = None
    if table := f.relation(f.made_on.pop(label, "")):
        table.indexes.pop(bare(label), None)
    forget_indexes_on(f, label)
    forget_comments(f, label)
    f.forget(label)
    return True


def forget_indexes_on(f: Forecast, table: str) -> None:
    """Indexes of the plan's own making go with their table."""
    for index in [i for i, of in f.made_on.items() if of == table]:
        f.relations[index] = None
        del f.made_on[index]


def forget_owned(f: Forecast, owner: str) -> None:
    """Sequences that belong to a table, or to one of its columns, go with it."""
    for label, entry in list(f.relations.items()):
        if isinstance(entry, Relation) and _is_owned(entry, owner):
            f.relations[label] = None
            f.forget(label)


def move_owned(f: Forecast, old: str, new: str) -> None:
    """Their owner is called otherwise."""
    for entry in f.relations.values():
        if isinstance(entry, Relation) and _is_owned(entry, old):
            entry.owned_by = f"{new}{(entry.owned_by or '').removeprefix(old)}"


def _is_owned(entry: Relation, owner: str) -> bool:
    column = entry.owned_by or ""
    return column == owner or column.startswith(f"{owner}.")


def forget_comments(f: Forecast, label: str, new: str = "") -> None:
    """Nothing of this name is there any more: its comments are gone, or are those of the `new` name."""
    for key in [k for k in f.others if k == f"comment on {label}" or _of(k) == label]:
        _move(f, key, f"{key.removesuffix(label)}{new}" if new else "")


def forget_comment(f: Forecast, label: str, part: str, name: str, new: str = "") -> None:
    """The same of a column or constraint of a relation."""
    key = f"comment on {part} {name} of {label}"
    if key in f.others:
        _move(f, key, f"comment on {part} {new} of {label}" if new else "")


def _move(f: Forecast, key: str, new: str) -> None:
    if new in f.others:
        f.others[new] = f.others[key]
    f.others[key] = Other("", "", None, [])


def _of(key: str) -> str:
    """`comment on column email of public.contacts` -> `public.contacts`."""
    return key.rpartition(" of ")[2] if key.startswith("comment on ") else ""
