"""What the reference of the decision rules speaks of: lines, samples, streaks, the whole history.

Plain values with no rule in them but rule 1: what a recorded value is worth.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite

from monitor.core.samples import Micros
from monitor.core.thresholds import Policy, Rule
from tests.reference_evidence import Weighing

Event = dict[str, object]


@dataclass(frozen=True, slots=True)
class Line:
    """One recorded line, as it would stand in a file."""

    at: Micros
    metric: str
    value: object = None
    errors: object = None
    requests: object = None
    reason: str = ""

    def text(self) -> str:
        """The line as JSON, without the keys that say nothing."""
        keys: Event = {"at": self.at / 1e6, "metric": self.metric, "value": self.value}
        keys |= {} if self.errors is None else {"errors": self.errors}
        keys |= {} if self.requests is None else {"requests": self.requests}
        keys |= {"reason": self.reason} if self.reason else {}
        return json.dumps(keys)


@dataclass(frozen=True, slots=True)
class Seen:
    """A usable (`value`) or quiet (None) sample; `counts` are (errors, requests) if valid."""

    at: Micros
    metric: str
    value: Fraction | None
    counts: tuple[Fraction, Fraction] | None


@dataclass(slots=True)
class Streak:
    """A streak of one rule; of counts with what it was at each read. `still`: when it was last so."""

    rule: Rule
    first: Micros
    counted: bool
    last_breach: Micros = 0
    fired_at: Micros | None = None
    ended_at: Micros | None = None
    still: Micros | None = None

    @property
    def until(self) -> Micros | None:
        return self.ended_at if self.still is None else self.still

    @property
    def stage(self) -> str:
        return "pending" if self.fired_at is None else "firing"


@dataclass(slots=True)
class History:
    """Everything that was ever taken in, and what was said about it."""

    policy: Policy
    started_at: Micros
    latest: Micros
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    streaks: list[Streak] = field(default_factory=list)
    blind: set[str] = field(default_factory=set)
    reads: dict[str, list[tuple[Micros, float, float]]] = field(default_factory=dict)
    stretch: dict[str, int] = field(default_factory=dict)
    weighing: dict[Rule, Weighing] = field(default_factory=dict)
    rollbacks: list[Micros] = field(default_factory=list)

    def of(self, metric: str) -> list[Seen]:
        return self.seen.get(metric, [])

    def last(self, metric: str) -> Micros | None:
        return self.of(metric)[-1].at if self.of(metric) else None

    def open(self, rule: Rule) -> Streak | None:
        return next((s for s in self.streaks if s.rule == rule and s.ended_at is None), None)


def usable_or_quiet(line: Line) -> Seen | None:
    """Rule 1. None is failed NoData."""
    errors, requests = _number(line.errors), _number(line.requests)
    valid = errors is not None and requests is not None and errors <= requests <= 1e10
    counts = (errors, requests) if valid and errors is not None and requests is not None else None
    value = _number(line.value)
    if value is not None and not (line.metric == "error_rate" and value > 1):
        return Seen(line.at, line.metric, value, counts)
    if line.value is None and counts is not None and not line.reason:  # counts alone
        ratio = counts[0] / counts[1] if counts[1] else None
        return Seen(line.at, line.metric, ratio, counts)
    return Seen(line.at, line.metric, None, counts) if line.reason == "quiet" else None


def _number(value: object) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    too_big = isinstance(value, int) and abs(value) > 1 << 1023
    return Fraction(value) if not too_big and isfinite(value) and value >= 0 else None


def decimal(number: float) -> Fraction:
    """What was written in the configuration: 0.7 % is 7/1000, not the nearest binary number."""
    return Fraction(repr(number))
