"""What the schema will be after the plan: preconditions, notices and losses fall out on the way.

`foresee` takes the fingerprint of now and the statements and plays them in order, without a database.
Registration refuses by its problems; the post-condition is that the schema equals `expected`.
What each kind does to the model it says itself: see monitor/statements.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.errors import Problem
from monitor.schema.compare import Leeway
from monitor.schema.relation import ANY, Column, Entry, Fingerprint, Other, Relation, known
from monitor.sql.labels import belongs, moved
from monitor.sql.scripts import Action, Statement, key_of


@dataclass(frozen=True, slots=True)
class Destroyed:
    """Data a step would destroy: of a table (`column` "") or one column, under its name before the plan."""

    step: int
    line: int
    kind: str
    label: str
    column: str = ""

    @property
    def name(self) -> str:
        return f"{self.label}.{self.column}" if self.column else self.label


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A foreign key of the plan's making, tables under their names before the plan.

    `events` at a parent's row change or delete the child's; `columns` of the parent, empty for its key.
    """

    parent: str
    child: str
    events: frozenset[str]
    columns: frozenset[str]


@dataclass(slots=True)
class Forecast:
    """The model while it is played, and in the end what is expected."""

    expected: Fingerprint
    resolution: Mapping[str, str]
    quoted: Mapping[str, str]  # new names of the plan as the server writes them
    leeway: Leeway = field(default_factory=Leeway)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    destroyed: list[Destroyed] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)  # identities that earlier steps took away
    scanned: set[tuple[int, str]] = field(default_factory=set)  # step, what it reads or writes as a whole
    worked_on: Counter[str] = field(default_factory=Counter)  # relation -> actions under its lock
    made_on: dict[str, str] = field(default_factory=dict)  # index of the plan's making -> its table
    made_keys: list[MadeKey] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)  # dependents that CASCADE takes along
    unidentified: dict[str, Problem] = field(default_factory=dict)  # published tables left without a key
    uncast: dict[tuple[int, str, str], Problem] = field(default_factory=dict)  # step, table, column
    step: int = 0
    line: int = 0

    @property
    def relations(self) -> dict[str, Entry]:
        return self.expected.relations

    @property
    def others(self) -> dict[str, Other | None]:
        return self.expected.others

    def relation(self, label: str | None) -> Relation | None:
        """None: it is not there, or of the plan's making."""
        return self.expected.relation(label)

    def problem(self, what: str) -> None:
        self.problems.append(Problem("", what, self.line))

    def notice(self, what: str) -> None:
        self.notices.append(f"line {self.line}: {what}")

    def absent(self, what: str, tolerated: bool) -> None:
        """Something a statement names is not there: a notice with IF EXISTS, else a problem."""
        if tolerated:
            self.notice(f"{what} does not exist: the statement will do nothing")
        else:
            self.missing(what)

    def missing(self, what: str) -> None:
        """Something a statement needs is not there, most often because the migration is not applied yet."""
        self.problem(f"{what} does not exist: apply the migration first, or correct the name")

    def label(self, action: Action) -> str:
        return self.resolution[key_of(action.relation or ())]

    def scan(self, label: str) -> None:
        """The relation is read or rewritten as a whole under the lock: once, whatever the statement does."""
        self.scanned.add((self.step, self.was(label)))

    def work_on(self, label: str) -> None:
        """Every partition of the relation is worked on, too."""
        self.worked_on[self.was(label)] += 1

    def was(self, label: str) -> str:
        """Its name before the plan; one that the plan makes is called as it is."""
        entry = self.relation(label)
        return (entry.was or label) if entry else label

    def lose(self, action: Action, label: str, column: str = "") -> None:
        """Notes a loss under the names from before the plan; what the plan itself created is no loss."""
        entry = self.relation(label)
        if entry is None or not entry.was:
            return
        there = entry.columns.get(column)
        if there is ANY:  # of the plan's own making
            return
        was = (there.was or column) if isinstance(there, Column) else column
        self.destroyed.append(Destroyed(self.step, self.line, action.kind, entry.was, was))

    def lose_also(self, action: Action, label: str, column: str = "") -> None:
        """Notes rows of a table that is not named: a foreign key or inheritance carries it on to them."""
        self.destroyed.append(Destroyed(self.step, self.line, action.kind, label, column))

    def forget(self, identity: str) -> None:
        """An object is gone: nobody depends on it or through it any more."""
        self.dropped.add(identity)
        for entry in self._entries():
            for key in [k for k in entry.dependents if belongs(k, identity)]:
                del entry.dependents[key]
        self.release(identity)

    def release(self, identity: str) -> None:
        """It no longer stands on functions and types: they may be dropped."""
        for other in self._others():
            other.dependents = [d for d in other.dependents if not belongs(d, identity)]

    def move(self, old: str, new: str) -> None:
        """An object, or the relation it is of, is called otherwise from now on: so are those who depend."""
        for entry in self._entries():
            entry.dependents = {moved(k, old, new): d for k, d in entry.dependents.items()}
        for other in self._others():
            other.dependents = [moved(d, old, new) for d in other.dependents]

    def _entries(self) -> list[Relation]:
        every = [*self.relations.values(), *self.expected.descendants.values()]
        return [entry for entry in every if isinstance(entry, Relation)]

    def _others(self) -> list[Other]:
        return [other for other in self.others.values() if other and other.dependents]


