"""What several families do to relations of the modelled schema: no kinds, but the pieces of their effects.

An effect says what is missing or in the way (problem), what will do nothing (notice), what is taken along
silently (notice), and changes the model. It does not touch a database.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.plan.forecast.already import TABLES, relation_already
from monitor.plan.forecast.entries import below, cascade, loosen_below, relation_of
from monitor.plan.forecast.made import forget_comments, forget_indexes_on, forget_made, forget_owned
from monitor.plan.forecast.schema_after import Effect, Forecast
from monitor.schema.relation import ANY, Relation, known
from monitor.sql.scripts import Action
from monitor.statements.kind import Trait

MAKES = Trait.MAKES_RELATION | Trait.MAKER_OWNS

DROPS = Trait.DROPS | Trait.OF_RELATION | Trait.TAKES_MORE


def inherited(effect: Effect) -> Effect:
    """The same, of something that children and partitions have from their parent."""

    def with_those_below(f: Forecast, a: Action) -> None:
        entry = f.relation(f.label(a))
        effect(f, a)
        if entry and entry.table:  # of an index
            entry = f.relation(entry.table)
        if entry and entry.children:
            loosen_below(f, entry)

    return with_those_below


def created(kind: str) -> Effect:
    """A relation of that kind is there from now on."""

    def create(f: Forecast, a: Action) -> None:
        label = f.label(a)
        if f.relations.get(label) is None:
            f.relations[label] = ANY
            f.leeway.made.add(label)
        else:
            relation_already(f, a, label, f.relations[label], kind)

    return create


def dropped(kind: str, statement: str, *, loses: bool = False) -> Effect:
    """A relation of that kind goes, and what goes with it. `loses`: it holds data."""

    def drop(f: Forecast, a: Action) -> None:
        if forget_made(f, a) or (found := relation_of(f, a, a.if_exists)) is None:
            return
        label, entry = found
        if ("table" if entry.kind in TABLES else entry.kind) != kind:
            f.problem(f"{label} is a {entry.kind}: {statement} does not drop it")
            return
        _cascade(f, a, label, entry)
        if loses:
            f.lose(a, label)
        if entry.children:
            f.notice(f"{label} takes {', '.join(entry.children)} with it")
            for child, _ in below(f, entry):
                _take_along(f, child)
        _take_along(f, label)
        f.leeway.gone.add(label)
        f.unidentified.pop(entry.was or label, None)
        forget_indexes_on(f, label)
        forget_owned(f, label)
        forget_comments(f, label)
        f.forget(label)

    return drop


def _cascade(f: Forecast, a: Action, label: str, entry: Relation) -> None:
    cascade(f, a, entry, list(entry.dependents), label)
    if entry.kind == "partitioned table":
        for child, under in below(f, entry):
            cascade(f, a, under, list(under.dependents), f"{child}, which goes with {label},")


def _take_along(f: Forecast, label: str) -> None:
    """A relation with its indexes, where the plan names them."""
    for there, entry in f.relations.items():
        if there == label or (isinstance(entry, Relation) and entry.table == label):
            f.relations[there] = None


def together(f: Forecast, a: Action) -> None:
    """What one DROP names goes at once: none of it stands in the way of the others."""
    if a.relation:
        f.forget(f.label(a))


def every_key(_: Relation | None, __: Action) -> Iterator[str]:
    """All foreign keys that the table has, or that refer to it, go with it."""
    yield ""


def loosen_views(entry: Relation) -> None:
    """A renamed name shows in the text of views and rules in ways that can't be foretold."""
    for key, dependent in known(entry.dependents).items():
        if key.startswith(("view ", "materialized view ")):
            dependent.definition = ANY
    for rule in known(entry.rules).values():
        rule.definition = ANY
