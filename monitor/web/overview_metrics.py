"""The overview as metric families: how each target and each open watch stands at this moment.

Built anew at each rendering, so that a watch that is over leaves nothing behind. What is not known
has no series: a missing value never looks like zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitor.core.samples import SECOND, Micros
from monitor.ports import DECIDED, Gauge, Lack, Milestone, TargetView
from monitor.web.catalogue import METRICS, PREFIX, PROBE_METRICS
from monitor.web.health import is_stale

PHASES = ("warming", "watching", "awaiting_approval", "rolling_back", "in_doubt", "paused", "ended")

UNDER_WAY = ("rolling_back", "in_doubt")
"""Of a superseded watch, too, a rollback that has begun is seen whole."""

UNITS: Mapping[str, tuple[str, float]] = {
    "ratio": ("ratio", 1.0),
    "time": ("seconds", 0.001),
    "ms": ("seconds", 0.001),
    "s": ("seconds", 1.0),
    "count": ("quantity", 1.0),
}
"""Unit of a metric's samples -> ending of its family, and what makes it a base unit."""

DOCUMENTED_UNITS = {
    "error_rate": "ratio",
    "response_time": "time",
    "query_latency": "time",
    "connections": "count",
}

RULES = {"rollback": "rollback_above", "investigate": "investigate_above", "warn": "normal_below"}
"""Action of a rule -> the limit that makes it exist."""

