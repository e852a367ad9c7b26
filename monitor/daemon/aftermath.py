"""After a rollback the metrics are watched on for a while, to say whether it helped.

The verdict does not wait for this and is not changed by it. What is awaited is kept with the
target's memory, so that a restart forgets no answer. This file decides nothing about a watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.core.state import WatchState
from monitor.core.thresholds import Action, Policy
from monitor.ports import Json, WatchUpdate
from monitor.present.verdicts import aftermath_view


@dataclass(frozen=True, slots=True)
class After:
    """One rollback whose help is still to be judged, at `until`. `ended`: its watch as it was stored last."""

    watch_id: str
    migration: str
    until: Micros
    ended: Mapping[str, Any] = field(default_factory=dict)  # keys of WatchUpdate; {}: of an older program
    limits: Mapping[str, float] = field(default_factory=dict)  # metric -> its rollback limit, where moved

    def judged(self, helped: bool | None, at: Micros) -> WatchUpdate | None:
        """The watch with what is said of its rollback; its verdict and its end stay."""
        return self._with(aftermath_view(seconds(self.until), seconds(at), helped))

    def ended_by(self, newer: str, began: Micros, at: Micros) -> WatchUpdate | None:
        """The same where a newer watch began before that: what is measured since is not its own."""
        until = min(self.until, max(began, self.ended.get("verdict_at") or 0))
        return self._with(aftermath_view(seconds(until), seconds(at), None, newer))

    def _with(self, said: Json) -> WatchUpdate | None:
        if not self.ended:
            return None
        known: dict[str, Any] = {**self.ended}
        view = known.pop("view")
        return WatchUpdate(**known, view={**view, "aftermath": said})


UNMOVED: Mapping[str, float] = {}


class Aftermath:
    """Rollbacks of one target that took effect less than `verify_for` ago."""

    def __init__(self, verify_for: Micros) -> None:
        self._verify_for = verify_for
        self._awaited: list[After] = []

    def until(self, at: Micros) -> Micros | None:
        """When it is said whether a rollback that took effect at that moment helped; None: nobody asks."""
        return at + self._verify_for if self._verify_for > 0 else None

    def begin(
        self, ended: WatchUpdate, migration: str, until: Micros, limits: Mapping[str, float] = UNMOVED
    ) -> None:
        """A rollback took effect. What only an open watch needs of its state is not kept."""
        known = {**asdict(ended), "state": {}}
        self._awaited.append(After(ended.id, migration, until, known, limits))

    def due(self, now: Micros) -> Sequence[After]:
        """Those to be judged now, each given once."""
        found = [after for after in self._awaited if now >= after.until]
        self._awaited = [after for after in self._awaited if now < after.until]
        return found

    def overtaken(self) -> Sequence[After]:
        """All that are awaited, each given once: a newer watch began on the target."""
        found, self._awaited = self._awaited, []
        return found

    def memory(self) -> Sequence[Json]:
        return [asdict(after) for after in self._awaited]

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._awaited = [After(**stored) for stored in memory]


def helped(policy: Policy, state: WatchState, now: Micros, limits: Mapping[str, float]) -> bool | None:
    """False: a rollback rule is pending or firing on the target, and it is so now. None: not all is measured.

    `limits`: of metrics whose baseline moved the watch's limit; at most that is no breach to it.
    """
    known = True
    for rule, streak in zip(policy.rules, state.seen.streaks, strict=True):
        if rule.action is not Action.ROLLBACK:
            continue
        track = state.seen.tracks[policy.places[rule.metric].index]
        allowed = limits.get(rule.metric)
        if (
            streak is not None
            and streak.stands(track.seen or 0)
            and not (allowed and track.value is not None and track.value <= allowed)
        ):
            return False
        fresh = track.value_at is not None and now - track.value_at <= policy.max_gap
        known = known and fresh and not track.quiet
    return True if known else None
