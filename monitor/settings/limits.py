"""Limits and times of a watch, and what a target's come to: the documented, overridden key by key.

The result is the policy of the decision core. This file does not judge whether limits make sense.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints

from monitor.core.samples import Micros
from monitor.core.thresholds import DOCUMENTED, Policy, Threshold
from monitor.options import Count, Duration, LimitValue, LookBack, Ratio, Section, Span, key
from monitor.settings.document import Loc
from monitor.units import Kind, Limit

KINDS: dict[str, Kind] = {
    "error_rate": Kind.RATIO,
    "response_time": Kind.TIME,
    "connections": Kind.COUNT,
    "query_latency": Kind.TIME,
}
"""What the documented metrics are; another metric is what the unit of its limits says."""

LIMITS = ("normal_below", "investigate_above", "rollback_above")

MetricName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class ThresholdKeys(Section):
    """Limits of one metric. A key that is not written keeps what it is; `null` removes an action."""

    normal_below: LimitValue | None = Field(None, description="normal means: under this")
    warn_for: Duration | None = Field(None, description="warns when not normal for this long")
    investigate_above: LimitValue | None = Field(None, description="asks people to look, above this")
    investigate_for: Duration | None = Field(None, description="... for this long")
    rollback_above: LimitValue | None = Field(None, description="rolls back, above this")
    rollback_for: Duration | None = Field(None, description="... for this long; at least five reads")

    def written(self) -> dict[str, object]:
        """The keys that the file names, `None` where it says null."""
        return {key: getattr(self, key) for key in self.model_fields_set}


Thresholds: TypeAlias = dict[MetricName, ThresholdKeys | None]


class Watch(Section):
    """Times and amounts of every watch."""

    interval: Span = key("5s", "between two reads of a source")
    fast_interval: Span = key("1s", "... after the first breaching sample of a rollback rule")
    rate_requests: Count = key(500, "requests that a rate is taken over, where traffic allows")
    rate_window_max: Span = key("5m", "the longest a rate's window may grow to hold them")
    max_gap: Span = key("30s", "longer without a sample ends a streak")
    blind_after: Span = key("2m", "longer without a sample is an alert")
    evidence: Count = key(9, "log-likelihood that counts must reach; a fifth of it is pending")
    warm_up: Duration = key("0s", "samples this early take no part in streaks")
    warn_for: Duration = key("1m", "warns when a metric is not normal for this long")
    success_after: Span = key("24h", "normal for this long is success")
    success_tolerance: Ratio = key("1%", "... but for this share of abnormal time")
    max_unobserved: Ratio = key("5%", "... with at most this share of time without samples")
    give_up_after: Span = key("72h", "without success by then the watch ends inconclusive")
    baseline: LookBack = key("2h", "before the migration: a higher error ratio there raises the limit")

    @property
    def fast(self) -> Micros:
        """`fast_interval`; where it is not written, no longer than `interval`."""
        written = "fast_interval" in self.model_fields_set
        return self.fast_interval if written else min(self.fast_interval, self.interval)

    @property
    def longest_window(self) -> Micros:
        """`rate_window_max`; where it is not written, one interval at least."""
        written = "rate_window_max" in self.model_fields_set
        return self.rate_window_max if written else max(self.rate_window_max, self.interval)


@dataclass(frozen=True, slots=True)
class Layer:
    """Thresholds as one place of the file writes them, and where that is."""

    loc: Loc
    thresholds: Mapping[str, ThresholdKeys | None]


@dataclass(frozen=True, slots=True)
class Effective:
    """The keys of one metric after all layers, and where each was written (documented ones nowhere)."""

    metric: str
    keys: dict[str, object] = field(default_factory=dict)
    written: dict[str, Loc] = field(default_factory=dict)

    def limit(self, key: str) -> Limit | None:
        found = self.keys.get(key)
        return found if isinstance(found, Limit) else None

    def over(self, layer: Layer, keys: ThresholdKeys) -> Effective:
        """Each key overrides only itself."""
        own = keys.written()
        places: dict[str, Loc] = {key: (*layer.loc, self.metric, key) for key in own}
        return Effective(self.metric, {**self.keys, **own}, {**self.written, **places})


def effective(layers: tuple[Layer, ...]) -> dict[str, Effective]:
    """Every metric of the policy, the documented ones first; `null` removes one."""
    found = {t.metric: Effective(t.metric, _documented(t)) for t in DOCUMENTED}
    for layer in layers:
        for metric, keys in layer.thresholds.items():
            if keys is None:
                found.pop(metric, None)
            else:
                found[metric] = found.get(metric, Effective(metric)).over(layer, keys)
    return found


def _documented(threshold: Threshold) -> dict[str, object]:
    kind = KINDS[threshold.metric]
    limits = {key: getattr(threshold, key) for key in LIMITS}
    return {key: Limit(kind, value) for key, value in limits.items() if value is not None}


def _threshold(found: Effective, watch: Watch) -> Threshold:
    limits = {key: limit.value for key in LIMITS if (limit := found.limit(key)) is not None}
    holds = {key: v for key, v in found.keys.items() if key.endswith("_for") and v is not None}
    known: dict[str, Any] = {"warn_for": watch.warn_for, **limits, **holds}
    return Threshold(found.metric, **known)


class PolicySettings(Section):
    """The part of a configuration that `replay` needs."""

    thresholds: Thresholds = Field({}, description="limits of every target, over the documented ones")
    watch: Watch = key({}, "times and amounts of every watch")

    def layers(self, target: str | None = None) -> tuple[Layer, ...]:  # noqa: ARG002 - a target may add one
        """The thresholds from the general to the particular."""
        return (Layer(("thresholds",), self.thresholds),)

    def policy(self, target: str | None = None) -> Policy:
        """What the decision core is told about a watch on `target`; None: where no target overrides it."""
        watch = self.watch
        return Policy(
            thresholds=tuple(_threshold(found, watch) for found in effective(self.layers(target)).values()),
            interval=watch.interval,
            max_gap=watch.max_gap,
            blind_after=watch.blind_after,
            evidence=watch.evidence,
            warm_up=watch.warm_up,
            success_after=watch.success_after,
            success_tolerance=watch.success_tolerance,
            max_unobserved=watch.max_unobserved,
            give_up_after=watch.give_up_after,
            baseline=watch.baseline,
        )
