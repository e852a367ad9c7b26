"""Times and amounts in words for people."""

from __future__ import annotations

from datetime import UTC, datetime

from monitor.core.samples import HOUR, MINUTE, SECOND, Micros
from monitor.units import DAY, show_duration


def utc(seconds: float) -> str:
    """`2024-01-31 12:00:00 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


NEAR = 12 * 3600.0
"""A moment nearer than this is told without its day."""


def moment(seconds: float, now: float) -> str:
    """`12:00:00 UTC`; with its day when it is not near."""
    near = abs(seconds - now) < NEAR
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S} UTC" if near else utc(seconds)


def span(seconds: float) -> str:
    """Two units at most: `4m10s`, `23h5m`, `3d2h`; under a second `0s`."""
    micros: Micros = max(0, round(seconds * SECOND))
    for larger, unit in ((DAY, HOUR), (HOUR, MINUTE)):
        if micros >= larger:
            return show_duration(micros // unit * unit)
    return show_duration(micros // SECOND * SECOND)


def until(moment: float, now: float) -> str:
    """`in 4m10s`, `4m10s ago`."""
    return f"in {span(moment - now)}" if moment > now else f"{span(now - moment)} ago"


def value(amount: object, kind: str) -> str:
    """A measured value or a limit in its unit; `–` when there is none. `kind`: ratio, time or count."""
    if not isinstance(amount, int | float):
        return "–"
    if kind == "ratio":
        return f"{amount * 100:.3g} %"
    return f"{amount:.4g} ms" if kind == "time" else f"{amount:g}"
