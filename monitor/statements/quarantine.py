"""What becomes of something that is put aside instead of being dropped, as values, and its name there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from monitor.errors import PlanRefused, Problem
from monitor.plan.forecast.schema_after import Destroyed, Forecast
from monitor.schema.relation import Entry
from monitor.sql.refusals import OWN_SCHEMA
from monitor.sql.scripts import Action, key_of

QUARANTINE_SCHEMA = f"{OWN_SCHEMA}_quarantine"


MAX_BYTES = 63
"""Of an identifier."""

MAX_NAMES = 1000
"""Tries for a free one."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A loss that does not happen: the column's new name, or the schema that the table moves to.

    `renamed`: what changes its name on the way, as TABLE, INDEX or SEQUENCE, old name and new one, since
    an earlier quarantine has the old one there; in the plan's order, the table last.
    """

    loss: Destroyed
    place: str
    renamed: tuple[tuple[str, str, str], ...] = ()

    @property
    def table_name(self) -> str:
        """The new name of a table; "" if it keeps its own."""
        return next((new for kind, _, new in self.renamed if kind == "TABLE"), "")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one action becomes: statements, and what they put aside."""

    statements: tuple[str, ...]
    aside: Quarantined | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """An action that was played on the model. `before`: its relation then; `drops`: data may be lost."""

    model: Forecast
    action: Action
    label: str
    before: Entry
    drops: bool

    @property
    def loss(self) -> Destroyed:
        return self.model.destroyed[-1]

    @property
    def written(self) -> str:
        """The relation, as a key."""
        return key_of(self.action.relation or ())

    @property
    def cascade(self) -> str:
        return " CASCADE" if self.action.cascade else ""


def free_name(column: str, taken: Collection[str]) -> str:
    """The same at every registration until it is taken, so that the same script has the same hash."""
    for n in range(1, MAX_NAMES):
        name = numbered(n, column)
        if name not in taken:
            return name
    raise PlanRefused([Problem("", f"column {column} was quarantined too often: drop the old ones")])


def numbered(number: int, name: str) -> str:
    """Long names that are the same at their beginning stay apart by a digest."""
    found = f"quarantined_{number}_{name}".encode()
    if len(found) <= MAX_BYTES:
        return found.decode()
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{found[: MAX_BYTES - len(digest) - 1].decode(errors='ignore')}_{digest}"
