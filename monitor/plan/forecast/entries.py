"""Looking into one relation of the modelled schema: finding it, and taking its dependents along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.errors import Problem
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.compare import NAMED
from monitor.schema.relation import ANY, Dependent, Relation, known
from monitor.sql import action_shapes
from monitor.sql.labels import split_label
from monitor.sql.scripts import Action

LOSSLESS_DEPENDENTS = ("view ", "rule ", "table constraint ", "trigger ", "policy ")
"""What CASCADE may take along: nothing of it holds data."""


def relation_of(f: Forecast, a: Action, tolerated: bool) -> tuple[str, Relation] | None:
    """The relation an action names; None when it is absent (said) or was made by this very plan."""
    label = f.label(a)
    entry = f.relations.get(label)
    if entry is None:
        f.absent(label, tolerated)
        return None
    return None if entry is ANY else (label, entry)


def below(f: Forecast, entry: Relation) -> list[tuple[str, Relation]]:
    """Children, and theirs; but for those that the plan changed beyond recognition."""
    found: dict[str, Relation] = {}
    left = list(entry.children)
    while left:
        label = left.pop()
        child = f.relations.get(label, f.expected.descendants.get(label))
        if isinstance(child, Relation) and label not in found:
            found[label] = child
            left += child.children
    return sorted(found.items(), key=lambda pair: pair[0])


def loosen_below(f: Forecast, entry: Relation) -> None:
    """What a parent got or lost, its children and partitions did too, under names that the server chooses."""
    for label, child in below(f, entry):
        if label in f.relations:
            f.leeway.loose |= {(label, part) for part in NAMED}
            child.primary_key = ANY


def unidentified(f: Forecast, label: str, entry: Relation, what: str, index: str) -> None:
    """Without it every UPDATE and DELETE of a published table fails; an error unless the plan makes a key."""
    if entry.fixed.identity == index:
        f.unidentified[entry.was or label] = Problem(
            "",
            f"without {what} every UPDATE and DELETE of {label} fails, which is published: give it another "
            "REPLICA IDENTITY first, or make the key again",
            f.line,
        )


def has_indexed(f: Forecast, a: Action, label: str, entry: Relation) -> bool:
    """Whether the columns of a new index are there; says which is not. Expressions are not looked into."""
    shape = action_shapes.index(a.shape)
    absent = [c for c in (*shape.columns, *shape.includes) if c and entry.foreseen and c not in entry.columns]
    for column in absent:
        f.missing(f"column {column} of {label}")
    return not absent


def forget_index(f: Forecast, table: str, name: str) -> None:
    """An index went with what it stood on; it is in the schema of its table."""
    schema = split_label(table)[0]
    for label in f.relations:
        if split_label(label)[:2] == (schema, name):
            f.relations[label] = None


def followers(entry: Relation, event: str, column: str = "") -> list[str]:
    """Tables whose foreign keys, one after another, carry a deleted row or a changed column on to theirs.

    `event`: UPDATE or DELETE; `column` "": any may be changed.
    """
    return sorted({
        table for d in known(entry.dependents).values()
        if not column or column in d.columns
        for table in _carried(d).get(event, ())
    })  # fmt: skip


def _carried(d: Dependent) -> Mapping[str, Sequence[str]]:
    return {} if d.carries is None or d.carries is ANY else d.carries


def dependents_on(entry: Relation, column: str) -> list[str]:
    """What stands on a column; of what can't be foretold that is not known."""
    return [key for key, d in known(entry.dependents).items() if column in d.columns]


def cascade(f: Forecast, a: Action, entry: Relation, keys: Sequence[str], what: str) -> None:
    """Dependents stand in the way, or go along with CASCADE if they hold no data."""
    if keys and not a.cascade:
        f.problem(f"{what} is needed by {', '.join(sorted(keys)[:5])}: drop them first")
        return
    for key in sorted(keys):
        if key.startswith(LOSSLESS_DEPENDENTS):
            f.notice(f"CASCADE takes {key} with it (lossless)")
            f.taken.append(key)
            entry.dependents.pop(key, None)
            identity = key.removeprefix("view ").removeprefix("table constraint ")
            f.forget(identity)
            if identity in f.relations:
                f.relations[identity] = None
            if key.startswith("table constraint "):
                _take_constraint(f, identity)
        else:
            f.problem(f"CASCADE would take {key} with it, which can't be shown to be harmless: name it")


def _take_constraint(f: Forecast, identity: str) -> None:
    """`orders_contact_fkey on public.orders`: gone from the other table's entry too."""
    name, _, label = identity.rpartition(" on ")
    if other := f.relation(label):
        other.constraints.pop(split_label(f"x.{name}")[1], None)
