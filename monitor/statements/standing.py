"""Where a statement outside a transaction stands, as values: not done, done, or left half done.

What the catalogue says of each kind is with the kind; what is done about it is not of this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.sql.labels import beside
from monitor.sql.scripts import Action, key_of


class State(StrEnum):
    UNTOUCHED = "untouched"  # as before the statement, or it is one that does no harm done again
    DONE = "done"  # the post-condition holds
    LEFTOVER = "leftover"  # what an interruption leaves: to be cleaned up
    FOREIGN = "foreign"  # something else is in the way


@dataclass(frozen=True, slots=True)
class Found:
    """`what` for people; `remedies` are the statements that clean a leftover up, outside a transaction."""

    state: State
    what: str = ""
    remedies: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether a statement that was never started must not begin: this is not of its making."""
        return self.state is State.FOREIGN or (self.state is State.LEFTOVER and bool(self.remedies))


UNTOUCHED = Found(State.UNTOUCHED)
DONE = Found(State.DONE)


@dataclass(frozen=True, slots=True)
class Names:
    """What names of a plan mean. `resolution`: as written -> label; `quoted`: new ones, as written back."""

    resolution: Mapping[str, str]
    quoted: Mapping[str, str]

    def label(self, a: Action) -> str:
        return self.resolution[key_of(a.relation or ())]

    def beside(self, a: Action) -> str:
        """What the action makes beside its relation."""
        return beside(self.label(a), self.quoted[a.name])
