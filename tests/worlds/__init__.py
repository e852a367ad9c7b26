"""Worlds with ground truth: what a service's two counters say through a day, and when it was really broken.

`healthy(kind, level, seed)` and `incident(kind, level, seed)` make one. The same arguments make the same
world everywhere. Traffic, bursts, errors that come in clusters, disturbances and incidents are all drawn
from distributions that are written here; where their parameters come from stands beside them.

Seeds below `PROOF` are for making: for trying a constant, for tests, for finding a fault. Those from
`PROOF` on are for proving only: nothing may be tuned to them. The tables of docs/decision.md are made with
these.
"""

from __future__ import annotations

from tests.worlds.healthy import HEALTHY
from tests.worlds.incidents import INCIDENTS
from tests.worlds.made import DAY, HISTORY, LEVELS, PROOF, World, healthy, incident

__all__ = ["DAY", "HEALTHY", "HISTORY", "INCIDENTS", "LEVELS", "PROOF", "World", "healthy", "incident"]
