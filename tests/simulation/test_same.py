"""A seed is a world, and a world is a story: the same at every time, on every machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.making import world_of
from tests.simulation.playing import played

SEED = 8

TRACE = f"""
from tests.simulation.making import world_of
from tests.simulation.playing import played
print(played(world_of({SEED})).trace)
"""


def test_a_world_played_twice_shows_the_same_to_the_last_line() -> None:
    """Everything that was to be seen, with its moments, is in the hash."""
    assert played(world_of(SEED)).trace == played(world_of(SEED)).trace


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_order_of_hashes_changes_nothing(hash_seed: str) -> None:
    """A process whose sets and dictionaries of texts are ordered otherwise tells the same story."""
    found = subprocess.run(
        [sys.executable, "-c", TRACE],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == played(world_of(SEED)).trace


def test_another_seed_is_another_world() -> None:
    """So that more worlds are more proof."""
    assert len({world_of(seed) for seed in range(100)}) == 100
