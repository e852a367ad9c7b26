"""What the page draws and lists of a target's history: samples summed up by time, alerts as they fared."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.samples import Micros


@dataclass(frozen=True, slots=True)
class SampleSlot:
    """The samples of one metric in one slot of time, `slot` counted from the asked beginning.

    `low` and `high` in the metric's unit, None when nothing could be measured. `missing` counts samples
    without a value, of which `quiet` for no request at all; `reason` is one of theirs.
    """

    metric: str
    slot: int
    at: Micros  # of the slot's last sample
    low: float | None
    high: float | None
    missing: int = 0
    quiet: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlertTold:
    """One message of one watch to one channel, and what became of it. `error`: of the last attempt."""

    at: Micros
    channel: str
    severity: str
    title: str
    attempts: int
    delivered_at: Micros | None = None
    given_up_at: Micros | None = None
    error: str = ""
