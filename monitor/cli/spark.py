"""Small drawings of one line: a metric's last minutes against its limits, a streak against its hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEVELS = "▁▂▃▄▅▆▇█"
UNSEEN = "·"
"""Where nothing was measured: it is not joined, and looks like neither good nor bad."""


def sparkline(
    chart: Mapping[str, Any], metric: str, limit: float | None, width: int, gap: float = 0.0
) -> str:
    """`width` characters from the chart's beginning to its end; the highest level is at the limit or above.

    Without a limit the highest value is the highest level. Samples at most `gap` seconds apart are joined.
    """
    columns: Mapping[str, Sequence[Any]] = (chart.get("metrics") or {}).get(metric) or {}
    highest: list[float | None] = [None] * width
    failed: set[int] = set()
    since = float(chart.get("since") or 0)
    length = max(float(chart.get("until") or 0) - since, 1e-9)
    for at, high in zip(columns.get("at", ()), columns.get("high", ()), strict=False):
        place = min(width - 1, max(0, int((float(at) - since) / length * width)))
        if high is None:
            failed.add(place)
        else:
            highest[place] = max(float(high), highest[place] or 0.0)
    highest = _joined(highest, failed, int(gap / length * width))
    known = [value for value in highest if value is not None]
    top = limit or max(known, default=1.0) or 1.0
    return "".join(UNSEEN if value is None else _level(value / top) for value in highest)


def _joined(highest: Sequence[float | None], failed: set[int], reach: int) -> list[float | None]:
    """Finer than the samples come: a value holds for `reach` places, never into one that failed.

    Over a single place it holds in any case, when a value follows.
    """
    found = list(highest)
    last: int | None = None
    for place, value in enumerate(highest):
        if value is not None:
            last = place
        elif place in failed:
            last = None
        elif last is not None:
            follows = place + 1 < len(highest) and highest[place + 1] is not None
            if place - last <= reach or (place - last == 1 and follows):
                found[place] = highest[last]
    return found


def _level(share: float) -> str:
    return LEVELS[min(len(LEVELS) - 1, max(0, int(share * len(LEVELS))))]


def bar(share: float, width: int) -> str:
    """`█████░░░░░`: how much of the whole is over."""
    full = round(min(1.0, max(0.0, share)) * width)
    return "█" * full + "░" * (width - full)
