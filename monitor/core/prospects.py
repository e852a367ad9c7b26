"""When can the watch succeed at the earliest, if everything is normal and seen from now on?

Answers for people: nothing is decided by it (`verdicts` decides).
"""

from __future__ import annotations

from monitor.core.coverage import Spans
from monitor.core.samples import Micros
from monitor.core.state import WatchState
from monitor.core.thresholds import Action, Policy


def earliest_success(policy: Policy, state: WatchState) -> Micros:
    """The first moment at which what already happened no longer stands in the way."""
    coverage, window = state.coverage, policy.success_after
    charged = (
        (_abnormal(policy, state), policy.success_tolerance),
        (coverage.unobserved, policy.max_unobserved),
    )
    return max(
        state.started_at + window, *(_fits_from(spans, share * window) + window for spans, share in charged)
    )


def _abnormal(policy: Policy, state: WatchState) -> Spans:
    """Abnormal time, with that of fired warnings which still last counted as if they ended now."""
    spans, now = state.coverage.abnormal, state.seen.at
    for rule, streak in zip(policy.rules, state.seen.streaks, strict=True):
        if streak is not None and streak.firing and rule.action is Action.WARN:
            spans = spans.add(streak.first, now if streak.still is None else streak.still)
    return spans


def _fits_from(spans: Spans, allowed: float) -> Micros:
    """The earliest moment since which at most `allowed` of the time is in spans; 0: all of it may be."""
    left = allowed
    for start, end in reversed(tuple(spans)):
        if end - start > left:
            return end - int(left)
        left -= end - start
    return 0
