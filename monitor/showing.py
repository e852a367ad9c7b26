"""What the page draws and lists of a stored watch, as JSON: its chart, its alerts. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.ports import AlertTold, Json, SampleSlot, WatchRow

COLUMNS = ("at", "low", "high", "missing", "quiet", "reason")
"""Lists of one metric in a chart, of equal length."""

BEFORE = 1800 * SECOND
"""What is drawn from before the migration, too: what was normal then."""

Window = tuple[Micros, Micros, Micros]
"""From, until (not included), width of a slot."""


def window_of(watch: WatchRow, since: Micros, slots: int, now: Micros) -> Window:
    """From `since` on, at most BEFORE from before the migration; slots of a second or more."""
    start = max(since, watch.started_at - BEFORE)
    last = now if watch.verdict_at is None else min(now, followed_until(watch))
    end = max(start + SECOND, last + 1)
    return start, end, max(SECOND, -(-(end - start) // slots))


def followed_until(watch: WatchRow) -> Micros:
    """Of an ended watch: its verdict, or when it is said whether its rollback helped."""
    aftermath: Any = (watch.view or {}).get("aftermath")
    until = round(aftermath["until"] * SECOND) if aftermath else 0
    return max(watch.verdict_at or 0, until)


def chart_view(window: Window, found: Sequence[SampleSlot]) -> Json:
    """The slots by metric, each column a list."""
    since, until, width = window
    metrics: dict[str, dict[str, list[Any]]] = {}
    for slot in found:
        columns = metrics.setdefault(slot.metric, {name: [] for name in COLUMNS})
        for name, value in zip(COLUMNS, _values(slot), strict=True):
            columns[name].append(value)
    return {"since": seconds(since), "until": seconds(until), "step": seconds(width), "metrics": metrics}


def _values(slot: SampleSlot) -> tuple[object, ...]:
    return seconds(slot.at), slot.low, slot.high, slot.missing, slot.quiet, slot.reason


def alert_view(alert: AlertTold) -> Json:
    """One message to one channel; times null until they are there."""
    return {
        "at": seconds(alert.at),
        "channel": alert.channel,
        "severity": alert.severity,
        "title": alert.title,
        "attempts": alert.attempts,
        "delivered_at": None if alert.delivered_at is None else seconds(alert.delivered_at),
        "given_up_at": None if alert.given_up_at is None else seconds(alert.given_up_at),
        "error": alert.error,
    }