Effect = Callable[[Forecast, Action], None]


class Playable(Protocol):
    """What playing asks of a kind of statement. `together`: before the effects, where one takes several."""

    @property
    def effect(self) -> Effect: ...
    @property
    def together(self) -> Effect: ...


def foresee(
    now: Fingerprint,
    statements: Sequence[Statement],
    resolution: Mapping[str, str],
    quoted: Mapping[str, str],
    kinds: Mapping[str, Playable],
    named_at: int = 0,
) -> Forecast:
    """Plays the plan on a copy of the fingerprint; losses have the names from after `named_at` statements."""
    forecast = Forecast(modelled(now), resolution, quoted)
    for n, s in enumerate(statements):
        if n and n == named_at:
            _rename(forecast.expected)
        forecast.step, forecast.line = s.step, s.line
        if len(s.actions) > 1:
            for action in s.actions:
                kinds[action.kind].together(forecast, action)
        for action in s.actions:
            if action.relation and s.transactional:
                forecast.work_on(forecast.label(action))
            kinds[action.kind].effect(forecast, action)
    forecast.problems += [*forecast.unidentified.values(), *forecast.uncast.values()]
    _strip(forecast.expected)
    if statements:
        _loosen_carried(forecast.expected)
    return forecast


def modelled(now: Fingerprint) -> Fingerprint:
    """A copy to play on, with the names from before the plan beside everything that holds data."""
    model = copy.deepcopy(now)
    for label, entry in _read(model):
        entry.was = label
        for name, column in known(entry.columns).items():
            column.was = name
    return model


def _read(model: Fingerprint) -> list[tuple[str, Relation]]:
    return [(label, entry) for label, entry in model.relations.items() if isinstance(entry, Relation)]


def _rename(model: Fingerprint) -> None:
    """The names of this moment beside everything that was there before the plan."""
    for label, entry in _read(model):
        if entry.was:
            entry.was = label
            for name, column in known(entry.columns).items():
                column.was = name if column.was else ""


def _strip(model: Fingerprint) -> None:
    for _, entry in _read(model):
        entry.was = ""
        for column in known(entry.columns).values():
            column.was = ""


def _loosen_carried(model: Fingerprint) -> None:
    """How far a key reaches depends on tables that the plan may change without their being followed here."""
    for _, entry in _read(model):
        for dependent in known(entry.dependents).values():
            if dependent.carries:
                dependent.carries = ANY
