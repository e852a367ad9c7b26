"""Finds stretches of a world in which the rollback rule can't fire, without running the core over them.

A firing needs a level of 9 (`evidence`). A level is an alternative's sum over closed blocks and what the
block under way adds, at most a fifth of that: a sum that stays under 7.2 can't get there. The sums of closed
blocks depend on nothing but the counts of each minute, so they are quick to find. Reads of a watch that
begins on the grid close their blocks at whole minutes after its beginning, however fast they come, until
something fires. Tests hold that these sums are the core's, and that what is called calm here does not fire
there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.core.evidence import BLOCKS, TIMES
from tests.worlds.made import World

MARGIN = 1e-6
"""For sums that are rounded elsewhere."""

HOLD = 300


def calm(world: World, begins: int, ends: int, limit: float, evidence: float) -> bool:
    """Whether no rollback can be decided between these seconds by a rule that begins with them."""
    return latest(world, begins, ends, limit, evidence) is None


def latest(world: World, begins: int, ends: int, limit: float, evidence: float) -> int | None:
    """The second after which no rollback can be decided any more; None where there can be none at all."""
    enough = evidence - evidence / BLOCKS - MARGIN
    near = np.nonzero((sums(world, begins, ends, limit, evidence) >= enough).any(axis=1))[0]
    return None if not len(near) else min(ends, begins + (int(near[-1]) + 2) * (HOLD // BLOCKS))


def sums(world: World, begins: int, ends: int, limit: float, evidence: float) -> NDArray[np.float64]:
    """Of each alternative (columns) after each closed block (rows)."""
    at = np.arange(begins, ends + 1, HOLD // BLOCKS)
    errors, requests = np.diff(world.errors[at])[:, None], np.diff(world.requests[at])[:, None]
    many, step = len(TIMES), evidence / BLOCKS
    highest = limit + (1 - limit) * np.arange(1, many + 1) / (many + 1)
    ratio = np.minimum(limit * np.array(TIMES), highest)
    each = errors * np.log(ratio / limit) + (requests - errors) * np.log((1 - ratio) / (1 - limit))
    found = np.clip(each, -step / 2, step)
    now = np.zeros(many)
    for block, added in enumerate(found):
        now = np.minimum(np.maximum(now + added, 0.0), evidence + step)
        found[block] = now
    return found
