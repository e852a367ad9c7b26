"""One watch driven step by step, with everything that was said kept: for tests of controls and phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from monitor.core.decisions import Decision
from monitor.core.events import BatchEnded, Event, Measured
from monitor.core.samples import Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Mode, Policy
from monitor.core.watch import step
from tests.replays import START, moment, policy

D = TypeVar("D")


class Driven:
    """A watch of the error rate from `START` on; moments are seconds after it."""

    def __init__(self, mode: Mode = Mode.AUTO, told: Policy | None = None) -> None:
        self.policy = told or policy()
        self.state: WatchState = new_state(self.policy, START, mode)
        self.said: list[Decision] = []

    def take(self, *events: Event) -> list[Decision]:
        """What these events made the watch say."""
        said: list[Decision] = []
        for event in events:
            self.state, more = step(self.policy, self.state, event)
            said += more
        self.said += said
        return said

    def measure(self, at: float, value: object = 0.5, metric: str = "error_rate") -> list[Decision]:
        """One round: a reading of one metric, then the end of its batch."""
        return self.take(Measured(moment(at), Reading(metric, value)), BatchEnded(moment(at)))

    def breach(self, first: float = 0, last: float = 300) -> list[Decision]:
        """A breaching reading every 5 s, both ends included."""
        return [d for n in range(round((last - first) / 5) + 1) for d in self.measure(first + 5 * n)]

    @property
    def phase(self) -> str:
        return self.state.life.phase.value

    def heard(self, kind: type[D]) -> list[D]:
        """Everything of one kind that was ever said."""
        return of(self.said, kind)


def of(said: Sequence[Decision], kind: type[D]) -> list[D]:
    return [d for d in said if isinstance(d, kind)]
