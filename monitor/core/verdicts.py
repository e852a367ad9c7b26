"""May the watch end by itself: as a success, or by giving up? Asked once per batch.

"Normal for 24 hours" means: never outside the normal range for `warn_for` with enough evidence,
and seen nearly all the time.
"""

from __future__ import annotations

from monitor.core.coverage import TOLERANCE, Spans
from monitor.core.samples import Micros
from monitor.core.state import WatchState
from monitor.core.thresholds import Action, Policy


def has_succeeded(policy: Policy, state: WatchState, now: Micros) -> bool:
    if now - state.started_at < policy.success_after:
        return False
    return _all_normal(policy, state, now) and _nothing_fires(state) and _seen_enough(policy, state, now)


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


def _all_normal(policy: Policy, state: WatchState, now: Micros) -> bool:
    return all(
        track.seen is not None
        and now - track.seen <= policy.max_gap
        and track.value is not None
        and threshold.is_normal(track.value)
        for threshold, track in zip(policy.thresholds, state.seen.tracks, strict=True)
    )


def _nothing_fires(state: WatchState) -> bool:
    return not any(streak is not None and streak.firing for streak in state.seen.streaks)


def _seen_enough(policy: Policy, state: WatchState, now: Micros) -> bool:
    window = policy.success_after
    coverage = state.coverage

    def fits(spans: Spans, share: float) -> bool:
        return spans.within(now - window) <= share * window + TOLERANCE

    return (
        fits(coverage.abnormal, policy.success_tolerance)
        and fits(coverage.unobserved, policy.max_unobserved)
        and fits(coverage.quiet, policy.max_quiet)
    )
