"""A failing world is made smaller until nothing more can be taken away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.making import world_of
from tests.simulation.shrink import minimal, smallest
from tests.simulation.world import Fault

PARTS = list(range(20))


@pytest.mark.parametrize("needed", [set(), {3}, {0, 19}, {2, 3, 4, 11}, set(PARTS)])
def test_what_is_left_is_what_is_needed(needed: set[int]) -> None:
    """Whatever parts it takes, together."""
    assert set(minimal(PARTS, lambda parts: needed <= set(parts))) == needed


def test_a_world_keeps_its_traffic_and_loses_what_does_not_matter() -> None:
    """One fault of many is left, and the first watch."""
    world = replace(world_of(6), faults=tuple(Fault("deploy", n) for n in range(1, 30)))
    small = smallest(world, lambda w: any(f.at == 17 for f in w.faults))
    assert small == replace(
        world, faults=(Fault("deploy", 17),), incidents=(), persons=(), watches=world.watches[:1]
    )
