"""What is held against the promises when a world has been played.

A violation is a fact that must never be (`acting`, `standing`, `measuring`, `counting`,
`telling`). What has a chance is
counted instead (`chances`), and judged over all worlds together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.simulation import acting, chances, counting, measuring, standing, telling
from tests.simulation.facts import Violation
from tests.simulation.stage import Stage

CHECKS = (
    *acting.CHECKS,
    *standing.CHECKS,
    *measuring.CHECKS,
    *counting.CHECKS,
    *telling.CHECKS,
    chances.grave,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One world: what was broken, what is counted, and how long incidents took to be found."""

    violations: list[Violation]
    counts: Counter[str]
    delays: list[float]


def judged(stage: Stage) -> Judged:
    """Everything about a world that has been played."""
    violations = [violation for check in CHECKS for violation in check(stage)]
    return Judged(violations, chances.counted(stage), chances.delays(stage))
