"""Metrics and rules of a watch as people call them: `error_rate`, `above 1 %`, `0.05 %`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.present.times import NONE
from monitor.units import Kind, show_value

LIMIT_OF = {"rollback": "rollback_above", "investigate": "investigate_above", "warn": "normal_below"}
"""Action of a rule -> the limit that it compares with."""

UNLIMITED = {"rollback": "above its limit", "investigate": "above its limit", "warn": "not normal"}


KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of a watch, as its view has them: name -> unit, limits."""

    known: Mapping[str, Mapping[str, Any]]

    def kind(self, metric: str) -> Kind:
        """Of a unit that another version knows: a count."""
        unit = str(self.known.get(metric, {}).get("unit"))
        return KINDS.get(unit, Kind.COUNT)

    def limit(self, rule: str) -> float | None:
        """What the rule compares with; None where the watch does not say."""
        limits = self.known.get(self.metric(rule), {}).get("limits") or {}
        found: float | None = limits.get(LIMIT_OF.get(self.action(rule), ""))
        return found

    def metric(self, rule: str) -> str:
        return rule.rpartition(".")[0]

    def action(self, rule: str) -> str:
        return rule.rpartition(".")[2]

    def value(self, rule: str, value: object) -> str:
        """A value of the rule's metric in its unit; "" for none."""
        return show_value(self.kind(self.metric(rule)), value) if isinstance(value, int | float) else ""

    def show(self, metric: str, value: float) -> str:
        return show_value(self.kind(metric), value)

    def beyond(self, rule: str, limit: float | None = None) -> str:
        """`above 1 %`, `not below 0.1 %`. `limit`: of the moment that is told of, where it is known."""
        limit = self.limit(rule) if limit is None else limit
        if limit is None:
            return UNLIMITED.get(self.action(rule), "beyond its limit")
        return f"{'not below' if self.action(rule) == 'warn' else 'above'} {self.value(rule, limit)}"

    def was(self, rule: str, limit: float | None = None) -> str:
        """`error_rate was above 1 %`."""
        return f"{self.metric(rule)} was {self.beyond(rule, limit)}"


class Condition(StrEnum):
    """How a metric is at this moment, as people read it; programs compare the members."""

    NORMAL = "normal"
    NOT_NORMAL = "not normal"
    PARTLY_OURS = "not normal, partly caused by the rollback"
    BLIND = "can't be measured"
    QUIET = "no requests now"
    NO_DATA = "no data now"
    NOT_YET = "no data yet"


BLIND = Condition.BLIND.value


def condition_of(metric: Mapping[str, Any]) -> Condition:
    """Of a metric as a watch's JSON has it."""
    if metric.get("blind"):
        return Condition.BLIND
    if metric.get("quiet"):
        return Condition.QUIET
    if metric.get("normal") is None and metric.get("value") is None:
        return Condition.NO_DATA if metric.get("reason") else Condition.NOT_YET
    if metric.get("normal"):
        return Condition.NORMAL
    return Condition.PARTLY_OURS if metric.get("in_part_ours") else Condition.NOT_NORMAL


def value(amount: object, kind: str) -> str:
    """A measured value or a limit in its unit; `–` when there is none. `kind`: ratio, time or count."""
    if not isinstance(amount, int | float):
        return NONE
    return show_value(Kind(kind), amount)
