"""Whether the rollbacks of a target helped: awaited, said when it is time, or given up for a newer watch.

What is said goes to people, and to the watch that has ended. This file decides nothing about a watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.daemon.aftermath import Aftermath
from monitor.daemon.ended import Ended
from monitor.daemon.keeper import Keeper
from monitor.daemon.sentinel import Sentinel
from monitor.daemon.telling import Telling
from monitor.ports import Json, WatchUpdate
from monitor.present.verdicts import aftermath_view


class Judging:
    """`take` hands over the watches that ended before, with what is said of them since."""

    def __init__(self, verify_for: Micros, telling: Telling, ended: Ended) -> None:
        self._awaited = Aftermath(verify_for)
        self._telling = telling
        self._ended = ended
        self._judged: list[WatchUpdate] = []

    def begin(self, keeper: Keeper, at: Micros) -> None:
        """From now on the metrics are watched for whether the rollback helped."""
        until = self._awaited.until(at)
        if until is not None:
            keeper.aftermath = aftermath_view(seconds(until))
            self._awaited.begin(keeper.update(), keeper.row.migration, until, keeper.opening.moved())

    def overtake(self, keeper: Keeper, now: Micros) -> None:
        """A watch begins: what the metrics say from now on is not of earlier rollbacks."""
        for after in self._awaited.overtaken():
            self._telling.overtaken(after, keeper.row.migration, now)
            self._revise(after.ended_by(keeper.row.migration, keeper.state.started_at, now))

    def judge(self, sentinel: Sentinel, now: Micros) -> None:
        """Says of rollbacks of `verify_for` ago whether they helped."""
        for after in self._awaited.due(now) if sentinel.awake else ():
            helped = sentinel.helped(now, after.limits)
            self._telling.aftermath(after, helped, now)
            self._revise(after.judged(helped, now))

    def take(self) -> Sequence[WatchUpdate]:
        found, self._judged = self._judged, []
        return found

    def memory(self) -> Sequence[Json]:
        return self._awaited.memory()

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._awaited.restore(memory)

    def _revise(self, update: WatchUpdate | None) -> None:
        if update is not None:
            self._judged.append(update)
            self._ended.revise(update)