Family = GaugeMetricFamily | CounterMetricFamily
Units = Mapping[str, Mapping[str, str]]
"""target -> metric -> ratio, time or count."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class OverviewMetrics(Collector):
    """A snapshot of the targets, as families in the order of the catalogue."""

    def __init__(self, now: Micros, targets: Sequence[TargetView], units: Units) -> None:
        self._now = now
        self._targets = targets
        self._units = units
        self._families = {
            m.name: GaugeMetricFamily(m.full_name, m.help, labels=m.labels)
            for m in METRICS
            if m.where == "overview"
        }

    def collect(self) -> Iterator[Family]:
        for target in self._targets:
            self._target(target)
            for name, metric in target.metrics.items():
                self._metric(target.name, name, metric)
            for watch in {str(w["migration"]): w for w in target.watches}.values():
                self._watch(target.name, watch)
        yield from self._families.values()
        yield from _further(self._targets)

    def _add(self, name: str, value: Any, *labels: str) -> None:
        """Numbers and truths become samples; None has none."""
        if isinstance(value, bool | int | float):
            self._families[name].add_metric(labels, float(value))

    def _target(self, target: TargetView) -> None:
        last = target.last_decision
        self._add("last_decision_timestamp_seconds", None if last is None else last / SECOND, target.name)
        self._add("decision_loop_stale", is_stale(target, self._now), target.name)
        self._add("store_reachable", target.store_reachable, target.name)
        self._add("store_held", target.holds_store, target.name)
        for milestone in target.milestones:
            self._milestone(target.name, milestone)

    def _milestone(self, target: str, milestone: Milestone) -> None:
        at, who = milestone.at / SECOND, (target, milestone.migration)
        if milestone.what == DECIDED:
            self._add("rollback_decided_timestamp_seconds", at, *who)
        else:
            self._add("watch_verdict_timestamp_seconds", at, *who, milestone.what)

    def _metric(self, target: str, name: str, metric: Mapping[str, Any]) -> None:
        told = metric.get("unit") or self._units.get(target, {}).get(name) or DOCUMENTED_UNITS.get(name, "")
        ending, factor = UNITS.get(str(told), UNITS["count"])
        value = metric.get("value")
        self._add(f"metric_{ending}", None if value is None else value * factor, target, name)
        for limit, at in (metric.get("limits") or {}).items():
            self._add(f"limit_{ending}", None if at is None else at * factor, target, name, limit)
        self._add("metric_normal", metric.get("normal") is True, target, name)
        self._add("metric_blind", metric.get("blind") is True, target, name)
        self._add("metric_quiet", metric.get("quiet") is True, target, name)
        self._add("metric_timestamp_seconds", metric.get("at"), target, name)

    def _watch(self, target: str, watch: Mapping[str, Any]) -> None:
        who = (target, str(watch["migration"]))
        if watch.get("superseded") is True and watch.get("phase") not in UNDER_WAY:
            self._add("watch_superseded", True, *who)  # it observes, and a newer one has all the rest
            return
        self._add("watch_info", 1, *who, str(watch.get("id")), str(watch.get("mode")))
        for phase in PHASES:
            self._add("watch_phase", watch.get("phase") == phase, *who, phase)
        ends = watch.get("ends_at")
        self._add("watch_started_timestamp_seconds", watch.get("started_at"), *who)
        self._add("watch_ends_timestamp_seconds", ends, *who)
        self._add("watch_left_seconds", None if ends is None else max(0.0, ends - self._now / SECOND), *who)
        self._add("watch_superseded", watch.get("superseded") is True, *who)
        readiness = watch.get("readiness") or {}
        self._add("rollback_ready", readiness.get("ok") is True, *who)
        for lack in Lack:
            self._add("rollback_not_ready", lack in (readiness.get("codes") or ()), *who, lack.value)
        self._add("rollback_rows_at_risk", _at_risk(watch), *who)
        for name, metric in (watch.get("metrics") or {}).items():
            proven = metric.get("proven") or {}
            self._add("proven_requests", proven.get("requests"), *who, name)
            self._add("proven_requests_needed", proven.get("needed"), *who, name)
        self._streaks(who, watch)

    def _streaks(self, who: tuple[str, str], watch: Mapping[str, Any]) -> None:
        """Every rule of the watch, so that a rule without a breach reads 0."""
        streaks = {s["rule"]: s for s in watch.get("streaks", ())}
        for rule in {*_rules(watch.get("metrics") or {}), *streaks}:
            streak = streaks.get(rule, {})
            self._add("streak_age_seconds", streak.get("age_seconds", 0), *who, rule)
            self._add("streak_hold_seconds", streak.get("hold_seconds"), *who, rule)
            self._add("streak_firing", streak.get("state") == "firing", *who, rule)
            evidence = streak.get("evidence") or {}
            self._add("streak_evidence", evidence.get("score"), *who, rule)
            self._add("streak_evidence_needed", evidence.get("needed"), *who, rule)
            insufficient = bool(streak.get("insufficient_evidence"))
            self._add("streak_insufficient_evidence", insufficient, *who, rule)


def _at_risk(watch: Mapping[str, Any]) -> int | None:
    """The sum over everything a rollback would drop; None as long as one part of it is unknown."""
    found = (watch.get("readiness") or {}).get("at_risk")
    if found is None or any(risk["count"] is None for risk in found):
        return None
    return sum(int(risk["count"]) for risk in found)


def _rules(metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, metric in metrics.items():
        limits = metric.get("limits") or {}
        yield from (f"{name}.{action}" for action, limit in RULES.items() if limits.get(limit) is not None)


def _further(targets: Iterable[TargetView]) -> Iterator[Family]:
    """What probes came by beside the metrics, one family for each name."""
    families: dict[str, tuple[tuple[str, ...], Family]] = {}
    for target in targets:
        for gauge in target.gauges:
            if not _NAME.fullmatch(gauge.name):
                continue
            labels = ("target", *(key for key, _ in gauge.labels))
            known, family = families.setdefault(gauge.name, (labels, _family_of(gauge, labels)))
            if known == labels:
                family.add_metric((target.name, *(value for _, value in gauge.labels)), gauge.value)
    yield from (family for _, family in families.values())


def _family_of(gauge: Gauge, labels: tuple[str, ...]) -> Family:
    """Of the kind and with the help of the catalogue; a name that is not there is a gauge."""
    known = PROBE_METRICS.get(gauge.name.removesuffix("_total"))
    if known is None:
        return GaugeMetricFamily(
            PREFIX + gauge.name, "A further value read beside the metrics.", labels=labels
        )
    kind = CounterMetricFamily if known.kind == "counter" else GaugeMetricFamily
    return kind(known.full_name, known.help, labels=labels)
