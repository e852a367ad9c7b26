"""A watch's state as people and programs see it: the parts of the watch as JSON that the core knows.

Times are epoch seconds, durations seconds, values in the metric's unit (ratio, ms, count).
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from monitor.core.evidence import Evidence
from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.core.state import Track, WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Policy, Rule, Threshold
from monitor.core.verdicts import proofs

Json = dict[str, Any]


def metrics_view(policy: Policy, state: WatchState) -> dict[str, Json]:
    """name -> value, at, normal, blind, quiet, reason, limits, rules, and what is `proven` of counts.

    `normal` is null where it can't be said.
    """
    proven = proofs_view(policy, state)
    return {
        t.metric: {**_metric(policy, t, track, state.seen.at), "proven": proven.get(t.metric)}
        for t, track in zip(policy.thresholds, state.seen.tracks, strict=True)
    }


def streaks_view(policy: Policy, state: WatchState) -> list[Json]:
    """Every streak under way, gravest rule of each metric first."""
    return [
        _streak(rule, streak, state.seen.at, state.seen.tracks[policy.places[rule.metric].index])
        for rule, streak in zip(policy.rules, state.seen.streaks, strict=True)
        if streak is not None
    ]


def coverage_view(policy: Policy, state: WatchState) -> Json:
    """Time of the last `success_after` that was unobserved, abnormal; and what is allowed of each."""
    start, window = state.seen.at - policy.success_after, policy.success_after
    coverage = state.coverage
    return {
        "unobserved_seconds": coverage.unobserved.within(start) / SECOND,
        "unobserved_allowed_seconds": policy.max_unobserved * window / SECOND,
        "abnormal_seconds": coverage.abnormal.within(start) / SECOND,
        "abnormal_allowed_seconds": policy.success_tolerance * window / SECOND,
        "late_samples": state.seen.late,
    }


def times_view(policy: Policy, state: WatchState) -> Json:
    """When it may act (`warm_until`), what is a gap, when it gives up."""
    return {
        "warm_until": seconds(state.started_at + policy.warm_up),
        "max_gap_seconds": policy.max_gap / SECOND,
        "give_up_at": seconds(state.started_at + policy.give_up_after),
    }


def limits_view(threshold: Threshold) -> dict[str, float]:
    """The configured limits of a metric, in its unit."""
    limits = {
        "normal_below": threshold.normal_below,
        "investigate_above": threshold.investigate_above,
        "rollback_above": threshold.rollback_above,
    }
    return {name: limit for name, limit in limits.items() if limit is not None}


def evidence_view(evidence: Evidence | None) -> Json | None:
    """The counts a streak stands on: errors and requests since when, and their weight, of what is needed."""
    if evidence is None:
        return None
    return {
        "since": seconds(evidence.since),
        "errors": evidence.errors,
        "requests": evidence.requests,
        "score": evidence.score,
        "needed": evidence.needed,
        "ratio": evidence.ratio,
        "blocks_from": seconds(evidence.blocks_from),
    }


def proofs_view(policy: Policy, state: WatchState) -> dict[str, Json]:
    """metric -> errors of requests, how many are needed, of each that has counts; `normal`: it is proven."""
    return {
        metric: {
            "errors": proof.errors,
            "requests": proof.requests,
            "needed": proof.needed if isfinite(proof.needed) else None,
            "left_out_minutes": proof.left_out,
            "normal": proof.normal,
        }
        for metric, proof in proofs(policy, state, state.seen.at).items()
    }


def _metric(policy: Policy, threshold: Threshold, track: Track, now: Micros) -> Json:
    fresh = track.seen is not None and now - track.seen <= policy.max_gap and not track.quiet
    value = track.value if fresh and track.value_at == track.seen else None
    return {
        "value": value,
        "at": None if track.value_at is None else seconds(track.value_at),
        "normal": None if value is None else threshold.is_normal(value),
        "blind": track.blind,
        "quiet": track.quiet,
        "reason": track.missing,
        "limits": limits_view(threshold),
        "rules": [_rule(rule) for rule in threshold.rules()],
    }


def _rule(rule: Rule) -> Json:
    return {"action": rule.action.value, "limit": rule.limit, "hold_seconds": rule.hold / SECOND}


def _streak(rule: Rule, streak: Streak, now: Micros, track: Track) -> Json:
    return {
        "rule": rule.name,
        "metric": rule.metric,
        "action": rule.action.value,
        "limit": rule.limit,
        "state": streak.state,
        "since": seconds(streak.first),
        "last_breach": seconds(streak.last_breach),
        "age_seconds": (now - streak.first) / SECOND,
        "hold_seconds": rule.hold / SECOND,
        "insufficient_evidence": streak.insufficient,
        "evidence": evidence_view(streak.evidence),
        "still_so": streak.stands(track.seen or 0) if streak.counted else None,
    }
