"""One kind of statement as a value: everything that the program asks of it.

Most of it is said by default: a kind says only what is particular to it. This file knows no kind.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import TYPE_CHECKING, TypeAlias

from monitor.schema.other_objects import named
from monitor.sql.classes import Class
from monitor.sql.labels import beside, split_label

if TYPE_CHECKING:
    from monitor.pg import Connection
    from monitor.plan.forecast.schema_after import Effect, Forecast
    from monitor.schema.relation import Relation
    from monitor.sql.facts_parts import Reader
    from monitor.sql.scripts import Action
    from monitor.statements.asked import Asked, Asking, Rows
    from monitor.statements.fitting import Server
    from monitor.statements.quarantine import Aside, Piece
    from monitor.statements.standing import Found, Names


class Loss(StrEnum):
    """How data is protected from a kind."""

    NONE = ""
    SALVAGE = "salvage"  # can be copied away first, or accepted
    ACCEPT = "accept"  # only --data-loss accept with the name


class Trait(Flag):
    """What else is so of a kind, each by itself."""

    NONE = 0

    UPKEEP = auto()  # changes neither the schema nor a value of a table: done again it does no harm
    LEAVES_RELATION = auto()  # its relation is afterwards what it was
    LEAVES_ASPECTS = auto()  # owner apart, a relation is afterwards as it was beside its parts
    SHOWS_IN_USERS = auto()  # shows in whatever uses the type or function

    MAKES_RELATION = auto()  # one that is looked for in the first schema of the search_path
    RENAMES_RELATION = auto()
    MOVES_TO_SCHEMA = auto()  # the new name is that of a schema
    MAKES_NAMES = auto()  # names of functions and types may mean something else afterwards
    RELABELS_TYPE = auto()  # a type that has the name now is another one then, or has other labels
    OF_COMPOSITE = auto()  # of a type's attributes: the type is a relation, too
    SAME_TWICE = auto()  # with IF NOT EXISTS a second one does nothing
    NAMES_CONSTRAINTS = auto()  # by their names alone

    DROPS = auto()
    OF_RELATION = auto()  # its IF EXISTS tolerates that the relation is missing, and not a part of it only
    A_PART = auto()  # takes a part of a relation, which stays
    TAKES_MORE = auto()  # more may go than it names: indexes, sequences, views, statistics
    TAKES_ANYTHING = auto()  # any relation may go

    MAKER_OWNS = auto()  # what it makes belongs to whoever made it
    REPLACES = auto()  # what is there keeps its owner, where it tolerates that it is there
    NOBODYS = auto()  # it owns nothing, or does nothing to what is there already

    READS_ROWS = auto()  # or will, when what it makes is asked
    CASTS = auto()  # a value may become another type
    KEEPS_EXPRESSION = auto()  # written down for others to ask
    ROWS_HIDDEN = auto()  # row security applies to it
    MOVES_ROWS = auto()  # may take rows out of a parent
    SPARES_ROWS = auto()  # it may leave rows alone: the whole is the most it can take
    UNCOUNTED = auto()  # what it takes is nothing to be counted

    NOT_LOCKED_FIRST = auto()  # it needs no lock on rows, or says itself which
    BUILDS_INDEX = auto()  # outside a transaction: whether it is the plan's the server has to say
    LOCKS_AT_ITS_END = auto()  # outside a transaction: its end waits for a lock
    AT_ITS_WORD = auto()  # the catalogue shows only that nothing was left half done


def _nothing(f: Forecast, a: Action) -> None:
    """The schema does not show it."""


def _name(a: Action, _: str) -> str:
    return named("", a)[1]


def _alone(_: Action) -> tuple[str, ...]:
    return ()


def always(_: Action) -> bool:
    """What it leaves is known to the last word of its definition, or is known to be gone."""
    return True


def _never(_: Action) -> bool:
    """It leaves nothing that the schema shows, or something that can't be foretold, or is known by its name
    only: somebody else's new version of a view is not the old one back."""
    return False


Condition: TypeAlias = "Callable[[Connection, Names, Action], Awaitable[Found]]"
"""Where a statement outside a transaction stands, as the catalogue says."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of statement. Hooks get values, and a connection where they have to ask the server."""

    statement: str
    """As people write it."""
    klass: Class
    loss: Loss = Loss.NONE
    scans: bool = False  # reads or rewrites the whole table under the lock
    transactional: bool = True  # False: PostgreSQL runs it outside a transaction only
    traits: Trait = Trait.NONE

    # what it does to the modelled schema
    effect: Effect = _nothing
    together: Effect = _nothing  # before the effects of a statement with several actions: what goes at once

    # names
    other: str = ""  # what it is about beside relations: function, type, schema, comment …
    name_of_other: Callable[[Action, str], str] = _name  # by the action and its relation's label
    renames: bool = False  # to the action's new name, in the same schema
    makes: str = ""  # the sort of which there may be one afterwards that nobody foretells
    new_name: Callable[[Action], str] | None = None  # a name that is not there yet, beside its relation
    also: Callable[[Action], tuple[str, ...]] = _alone  # other relations that it changes, as keys

    # rows and values
    events: int = 0  # that triggers wait for, as pg_trigger.tgtype has them; 0: it writes no row
    switches: bool | None = None  # a trigger, on or off
    demands: Callable[[Asking, Action, Rows | None], Iterator[Asked]] | None = None  # what rows may not be
    fits: Callable[[Server, Action], Awaitable[str]] | None = None  # what the server has against it, or ""
    rewrite: Callable[[Connection, Aside], Awaitable[Piece]] | None = None  # to put aside what it destroys
    itself: Callable[[Aside], str] | None = None  # the same action as a statement of its own

    # by what its effect is known
    trace: Callable[[Action], bool] = _never  # whether the schema shows beyond doubt that it was done
    condition: Condition | None = None  # outside a transaction
    made: str | None = None  # the part of a relation that it makes by name; "": what it makes is whole
    dropped: str | None = None  # the same of what it drops
    restores: frozenset[str] = frozenset()  # aspects of something that it gives back

    # locks beside its own relation's
    keys: Callable[[Relation | None, Action], Iterator[str]] | None = None  # constraints that go; "": all
    refers: Callable[[Action], str] | None = None  # the table that a new foreign key points to, as a key

    # the grammar
    read: Mapping[str, Reader] = field(default_factory=dict)  # place in the tree -> its facts: see reading.py

    @property
    def writes(self) -> bool:
        """Whether it writes rows, which the schema does not show."""
        return self.events != 0

    @property
    def reads_rows(self) -> bool:
        """Whether it looks at rows, or will when what it makes is asked."""
        return self.writes or self.has(Trait.READS_ROWS)

    @property
    def casts(self) -> bool:
        """Whether a value may become another type in it."""
        return self.reads_rows or self.has(Trait.CASTS)

    def has(self, trait: Trait) -> bool:
        return trait in self.traits

    def new_label(self, a: Action, label: str, quoted: Mapping[str, str]) -> str:
        """The relation that will be there, qualified; "" when the kind makes no name."""
        if self.new_name is None:
            return ""
        new = quoted[self.new_name(a)]
        return f"{new}.{split_label(label)[2]}" if self.has(Trait.MOVES_TO_SCHEMA) else beside(label, new)
