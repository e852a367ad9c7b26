"""Foreign keys that the plan itself makes: whose rows a later statement of it reaches through them.

Those that are there already say so themselves: `carries` of a dependent in the fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.plan.forecast.entries import followers
from monitor.plan.forecast.schema_after import Forecast, MadeKey
from monitor.schema.relation import Relation
from monitor.sql.action_shapes import Reference


def make_keys(f: Forecast, label: str, references: Sequence[Reference]) -> None:
    """Notes that the table `label` now refers to others.

    The parent's dependents are then not to be foretold: how an unnamed key is called is the server's.
    """
    for key in references:
        if (parent := f.resolution.get(key.parent)) is None:
            continue
        f.made_keys.append(
            MadeKey(f.was(parent), f.was(label), frozenset(key.events), frozenset(key.columns))
        )
        f.leeway.loose.add((parent, "dependents"))


def reached(f: Forecast, label: str, event: str, column: str = "") -> list[str]:
    """Tables, under their names before the plan, whose rows are deleted or changed with those of `label`.

    `event`: UPDATE or DELETE; `column` "": any may be changed.
    """
    entry = f.relation(label)
    found = set(followers(entry, event, column)) if entry else set()
    first = [
        k for k in f.made_keys
        if k.parent == f.was(label) and event in k.events
        and (not column or not k.columns or column in k.columns)
    ]  # fmt: skip
    left = [*found, *(k.child for k in first)]
    found |= {k.child for k in first}
    while left:
        table = left.pop()
        new = {*_beyond(f, table)} - found
        found |= new
        left += new
    return sorted(found)


def _beyond(f: Forecast, table: str) -> Iterator[str]:
    """Whatever hangs on a row that is carried away or changed, by keys of now and of the plan."""
    yield from (k.child for k in f.made_keys if k.parent == table and k.events)
    if not any(k.child == table for k in f.made_keys):
        return  # what is carried on from there, `carries` has said already
    for label, entry in f.relations.items():
        if isinstance(entry, Relation) and f.was(label) == table:
            for event in ("DELETE", "UPDATE"):
                yield from followers(entry, event)
