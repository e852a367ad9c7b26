"""What is known of a watch: what was seen, how much of it, and where the watch is in its life.

Split so that the common event, a normal sample, replaces only what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from monitor.core.counting import Counting
from monitor.core.coverage import Coverage
from monitor.core.events import Verdict
from monitor.core.evidence import Evidence
from monitor.core.phases import Phase
from monitor.core.samples import Micros
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode, Policy


class Track(NamedTuple):
    """One metric. `seen`: its latest usable or quiet sample (`quiet`: it was quiet).

    `value`: of its latest usable sample. `missing`: why the latest reading gave none, "" if it did.
    """

    seen: Micros | None = None
    quiet: bool = False
    value: float | None = None
    value_at: Micros | None = None
    blind: bool = False
    missing: str = ""


class Seen(NamedTuple):
    """All metrics and rules, in the policy's order. `at`: the latest moment taken in.

    `counting`: of each metric, None where it has had no counts.
    """

    at: Micros
    tracks: tuple[Track, ...]
    streaks: tuple[Streak | None, ...]
    counting: tuple[Counting | None, ...]
    late: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """The rollback that was decided or requested: for which streak, or which person."""

    rule: str
    since: Micros
    evidence: Evidence | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """Where the watch is. `intent`: the rollback's intent is committed. `order`: what was decided."""

    mode: Mode = Mode.AUTO
    phase: Phase = Phase.WATCHING
    armed: bool = True
    order: Order | None = None
    intent: bool = False
    verdict: Verdict | None = None
    verdict_at: Micros | None = None
    reason: str = ""


class WatchState(NamedTuple):
    started_at: Micros
    seen: Seen
    life: Life = Life()
    coverage: Coverage = Coverage()

    @property
    def ended(self) -> bool:
        return self.life.phase is Phase.ENDED


def new_state(policy: Policy, started_at: Micros, mode: Mode = Mode.AUTO) -> WatchState:
    """A watch that has seen nothing yet."""
    metrics = policy.metrics
    seen = Seen(
        started_at, tuple(Track() for _ in metrics), (None,) * len(policy.rules), (None,) * len(metrics)
    )
    phase = Phase.WARMING if policy.warm_up > 0 else Phase.WATCHING
    return WatchState(started_at, seen, Life(mode=mode, phase=phase))
