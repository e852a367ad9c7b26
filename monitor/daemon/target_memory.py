"""What a target remembers besides its open watches: its metrics, its last rounds, and what has ended on it.

A target is sampled without a watch too, so that a watch may be registered after its migration began and
still sees everything since, and knows what was normal before. This file decides nothing about a watch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Any

from monitor.core import codec, events
from monitor.core import decisions as said
from monitor.core.baseline import Span
from monitor.core.beginning import Line, Past
from monitor.core.samples import MINUTE, Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import Action, Mode, Policy
from monitor.core.view import metrics_view
from monitor.core.watch import step
from monitor.daemon.happenings import line_of
from monitor.ports import DECIDED, Json, Milestone, SampleRow, WatchUpdate


class TargetMetrics:
    """A state that is sampled, watch or no watch, and never asked to decide."""

    def __init__(self, policy: Policy) -> None:
        self._policy = replace(policy, warm_up=0)
        self._state: WatchState | None = None

    @property
    def awake(self) -> bool:
        """Whether it has seen anything yet."""
        return self._state is not None

    @property
    def next_at(self) -> Micros:
        """The earliest moment that may still be taken in."""
        return 0 if self._state is None else self._state.seen.at + 1

    def take(self, now: Micros, readings: Sequence[Reading]) -> None:
        state = self._state or new_state(self._policy, now, Mode.OBSERVE)
        for reading in readings:
            state, _ = step(self._policy, state, events.Measured(now, reading))
        self._state, _ = step(self._policy, state, events.Passed(now))

    def afresh(self) -> None:
        """A rollback of ours took effect: what was breaching before says nothing of what is so now."""
        if self._state is not None:
            seen = self._state.seen
            none: tuple[Streak | None, ...] = tuple(None for _ in seen.streaks)
            anew = tuple(None for _ in seen.counting)
            self._state = self._state._replace(seen=seen._replace(streaks=none, counting=anew))

    def metrics(self) -> Mapping[str, Json]:
        return {} if self._state is None else metrics_view(self._policy, self._state)

    def helped(self, now: Micros, limits: Mapping[str, float]) -> bool | None:
        """Whether a rollback of a while ago helped, by its watch's limits; None: that can't be said."""
        return None if self._state is None else helped(self._policy, self._state, now, limits)

    def memory(self) -> Json | None:
        return None if self._state is None else codec.dump(self._policy, self._state)

    def restore(self, memory: Mapping[str, Any] | None) -> None:
        """Takes back what `memory` gave."""
        if memory:
            self._state = codec.load(self._policy, memory)


KEPT: Micros = 15 * MINUTE
"""Rounds of so long are in memory: the store has them all, but those of the last moments."""

MOST_LINES = 20_000

MOST_ROLLBACKS = 50


class RecentRounds:
    """What went on of late, and what is nobody's normal.

    `verify_for`: how long after a rollback its time is no baseline.
    """

    def __init__(self, verify_for: Micros) -> None:
        self._verify_for = verify_for
        self._lines: deque[Line] = deque(maxlen=MOST_LINES)
        self._left_out: deque[Span] = deque(maxlen=MOST_ROLLBACKS)
        self._afresh: Micros = 0

    def note(self, now: Micros, readings: Sequence[Reading]) -> None:
        """One round."""
        self._lines.extend((now, reading) for reading in readings)
        while self._lines and self._lines[0][0] < now - KEPT:
            self._lines.popleft()

    def rolled_back(self, started_at: Micros, at: Micros) -> None:
        """A rollback of a watch took effect: what went on from its beginning on is nobody's normal."""
        self._left_out.append((started_at, at + self._verify_for))
        self._afresh = max(self._afresh, at)

    def past(self, stored: Sequence[SampleRow]) -> Past:
        """What is known now; `stored`: samples of the store, which lack the last moments."""
        known = self._lines[0][0] if self._lines else 1 << 62
        older = takewhile(lambda line: line[0] < known, map(line_of, stored))
        return Past((*older, *self._lines), tuple(self._left_out), self._afresh)

    def memory(self) -> Json:
        return {"left_out": [list(span) for span in self._left_out], "afresh": self._afresh}

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Takes back what `memory` gave; the rounds are in the store."""
        self._left_out.extend((start, end) for start, end in memory.get("left_out", ()))
        self._afresh = memory.get("afresh", 0)


class Milestones:
    """The latest rollback decided, and the latest watch that ended with each verdict: when they happened.

    A rollback takes less time than lies between two scrapes, and a watch that is over leaves the page. Kept
    with the target's memory, so that an alert on it outlives a restart.
    """

    def __init__(self) -> None:
        self._latest: dict[str, Milestone] = {}

    @property
    def all(self) -> tuple[Milestone, ...]:
        """In the order in which they came to be known first."""
        return tuple(self._latest.values())

    def note(self, migration: str, decision: said.Decision) -> None:
        """Takes in what the core said of a watch; most of it is no milestone."""
        if isinstance(decision, said.ExecuteRollback):
            self._latest[DECIDED] = Milestone(DECIDED, migration, decision.at)
        elif isinstance(decision, said.Ended):
            what = decision.verdict.value
            self._latest[what] = Milestone(what, migration, decision.at)

    def memory(self) -> Sequence[Json]:
        return [asdict(found) for found in self._latest.values()]

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._latest = {stored["what"]: Milestone(**stored) for stored in memory}


LAST = 20
"""Watches whose end is kept in memory to be shown; the store knows them all, a little later."""


class EndedWatches:
    """Those that this process saw end: never taken up again, and shown before the store has their end."""

    def __init__(self) -> None:
        self.last: deque[Json] = deque(maxlen=LAST)
        self._ids: set[str] = set()  # the store may still show them open while it is away

    def __contains__(self, watch_id: str) -> bool:
        return watch_id in self._ids

    def revise(self, update: WatchUpdate) -> None:
        """Something is said of a watch after its end."""
        shown = [update.view if view["id"] == update.id else view for view in self.last]
        self.last = deque(shown, maxlen=LAST)

    def add(self, watch_id: str, view: Json) -> None:
        """It has just ended."""
        self.last.append(view)
        self._ids.add(watch_id)


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
