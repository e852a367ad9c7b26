"""Moments and durations in words for people: one formatter of each kind. Moments are epoch seconds, UTC.

`units` writes durations as the configuration does; what remote systems read (ISO 8601) is the adapters'.
"""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.core.samples import HOUR, MINUTE, SECOND, Micros
from monitor.units import DAY, show_duration

NEAR = 12 * 3600.0
"""A moment nearer than this is told without its day."""

SHORT = 10
"""Seconds below which the parts of one are told."""

NONE = "–"


def at_second(seconds: float) -> str:
    """`2024-01-31 12:00:00`, where a heading says that it is UTC."""
    return _written(seconds, "%Y-%m-%d %H:%M:%S")


def utc(seconds: float) -> str:
    """`2024-01-31 12:00:00 UTC`."""
    return f"{at_second(seconds)} UTC"


def when(at: Micros) -> str:
    """The same of microseconds."""
    return utc(at / SECOND)


def minute(seconds: float) -> str:
    """`2024-01-31 12:00 UTC`."""
    return _written(seconds, "%Y-%m-%d %H:%M UTC")


def day_and_minute(seconds: float) -> str:
    """`01-31 12:00`, in a table of one season."""
    return _written(seconds, "%m-%d %H:%M")


def day(seconds: float) -> str:
    """`31 Jan`."""
    return _written(seconds, "%d %b")


def weekday(seconds: float) -> str:
    """`Wed 31 Jan`."""
    return _written(seconds, "%a %d %b")


def hour(seconds: float) -> str:
    """`12:00`."""
    return _written(seconds, "%H:%M")


def time_of_day(seconds: float) -> str:
    """`12:00:00`."""
    return _written(seconds, "%H:%M:%S")


def clock(seconds: float, now: float) -> str:
    """`03:14:05 UTC`; of a moment that is not near its day and its minute."""
    return f"{time_of_day(seconds)} UTC" if abs(seconds - now) < NEAR else minute(seconds)


def moment(seconds: float, now: float) -> str:
    """`12:00:00 UTC`; with its day when it is not near."""
    return f"{time_of_day(seconds)} UTC" if abs(seconds - now) < NEAR else utc(seconds)


def span(seconds: float) -> str:
    """Two units at most: `4m10s`, `23h5m`, `3d2h`; under a second `0s`."""
    micros: Micros = max(0, round(seconds * SECOND))
    for larger, unit in ((DAY, HOUR), (HOUR, MINUTE)):
        if micros >= larger:
            return show_duration(micros // unit * unit)
    return show_duration(micros // SECOND * SECOND)


def exact_span(seconds: object) -> str:
    """All its units, and the parts of a second while it is short: `4m10s`, `0.35s`; a dash for none."""
    if not isinstance(seconds, int | float):
        return NONE
    exact = round(seconds, 3)
    return f"{exact:.3g}s" if exact < SHORT else show_duration(round(seconds) * SECOND)


def until(moment: float, now: float) -> str:
    """`in 4m10s`, `4m10s ago`."""
    return f"in {span(moment - now)}" if moment > now else f"{span(now - moment)} ago"


def _written(seconds: float, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
