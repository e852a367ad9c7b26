"""What the checks of a played world have in common: a violation, and what is asked of a stage."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.samples import SECOND, Micros
from tests.simulation.stage import Stage
from tests.virtual import START

UNSEEN_BY = {"channel_away", "channel_hangs", "channel_deaf", "locked", "lost_before", "lost_after", "clock"}
"""Faults that take nothing from what the daemon measures."""

RESTARTS = {"kill", "stop", "cut", "second", "away", "stand_still", "channel_deaf", "channel_hangs"}
"""Faults after which a message may come again with its key."""

UNHEARD = {"away", "cut", "stand_still", "kill", "stop"}
"""Faults for which a daemon may not have heard yet what was committed."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken, by its number in the README."""

    promise: int
    text: str

    def __str__(self) -> str:
        return f"P{self.promise}: {self.text}"


def befell(stage: Stage, kinds: set[str] | None, begun: float, over: float) -> bool:
    """Whether a fault of these kinds (None: any) lasts within that time."""
    return any(
        (kinds is None or f.kind in kinds) and f.at <= over and f.ends >= begun for f in stage.world.faults
    )


def failed(stage: Stage, begun: float, over: float) -> int:
    """Requests that truly failed in that time."""
    return stage.application.counted(over)[1] - stage.application.counted(begun)[1]


def share(stage: Stage, begun: float, over: float) -> float:
    """Of the requests in that time, how many truly failed."""
    before, after = stage.application.counted(begun), stage.application.counted(over)
    good, bad = after[0] - before[0], after[1] - before[1]
    return bad / (good + bad) if good + bad else 0.0


def second_of(at: Micros) -> float:
    """The second of the world that a moment of the true clock is."""
    return (at - START) / SECOND
