"""`make simulate`, as it is called."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import main
from tests.simulation.making import world_of
from tests.simulation.table import HEALTHY, INCIDENTS, table_world
from tests.simulation.world import from_json, to_json


def test_worlds_are_played_and_summed_up(capsys: pytest.CaptureFixture[str]) -> None:
    """With what was injected and what came of it; 0 where no promise was broken."""
    assert main(["--worlds", "2", "--seed", "5", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "2 worlds in " in said
    assert said.rstrip().endswith("0 broken")


def test_one_world_is_played_as_it_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that was to be seen of it is shown, with its hash."""
    assert main(["--world", to_json(world_of(5))]) == 0
    assert "w-1 registered" in capsys.readouterr().out


def test_the_table_has_every_cell_in_turn() -> None:
    """A fifth of the worlds are healthy days; a world of it is read again as it was printed."""
    seeds = range(5 * len(INCIDENTS) // 4 + 1)
    made = [world.made for seed in seeds if (world := table_world(seed)).made is not None and seed % 5]
    assert {(m.kind, m.level) for m in made if m is not None} == set(INCIDENTS)
    assert len(HEALTHY) == 35
    assert from_json(to_json(table_world(1))) == table_world(1)
