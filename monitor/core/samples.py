"""Readings and what they are worth: a Sample, or NoData with a reason.

This file answers one question: is this value something a decision may stand on?
It does not know limits, streaks or time spans.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

ERROR_RATE = "error_rate"

Micros = int
"""Whole microseconds: a moment since the epoch (UTC) or a duration."""

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE


MOST_REQUESTS = 1e10
"""Of one read. More is no count: a lying counter's would drown all that is counted after it."""


class Reading(NamedTuple):
    """What a probe says of one metric, not yet judged and without a moment.

    `value`: ratios as 0-1, times in milliseconds, else a count; None when it could not be measured.
    `reason`: why there is no value (`timeout`, `stale`, `insufficient_traffic`, ...), else "".
    `quiet`: the source answered, fresh, and there were no requests (only without a value).
    `errors`, `requests`: since the metric's previous read, which decide where they are valid: the value is
    only shown then, and theirs where it is left out. None when the source has no counts.
    """

    metric: str
    value: object = None
    reason: str = ""
    quiet: bool = False
    errors: object = None
    requests: object = None


class Counts(NamedTuple):
    """Errors and requests of one sample: 0 <= errors <= requests <= MOST_REQUESTS."""

    errors: float
    requests: float


class Sample(NamedTuple):
    """A usable value of one metric at a moment."""

    at: Micros
    metric: str
    value: float
    counts: Counts | None = None


class NoData(NamedTuple):
    """The fact that a metric could not be measured, with a reason.

    `quiet`: the source answered, fresh, and there were no requests. Otherwise the read failed.
    """

    at: Micros
    metric: str
    reason: str
    quiet: bool = False
    counts: Counts | None = None


def judge(at: Micros, reading: Reading) -> Sample | NoData:
    """The sample a reading is worth, or NoData: never a breach, never normal, never zero."""
    counts = None if reading.requests is None else _counts(reading.errors, reading.requests)
    value = _number(reading.value)
    if (
        value is None
        and reading.value is None
        and counts is not None
        and not (reading.reason or reading.quiet)
    ):
        if not counts.requests:
            return NoData(at, reading.metric, "quiet", True, counts)
        value = counts.errors / counts.requests
    if value is None:
        quiet = reading.quiet and reading.value is None
        return NoData(at, reading.metric, reading.reason or _why(reading.value), quiet, counts)
    if reading.metric == ERROR_RATE and value > 1:
        return NoData(at, reading.metric, f"an error rate of {value:g} is above 1")
    return Sample(at, reading.metric, value, counts)


def _number(value: object) -> float | None:
    """The value as a float if it is a finite number >= 0; a bool is none, and NaN fails every comparison."""
    kind = type(value)
    if kind is float:
        return value if 0.0 <= value < inf else None  # type: ignore[operator, return-value]  # kind says it
    if kind is not int or value < 0:  # type: ignore[operator]  # kind says it
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # kind says it
    except OverflowError:
        return None


def _counts(errors: object, requests: object) -> Counts | None:
    e, r = _number(errors), _number(requests)
    return Counts(e, r) if e is not None and r is not None and e <= r <= MOST_REQUESTS else None


def _why(value: object) -> str:
    return "no_value" if value is None else "unusable_value"
