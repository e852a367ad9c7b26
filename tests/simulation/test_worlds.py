"""Worlds of a day and more: none of them breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.edges import edge_world
from tests.simulation.making import world_of
from tests.simulation.playing import KEPT, Played, played
from tests.simulation.world import from_json, to_json

WORLDS, AT_A_TIME, AT_ONCE = 200, 5, 80
"""In all; played by one test; of `make test`, a minute on two cores: the others are with the slow tests."""

KEPT_WORLDS = (Path(__file__).parent / Path(KEPT).name).read_text().splitlines()


def shown(one: Played, command: str) -> str:
    return "\n".join([*one.broken, command])


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "first",
    [
        pytest.param(first, marks=pytest.mark.slow if first > AT_ONCE else ())
        for first in range(1, WORLDS + 1, AT_A_TIME)
    ],
)
def test_no_promise_is_broken_in_worlds_of_a_day(first: int) -> None:
    """Whatever befalls the application, the database, the receivers, the daemons; whatever people do."""
    for seed in range(first, first + AT_A_TIME):
        one = played(world_of(seed))
        assert not one.broken, shown(one, f"make simulate N=1 SEED={seed}")


EDGES = 12
"""Of outages around their hold; an hour each."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, EDGES, AT_A_TIME - 1))
def test_what_is_over_is_not_rolled_back(first: int) -> None:
    """An outage that ends about when its hold does, read every few seconds; with a gap, or locks, in it."""
    for seed in range(first, first + AT_A_TIME - 1):
        one = played(edge_world(seed))
        assert not one.broken, shown(one, f"make simulate N=1 SEED={seed} PROFILE=edges")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("text", KEPT_WORLDS, ids=range(len(KEPT_WORLDS)))
def test_no_promise_is_broken_in_a_world_that_failed_once(text: str) -> None:
    """Each was made as small as it could be, and kept."""
    one = played(from_json(text))
    assert not one.broken, shown(one, f"python -m tests.simulation --world '{text}'")


@pytest.mark.parametrize("seed", range(1, 200, 40))
def test_a_world_is_read_again_as_it_was_printed(seed: int) -> None:
    """A failing one can be handed on as a line of text."""
    world = world_of(seed)
    assert from_json(to_json(world)) == world
