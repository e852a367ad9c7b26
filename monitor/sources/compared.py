"""What became of each statement since the baseline: pure arithmetic over two readings of pg_stat_statements.

Counters are cumulative: calls and milliseconds by query id. After a reset the new reading counts from it,
and the baseline's mean still says how it was before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.ports import Json

TOP = 10
"""Statements of each list."""

MIN_CALLS = 10
"""A mean of fewer calls is that of the first ones, which found no plan and no page in memory; a job that ran
once since the baseline is no pace."""

SLOWER_BY_MS, SLOWER_TIMES = 1.0, 1.25
"""A mean is called slower when it rose by both: less than a millisecond is the clock, the caches and the
neighbours, less than a quarter is how long statements take from day to day. What is called so often that
less matters shows in its total."""

HEAVIER_MS_PER_SECOND = 1.0
"""A total is called heavier from a thousandth of one processor on."""

NEW_TOTAL_MS = 1.0
"""A new statement that took less in all is nobody's trouble."""

EXPECTED = 20
"""A statement is called gone when it would have run so often at its former pace and has not run at all."""

Counters = Mapping[str, Sequence[float]]
"""Query id -> calls, total milliseconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All statements at a moment (epoch seconds). `reset_at`: since when is counted; 0: not known."""

    at: float
    reset_at: float
    evicted: int
    counters: Counters


@dataclass(frozen=True, slots=True)
class Change:
    """One statement: mean of a call and time spent in each second, since and before; None where not known."""

    id: str
    calls: float
    total_ms: float
    mean_ms: float | None
    mean_before_ms: float | None
    ms_per_second: float
    ms_per_second_before: float | None

    @property
    def extra_ms_per_second(self) -> float:
        """By how much the time spent in each second rose; 0 where it is not known how it was."""
        return 0.0 if self.ms_per_second_before is None else self.ms_per_second - self.ms_per_second_before

    def view(self, text: str) -> Json:
        return {
            "queryid": self.id,
            "statement": text,
            "calls": self.calls,
            "total_ms": self.total_ms,
            "mean_ms": self.mean_ms,
            "mean_before_ms": self.mean_before_ms,
            "ms_per_second": self.ms_per_second,
            "ms_per_second_before": self.ms_per_second_before,
            "extra_ms_per_second": self.extra_ms_per_second,
        }


def compare(before: Reading, now: Reading) -> dict[str, list[Change]]:
    """`slower` (mean), `heavier` (time a second), `new`, `gone`: gravest first, longer than needed."""
    was_reset = before.reset_at != now.reset_at
    changes = [_change(id, before, now, was_reset) for id in now.counters]
    known = [c for c in changes if c.id in before.counters]
    new = [c for c in changes if c.id not in before.counters and c.total_ms >= NEW_TOTAL_MS]
    return {
        "slower": sorted(filter(_is_slower, known), key=lambda c: (c.mean_before_ms or 0) - (c.mean_ms or 0)),
        "heavier": sorted(filter(_is_heavier, known), key=lambda c: -c.extra_ms_per_second),
        "new": sorted(new, key=lambda c: -c.total_ms),
        "gone": sorted(_gone(before, now, known), key=lambda c: -before.counters[c.id][0]),
    }


def _is_slower(c: Change) -> bool:
    if c.mean_ms is None or c.mean_before_ms is None:
        return False
    return c.mean_ms - c.mean_before_ms >= SLOWER_BY_MS and c.mean_ms >= SLOWER_TIMES * c.mean_before_ms


def _is_heavier(c: Change) -> bool:
    return c.calls >= MIN_CALLS and c.extra_ms_per_second >= HEAVIER_MS_PER_SECOND


def _change(id: str, before: Reading, now: Reading, was_reset: bool) -> Change:
    calls, total = now.counters[id]
    calls0, total0 = before.counters.get(id, (0.0, 0.0))
    continued = not was_reset and calls >= calls0
    since_calls, since_total = (calls - calls0, max(0.0, total - total0)) if continued else (calls, total)
    since = before.at if continued else max(before.at, now.reset_at)
    pace = since_total / max(now.at - since, 1.0)
    length = before.at - before.reset_at if before.reset_at else 0.0
    pace_before = total0 / length if length > 1 else None
    return Change(
        id,
        since_calls,
        since_total,
        since_total / since_calls if since_calls >= MIN_CALLS else None,
        total0 / calls0 if calls0 >= MIN_CALLS else None,
        pace,
        pace_before,
    )


def _gone(before: Reading, now: Reading, known: Sequence[Change]) -> list[Change]:
    """Statements that ran steadily and have not run since; only where it is known since when was counted."""
    length = before.at - before.reset_at
    if not before.reset_at or length <= 1:
        return []
    elapsed = now.at - before.at
    return [c for c in known if c.calls == 0 and before.counters[c.id][0] / length * elapsed >= EXPECTED]
