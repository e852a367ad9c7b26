"""Limits: what is normal, what acts, after how long. Values only; nothing here is measured.

Defaults are the documented ones. Every duration is in microseconds, every ratio is 0-1,
every time limit is in milliseconds (the unit of a metric's samples).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.samples import HOUR, MINUTE, SECOND, Micros


class Action(StrEnum):
    """What a firing rule asks for, gravest first."""

    ROLLBACK = "rollback"
    INVESTIGATE = "investigate"
    WARN = "warn"


class Mode(StrEnum):
    """What happens when a rollback rule fires."""

    AUTO = "auto"  # execute
    APPROVE = "approve"  # page, wait for a person
    OBSERVE = "observe"  # only say what would have happened


@dataclass(frozen=True, slots=True)
class Rule:
    """One comparison of a metric with a limit, a hold and an action.

    `inclusive`: a warn rule breaches at value >= limit (not normal); the others at value > limit.
    """

    metric: str
    action: Action
    limit: float
    hold: Micros

    @property
    def name(self) -> str:
        """As operators see it: `error_rate.rollback`."""
        return f"{self.metric}.{self.action.value}"

    @property
    def inclusive(self) -> bool:
        return self.action is Action.WARN

    def breached_by(self, value: float) -> bool:
        return value >= self.limit if self.action is Action.WARN else value > self.limit


@dataclass(frozen=True, slots=True)
class Threshold:
    """The limits of one metric. Normal means value < normal_below."""

    metric: str
    normal_below: float
    warn_for: Micros = MINUTE
    investigate_above: float | None = None
    investigate_for: Micros = 5 * MINUTE
    rollback_above: float | None = None
    rollback_for: Micros = 5 * MINUTE

    def is_normal(self, value: float) -> bool:
        return value < self.normal_below

    def rules(self) -> tuple[Rule, ...]:
        """Gravest first."""
        found: list[Rule] = []
        if self.rollback_above is not None:
            found.append(Rule(self.metric, Action.ROLLBACK, self.rollback_above, self.rollback_for))
        if self.investigate_above is not None:
            found.append(Rule(self.metric, Action.INVESTIGATE, self.investigate_above, self.investigate_for))
        found.append(Rule(self.metric, Action.WARN, self.normal_below, self.warn_for))
        return tuple(found)


DOCUMENTED: tuple[Threshold, ...] = (
    Threshold("error_rate", normal_below=0.001, rollback_above=0.01),
    Threshold("response_time", normal_below=200.0, investigate_above=500.0),
    Threshold("connections", normal_below=60.0),
    Threshold("query_latency", normal_below=100.0),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a metric and its rules stand in the policy's tuples.

    `numbers`: of its rules, which are neighbours. `lowest`: no rule is breached by a value below it.
    """

    index: int
    threshold: Threshold
    rules: tuple[tuple[int, Rule], ...]
    numbers: slice
    lowest: float


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the decision core is told about one watch: metrics, limits and times."""

    thresholds: tuple[Threshold, ...] = DOCUMENTED
    interval: Micros = 5 * SECOND
    max_gap: Micros = 30 * SECOND
    blind_after: Micros = 2 * MINUTE
    evidence: float = 9.0
    warm_up: Micros = 0
    success_after: Micros = 24 * HOUR
    success_tolerance: float = 0.01
    max_unobserved: float = 0.05
    give_up_after: Micros = 72 * HOUR
    baseline: Micros = 2 * HOUR  # before the migration; 0: every limit holds as it is written
    metrics: tuple[str, ...] = field(init=False)
    rules: tuple[Rule, ...] = field(init=False)
    places: dict[str, Place] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", tuple(t.metric for t in self.thresholds))
        object.__setattr__(self, "rules", tuple(r for t in self.thresholds for r in t.rules()))
        object.__setattr__(self, "places", self._places())

    def _places(self) -> dict[str, Place]:
        found, begin = {}, 0
        for i, t in enumerate(self.thresholds):
            rules = t.rules()
            numbers, begin = slice(begin, begin + len(rules)), begin + len(rules)
            numbered = tuple(enumerate(rules, numbers.start))
            found[t.metric] = Place(i, t, numbered, numbers, min(rule.limit for rule in rules))
        return found
