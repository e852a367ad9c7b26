"""What a target remembers for watches that are yet to come: its latest rounds, and its own rollbacks.

A target is sampled without a watch too, so that a watch may be registered after its migration began and
still sees everything since, and knows what was normal before. This file decides nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from monitor.core.baseline import Span
from monitor.core.beginning import Line, Past
from monitor.core.samples import MINUTE, Micros, Reading
from monitor.daemon.news import line_of
from monitor.ports import Json, SampleRow

KEPT: Micros = 15 * MINUTE
"""Rounds of so long are in memory: the store has them all, but those of the last moments."""

MOST_LINES = 20_000

MOST_ROLLBACKS = 50


class Before:
    """One target's. `verify_for`: how long after a rollback its time is no baseline."""

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
