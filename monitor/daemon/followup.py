"""After a rollback the metrics are watched on for a while, to say whether it helped.

It is awaited, said when it is time, or given up for a newer watch. The verdict does not wait for this and is
not changed by it. What is awaited is kept with the target's memory, so that a restart forgets no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.daemon.announcer import Announcer
from monitor.daemon.target_memory import EndedWatches, TargetMetrics
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


class FollowUp:
    """Of the rollbacks of one target that took effect less than `verify_for` ago.

    `take` hands over the watches that ended before, with what is said of them since.
    """

    def __init__(self, verify_for: Micros, announcer: Announcer, ended: EndedWatches) -> None:
        self._verify_for = verify_for
        self._announcer = announcer
        self._ended = ended
        self._awaited: list[After] = []
        self._judged: list[WatchUpdate] = []

    def until(self, at: Micros) -> Micros | None:
        """When it is said whether a rollback that took effect at that moment helped; None: nobody asks."""
        return at + self._verify_for if self._verify_for > 0 else None

    def begin(self, ended: WatchUpdate, migration: str, until: Micros, limits: Mapping[str, float]) -> None:
        """The metrics are watched for it from now on. What only an open watch needs is not kept."""
        known = {**asdict(ended), "state": {}}
        self._awaited.append(After(ended.id, migration, until, known, limits))

    def overtake(self, migration: str, began: Micros, now: Micros) -> None:
        """A watch begins: what the metrics say from now on is not of earlier rollbacks."""
        overtaken, self._awaited = self._awaited, []
        for after in overtaken:
            self._announcer.overtaken(after, migration, now)
            self._revise(after.ended_by(migration, began, now))

    def judge(self, metrics: TargetMetrics, now: Micros) -> None:
        """Says of rollbacks of `verify_for` ago whether they helped, each once."""
        if not metrics.awake:
            return
        due = [after for after in self._awaited if now >= after.until]
        self._awaited = [after for after in self._awaited if now < after.until]
        for after in due:
            found = metrics.helped(now, after.limits)
            self._announcer.aftermath(after, found, now)
            self._revise(after.judged(found, now))

    def take(self) -> Sequence[WatchUpdate]:
        found, self._judged = self._judged, []
        return found

    def memory(self) -> Sequence[Json]:
        return [asdict(after) for after in self._awaited]

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._awaited = [After(**stored) for stored in memory]

    def _revise(self, update: WatchUpdate | None) -> None:
        if update is not None:
            self._judged.append(update)
            self._ended.revise(update)
