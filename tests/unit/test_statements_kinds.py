"""What every kind of statement has to say, whatever it is: a rollback relies on it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from monitor.sql.classes import Class
from monitor.sql.scripts import Action
from monitor.statements import registry
from monitor.statements.kind import Kind, Loss, Trait
from monitor.statements.registry import KINDS

ROOM = Path(registry.__file__).parent

EACH = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@EACH
def test_what_runs_outside_a_transaction_is_known_by_the_catalogue(kind: Kind) -> None:
    """Nothing else could tell a statement that took effect from one that was cut off."""
    assert (kind.condition is not None) == (not kind.transactional)


@EACH
def test_what_can_be_copied_away_can_be_put_aside(kind: Kind) -> None:
    """Both protections are of the same kinds, and each drops something."""
    can = kind.loss is Loss.SALVAGE
    assert (kind.rewrite is not None, kind.itself is not None) == (can, can)
    assert kind.has(Trait.DROPS) or not can


@EACH
def test_what_writes_rows_is_lossy_and_leaves_no_trace(kind: Kind) -> None:
    """That somebody did it by hand can't be seen in the schema."""
    if kind.writes:
        assert kind.klass is Class.LOSSY
        assert not kind.trace(Action("", text=""))


@EACH
def test_a_loss_has_a_class_and_a_class_its_loss(kind: Kind) -> None:
    """What is protected is lossy, and what is opaque can't be."""
    assert kind.klass is Class.LOSSY or kind.loss is Loss.NONE


@EACH
def test_what_is_renamed_is_of_some_sort(kind: Kind) -> None:
    """A relation's new name is another thing: `new_name`."""
    assert kind.other or not (kind.renames or kind.makes)


def test_each_kind_that_is_written_is_registered_once() -> None:
    """No file holds a kind that nobody reads."""
    modules = [import_module(f"monitor.statements.{path.stem}") for path in sorted(ROOM.glob("*.py"))]
    written = [v for m in modules for v in vars(m).values() if isinstance(v, Kind)]
    assert {id(v) for v in written} == {id(v) for v in KINDS.values()}
    assert len({id(v) for v in KINDS.values()}) == len(KINDS)
