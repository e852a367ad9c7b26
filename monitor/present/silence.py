"""Whether what is stored of a watch is of now. What a silent daemon said last must not be read as news."""

from __future__ import annotations

from typing import Any

from monitor.ports import Json
from monitor.present import times

STALE_SECONDS = 60.0
"""Of a watch that does not say how often it is decided on."""

LEAST_SECONDS = 10.0
"""Clocks of two machines differ, and an answer takes its time."""


def silent_since(view: Json, now: float) -> float | None:
    """When the daemon was heard of last, if that is too long ago; None while it is there, or the watch over.

    The rule is that of `/healthz`: six intervals.
    """
    updated = view.get("updated_at")
    if view.get("verdict") is not None or not isinstance(updated, int | float):
        return None
    times: Any = view.get("times") or {}
    allowed = max(float(times.get("stale_seconds") or STALE_SECONDS), LEAST_SECONDS)
    return float(updated) if now - updated > allowed else None


def silence(since: float, now: float) -> str:
    """The first sentence of a watch whose daemon is silent."""
    heard = f"No update from the daemon since {times.moment(since, now)}"
    return f"{heard}: no decisions and no rollbacks."
