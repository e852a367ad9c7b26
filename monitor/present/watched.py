"""One watch as its daemon knows it: everything that people may be told of it, as one value.

What the room makes of it is in the other files: its JSON, its next step, its alerts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.core.phases import Phase
from monitor.core.samples import Micros
from monitor.core.state import WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode, Policy, Rule
from monitor.ports import Controls, Json, Readiness, WatchRow
from monitor.present.baselines import Normal
from monitor.present.under_way import Attempt
from monitor.present.verdicts import How
from monitor.units import Kind, show_value


@dataclass(frozen=True, slots=True)
class Watched:
    """`policy` has the watch's own limits, `kinds` what each metric's values are.

    `changes`: in the database since it began. `kept`: what its rollback copied away or put aside. `newer`:
    the migration that is watched instead of it. `stranger`: who has the daemon's lock without being one.
    `already_breaching`: it waits for a person because of what was wrong before its migration. `aside`: a
    newer watch is open, and says what is so on the target.
    """

    row: WatchRow
    policy: Policy
    state: WatchState
    kinds: Mapping[str, Kind]
    readiness: Readiness
    normals: Mapping[str, Normal] = field(default_factory=dict)
    attempt: Attempt | None = None
    how: How = field(default_factory=How)
    newer: str = ""
    stranger: str = ""
    ledger_lost: str = ""
    kept: Sequence[Mapping[str, Any]] = ()
    changes: Json | None = None
    already_breaching: bool = False
    aside: bool = False

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def mode(self) -> Mode:
        return self.state.life.mode

    @property
    def armed(self) -> bool:
        """Whether it counts on its target; a newer watch takes that from it."""
        return self.state.life.armed

    @property
    def ended(self) -> bool:
        return self.state.ended

    @property
    def paused(self) -> bool:
        return self.state.life.phase is Phase.PAUSED

    @property
    def acts(self) -> bool:
        """Whether a firing rollback rule leads to anything but words."""
        return self.armed and self.mode is not Mode.OBSERVE

    @property
    def no_rollback(self) -> bool:
        """Whether the migration has none: then the watch only alerts."""
        return self.row.plan.no_rollback

    @property
    def controls(self) -> Controls:
        return self.row.controls

    @property
    def now(self) -> Micros:
        """What the core has seen last."""
        return self.state.seen.at

    def streaks(self) -> Sequence[tuple[Rule, Streak]]:
        found = zip(self.policy.rules, self.state.seen.streaks, strict=True)
        return [(rule, streak) for rule, streak in found if streak is not None]

    def rule(self, name: str) -> Rule | None:
        """With the limit of this watch; None of a rule that is not there any more."""
        return next((rule for rule in self.policy.rules if rule.name == name), None)

    def show(self, metric: str, value: float) -> str:
        """A value with its unit."""
        return show_value(self.kinds.get(metric, Kind.COUNT), value)
