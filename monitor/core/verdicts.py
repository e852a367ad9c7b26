"""May the watch end by itself: as a success, or by giving up? Asked once per batch.

"Normal for 24 hours" means: seen nearly all the time, hardly ever outside the normal range for `warn_for`,
and of a ratio of counts, proven by requests enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.core.coverage import TOLERANCE
from monitor.core.proof import Proven, proven
from monitor.core.samples import MINUTE, Micros
from monitor.core.state import WatchState
from monitor.core.thresholds import Action, Policy


def has_succeeded(policy: Policy, state: WatchState, now: Micros) -> bool:
    if now - state.started_at < policy.success_after:
        return False
    return not wanting(policy, state, now)


def may_give_up(policy: Policy, state: WatchState, now: Micros) -> bool:
    """Time is over, and no rollback streak is still on its way through its hold."""
    if now - state.started_at < policy.give_up_after:
        return False
    return not any(
        streak is not None
        and rule.action is Action.ROLLBACK
        and not streak.firing
        and now - streak.first < rule.hold
        for rule, streak in zip(policy.rules, state.seen.streaks, strict=True)
    )


def wanting(policy: Policy, state: WatchState, now: Micros) -> tuple[str, ...]:
    """What stands in the way of success, for people; none when it has succeeded but for the time."""
    return (
        *_unseen_now(policy, state, now),
        *(
            f"{rule.name} fires"
            for rule, s in zip(policy.rules, state.seen.streaks, strict=True)
            if s and s.firing
        ),
        *_too_much(policy, state, now),
        *_unproven(policy, state, now),
    )


def proofs(policy: Policy, state: WatchState, now: Micros) -> Mapping[str, Proven]:
    """metric -> what is proven, of each that has counts."""
    return {
        t.metric: proven(
            t,
            counting.proof,
            now,
            policy.success_after,
            policy.success_tolerance,
            max(MINUTE, policy.interval),
        )
        for t, counting in zip(policy.thresholds, state.seen.counting, strict=True)
        if counting is not None
    }


def _unseen_now(policy: Policy, state: WatchState, now: Micros) -> Iterator[str]:
    for metric, track in zip(policy.metrics, state.seen.tracks, strict=True):
        if track.seen is None or now - track.seen > policy.max_gap:
            yield f"{metric} is not measured now"


def _too_much(policy: Policy, state: WatchState, now: Micros) -> Iterator[str]:
    window, coverage = policy.success_after, state.coverage
    for what, spans, share in (
        ("not normal", coverage.abnormal, policy.success_tolerance),
        ("not measured", coverage.unobserved, policy.max_unobserved),
    ):
        if spans.within(now - window) > share * window + TOLERANCE:
            yield f"metrics were {what} for too long"


def _unproven(policy: Policy, state: WatchState, now: Micros) -> Iterator[str]:
    """Counted metrics by their requests; a plain one needs a value within the time that is looked back on."""
    found = proofs(policy, state, now)
    for metric, track in zip(policy.metrics, state.seen.tracks, strict=True):
        proof = found.get(metric)
        if proof is None:
            if track.value_at is None:
                yield f"{metric} never had a value"
            elif track.value_at <= now - policy.success_after:
                yield f"{metric} has had no value for too long"
        elif not proof.normal:
            yield _said(metric, proof)


def _said(metric: str, proof: Proven) -> str:
    if proof.missing > 0:
        return f"{metric} is proven normal by {proof.requests:,.0f} of {proof.needed:,.0f} requests"
    return f"{metric}: {proof.errors:,.0f} of {proof.requests:,.0f} requests failed"
