"""A history hour by hour, for charts and totals: what was counted, the worst minutes, the highest values."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.core.samples import HOUR, MINUTE, Counts, Micros, NoData, Reading, judge

PART: Micros = 5 * MINUTE
"""The worst so many minutes of an hour are kept."""

KEPT, OTHERS = 20, "others"
"""Different reasons that are told apart; a recording may have one in each line."""


@dataclass(slots=True)
class Hour:
    """One metric within an hour. `low`, `high`: of values, or the ratio of its calmest and its worst part.

    `total`: of values, to be divided by how many were usable.
    """

    at: Micros
    errors: float = 0.0
    requests: float = 0.0
    low: float | None = None
    high: float | None = None
    total: float = 0.0
    usable: int = 0
    failed: int = 0

    @property
    def mean(self) -> float | None:
        """The ratio of all counts, or the mean value."""
        if self.requests:
            return self.errors / self.requests
        return self.total / self.usable if self.usable and self.high is not None else None


@dataclass(slots=True)
class _Part:
    number: int = -1
    errors: float = 0.0
    requests: float = 0.0


@dataclass(slots=True)
class Hours:
    """Of one metric, in order of time. `why`: reasons of reads that failed, and how many."""

    hours: list[Hour] = field(default_factory=list)
    why: dict[str, int] = field(default_factory=dict)
    counted: bool = False
    _part: _Part = field(default_factory=_Part)

    def take(self, at: Micros, reading: Reading) -> Counts | None:
        """Takes in a read; gives what it counted, None where it has no counts or failed."""
        if not self.hours or at - self.hours[-1].at >= HOUR:
            self._end_part()
            self.hours.append(Hour(at // HOUR * HOUR))
        hour = self.hours[-1]
        got = judge(at, reading)
        if isinstance(got, NoData) and not got.quiet:
            hour.failed += 1
            why = _printable(got.reason)
            why = why if why in self.why or len(self.why) < KEPT else OTHERS
            self.why[why] = self.why.get(why, 0) + 1
            return None
        hour.usable += 1
        if got.counts is None:
            if not isinstance(got, NoData):
                hour.total += got.value
                _widen(hour, got.value)
            return None
        self.counted = True
        errors, requests = got.counts.errors, got.counts.requests
        if at // PART != self._part.number:
            self._end_part()
            self._part = _Part(at // PART)
        self._part.errors += errors
        self._part.requests += requests
        hour.errors += errors
        hour.requests += requests
        return got.counts

    def whole(self) -> list[Hour]:
        self._end_part()
        return self.hours

    def _end_part(self) -> None:
        if self._part.requests and self.hours:
            _widen(self.hours[-1], self._part.errors / self._part.requests)
        self._part = _Part()


def _printable(text: str) -> str:
    """A reason of a recording's may hold what a terminal obeys."""
    return "".join(c if c.isprintable() else "?" for c in text[:40])


def _widen(hour: Hour, value: float) -> None:
    hour.low = value if hour.low is None else min(hour.low, value)
    hour.high = value if hour.high is None else max(hour.high, value)
