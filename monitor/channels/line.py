"""The queue of one channel: which message is next, and when. Pure: time is an argument.

How it works:

1. Messages leave in the order they came. Those of one thread (a page and its resolve, a breach and its
   rollback) never overtake each other.
2. A failed attempt holds the whole channel back: doubled pauses with jitter, at least what the receiver's
   Retry-After says. A channel that is down costs one attempt per pause, however many wait.
3. A message that failed `patience` times lets the others go first, so that one the receiver chokes on
   does not block the rest for a day.
4. A message is given up when it was tried here for `give_up_after`; one that an earlier daemon has tried
   `patience` times already, when it is that old. What it tells may have begun long before it was told.
5. The queue is bounded. When it is full, a message that wakes nobody makes room for one that does;
   what is left out stays in the store and is loaded again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from monitor.core.samples import HOUR, SECOND, Micros
from monitor.ports import AlertRow

KNOWN_MAX = 10_000
"""Settled keys remembered for each channel, so that a message told twice is sent once: days of alerts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a channel is tried again. Seconds, but `give_up_after` in microseconds.

    `first`, `longest`: the pause after the first failure, and the longest. `patience`: see above.
    `room`: messages held in memory for each channel. `send_deadline`: a channel that hangs is cut;
    above every deadline a channel sets itself. `store_pause`: before a store that did not answer is
    asked again.
    """

    first: float = 2.0
    longest: float = 300.0
    patience: int = 5
    room: int = 1000
    send_deadline: float = 30.0
    store_pause: float = 5.0
    give_up_after: Micros = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a message, for the store."""

    key: str
    delivered: bool
    attempts: int
    error: str = ""
    final: bool = False
    receipt: str = ""


@dataclass(slots=True)
class Line:
    """`gap`: seconds between two messages. `jitter` gives 0-1, spread over the last quarter of a pause."""

    name: str
    gap: float
    pace: Pace
    jitter: Callable[[], float]
    failures: int = 0
    resume_at: Micros = 0
    _rows: dict[str, AlertRow] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _since: dict[str, Micros] = field(default_factory=dict)
    _settled: OrderedDict[str, Mark] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._rows)

    def knows(self, key: str) -> bool:
        """Whether the message waits here or was settled."""
        return key in self._rows or key in self._settled

    def settled(self, key: str) -> Mark | None:
        """What became of it, if it is settled and still remembered."""
        return self._settled.get(key)

    def add(self, row: AlertRow, now: Micros) -> AlertRow | None:
        """Takes a message it does not know; returns the one for which there was no room, if any."""
        if self.knows(row.key):
            return None
        left_out = self._least() if len(self._rows) >= self.pace.room else None
        if left_out is not None and (left_out.alert.page or not row.alert.page):
            return row
        if left_out is not None:
            self._forget(left_out.key)
        self._rows[row.key] = row
        self._attempts[row.key] = row.attempts
        self._since[row.key] = now
        return left_out

    def overdue(self, row: AlertRow, now: Micros) -> bool:
        """Whether it was tried for long enough."""
        tried_before = row.attempts >= self.pace.patience and now - row.alert.at > self.pace.give_up_after
        return tried_before or now - self._since.get(row.key, now) > self.pace.give_up_after

    def wait(self, now: Micros) -> float:
        """Seconds until the next attempt; infinite when nothing waits."""
        return max(0.0, (self.resume_at - now) / SECOND) if self._rows else inf

    def next(self) -> AlertRow | None:
        """The message to send now; the first of its thread, patience considered."""
        heads: dict[str, AlertRow] = {}
        for row in self._rows.values():
            heads.setdefault(row.alert.thread, row)
        return min(heads.values(), key=self._rank, default=None)

    def delivered(self, key: str, now: Micros, receipt: str = "") -> Mark:
        self.failures = 0
        self.resume_at = now + round(self.gap * SECOND)
        return self._settle(Mark(key, True, self._attempts.get(key, 0) + 1, receipt=receipt))

    def given_up(self, key: str, now: Micros, error: str, *, tried: bool) -> Mark:
        """It will never be sent. The channel is not held back: what it refused was this message."""
        self.resume_at = now + round(self.gap * SECOND) if tried else self.resume_at
        return self._settle(Mark(key, False, self._attempts.get(key, 0) + tried, error, final=True))

    def failed(self, key: str, now: Micros, error: str, retry_after: float | None) -> Mark:
        """To be tried again, after a pause of the whole channel."""
        self.failures += 1
        self._attempts[key] = self._attempts.get(key, 0) + 1
        pause = max(self._backoff(), retry_after or 0.0)
        self.resume_at = now + round(pause * SECOND)
        return Mark(key, False, self._attempts[key], error)

    def _backoff(self) -> float:
        full = min(self.pace.first * 2.0 ** min(self.failures - 1, 30), self.pace.longest)
        return full * (0.75 + 0.25 * self.jitter())

    def _rank(self, row: AlertRow) -> int:
        """Patient ones are equal (min keeps the order); impatience grows with the attempts."""
        attempts = self._attempts[row.key]
        return attempts if attempts >= self.pace.patience else 0

    def _least(self) -> AlertRow:
        """The oldest message that wakes nobody, else the oldest."""
        rows = list(self._rows.values())
        return next((row for row in rows if not row.alert.page), rows[0])

    def _settle(self, mark: Mark) -> Mark:
        self._forget(mark.key)
        self._settled[mark.key] = mark
        if len(self._settled) > KNOWN_MAX:
            self._settled.popitem(last=False)
        return mark

    def _forget(self, key: str) -> None:
        self._rows.pop(key, None)
        self._attempts.pop(key, None)
        self._since.pop(key, None)
