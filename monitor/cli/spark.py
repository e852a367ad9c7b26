"""Small drawings of one line: a metric's last minutes against its limits, a streak against its hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEVELS = "▁▂▃▄▅▆▇█"
UNSEEN = "·"
"""Where nothing was measured: it is not joined, and looks like neither good nor bad."""


def sparkline(chart: Mapping[str, Any], metric: str, limit: float | None, width: int) -> str:
    """`width` characters from the chart's beginning to its end; the highest level is at the limit or above.

    Without a limit the highest value is the highest level.
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
    for place in range(
        1, width - 1
    ):  # finer than the samples come: joined over one place, never a failed one
        if highest[place] is None and place not in failed and highest[place + 1] is not None:
            highest[place] = highest[place - 1]
    known = [value for value in highest if value is not None]
    top = limit or max(known, default=1.0) or 1.0
    return "".join(UNSEEN if value is None else _level(value / top) for value in highest)


def _level(share: float) -> str:
    return LEVELS[min(len(LEVELS) - 1, max(0, int(share * len(LEVELS))))]


def bar(share: float, width: int) -> str:
    """`█████░░░░░`: how much of the whole is over."""
    full = round(min(1.0, max(0.0, share)) * width)
    return "█" * full + "░" * (width - full)
