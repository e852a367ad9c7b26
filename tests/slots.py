"""Samples summed up by time, as the stand-in of a registry does it."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.ports import SampleRow, SampleSlot


def slot_of(metric: str, slot: int, rows: Sequence[SampleRow]) -> SampleSlot:
    """Samples of one metric in one slot of time, summed up."""
    values = [row.value for row in rows if row.value is not None]
    without = [row for row in rows if row.value is None]
    return SampleSlot(
        metric,
        slot,
        max(row.at for row in rows),
        min(values, default=None),
        max(values, default=None),
        missing=len(without),
        quiet=sum(row.quiet for row in rows),
        reason=max((row.reason for row in without), default=""),
    )
