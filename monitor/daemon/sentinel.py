"""What is known of a target without a watch: a state that is sampled and never asked to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.core import codec, events
from monitor.core.samples import Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode, Policy
from monitor.core.view import metrics_view
from monitor.core.watch import step
from monitor.daemon.aftermath import helped
from monitor.ports import Json


class Sentinel:
    """Samples one target, watch or no watch."""

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
