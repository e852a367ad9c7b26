"""One function: `step(policy, state, event) -> (state, decisions)`.

How it works. Time only moves forward: an event later than the latest moment first makes true what
the passing of time makes true (`passage`: gaps, blindness, coverage). Then the event itself is
taken in: a reading goes to its metric's track and to the streaks of its rules; a control or the
executor's news moves the watch through its phases (`lifecycle`). Events of one moment are a batch;
only `BatchEnded` asks whether to roll back, succeed or give up. After a verdict nothing changes.

The cost of an event depends on the policy, not on how long the watch has lasted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from monitor.core import events, lifecycle
from monitor.core.decisions import Decision, LateIgnored, Sighted, StreakCleared
from monitor.core.events import Event
from monitor.core.passage import end_abnormal, pass_to
from monitor.core.phases import Phase
from monitor.core.samples import NoData, Sample, judge
from monitor.core.state import Seen, Track, WatchState, new_state
from monitor.core.streaks import Streak, take_quiet, take_sample
from monitor.core.thresholds import Place, Policy

__all__ = ["WatchState", "new_state", "step"]

Step = tuple[WatchState, tuple[Decision, ...]]


def step(policy: Policy, state: WatchState, event: Event) -> Step:
    """The state after the event, and what is to be said and done about it, in order."""
    if state.life.phase is Phase.ENDED:
        return state, ()
    kind = type(event)
    said: tuple[Decision, ...] = ()
    if event.at < state.seen.at and kind in _LATE_CHECKED:
        return _late(state, event.at)
    if event.at > state.seen.at:
        state, said = pass_to(policy, state, event.at)
    state, more = _STEPS[kind](policy, state, event)
    return state, said + more


def _measured(policy: Policy, state: WatchState, event: events.Measured) -> Step:
    place = policy.places.get(event.reading.metric)
    if place is None:
        return state, ()
    track = state.seen.tracks[place.index]
    got = judge(event.at, event.reading)
    if isinstance(got, NoData) and not got.quiet:
        return _with_track(state, place, replace(track, missing=got.reason)), ()
    if track.seen is not None and got.at <= track.seen:
        return _late(state, event.at)
    said: tuple[Decision, ...] = (Sighted(event.at, place.threshold.metric),) if track.blind else ()
    if isinstance(got, Sample):
        track = Track(got.at, False, got.value, got.at)
    else:
        track = Track(got.at, True, track.value, track.value_at, False, got.reason)
    if not _takes_part(policy, state) or _untouched(state, place, got):
        return _with_track(state, place, track), said
    return _to_streaks(policy, state, place, track, got, said)


def _takes_part(policy: Policy, state: WatchState) -> bool:
    """Samples of the warm-up and of a pause are kept and shown, but no streak sees them."""
    return state.life.phase is not Phase.PAUSED and state.seen.at >= state.started_at + policy.warm_up


def _untouched(state: WatchState, place: Place, got: Sample | NoData) -> bool:
    """The common case: no streak of the metric's rules is under way, and none starts."""
    streaks = state.seen.streaks
    for number, rule in place.rules:
        if streaks[number] is not None or (isinstance(got, Sample) and rule.breached_by(got.value)):
            return False
    return True


def _to_streaks(
    policy: Policy,
    state: WatchState,
    place: Place,
    track: Track,
    got: Sample | NoData,
    said: tuple[Decision, ...],
) -> Step:
    old = state.seen.streaks
    changed: dict[int, Streak | None] = {}
    for number, rule in place.rules:
        streak = old[number]
        if isinstance(got, Sample):
            after, more = take_sample(policy, rule, streak, got)
            said = said + more if more else said
        else:
            after = take_quiet(rule, streak, got) if streak is not None else None
        if after is not streak:
            changed[number] = after
    state = _with_track(state, place, track)
    if not changed:
        return state, said
    streaks = tuple(changed.get(n, s) for n, s in enumerate(old))
    seen = Seen(state.seen.at, state.seen.tracks, streaks, state.seen.late)
    ended = tuple(d for d in said if isinstance(d, StreakCleared))
    coverage = end_abnormal(policy, state.coverage, ended)
    return WatchState(state.started_at, seen, state.life, coverage), said


def _with_track(state: WatchState, place: Place, track: Track) -> WatchState:
    seen, i = state.seen, place.index
    tracks = (*seen.tracks[:i], track, *seen.tracks[i + 1 :])
    seen = Seen(seen.at, tracks, seen.streaks, seen.late)
    return WatchState(state.started_at, seen, state.life, state.coverage)


def _late(state: WatchState, at: int) -> Step:
    seen = replace(state.seen, late=state.seen.late + 1)
    return WatchState(state.started_at, seen, state.life, state.coverage), (LateIgnored(at),)


def _passed(policy: Policy, state: WatchState, event: events.Passed) -> Step:
    return state, ()


_LATE_CHECKED = frozenset({events.Measured, events.Passed})

_STEPS: Mapping[type, Callable[[Policy, WatchState, Any], Step]] = MappingProxyType(
    {
        events.Measured: _measured,
        events.Passed: _passed,
        events.BatchEnded: lifecycle.batch_ended,
        events.Paused: lifecycle.paused,
        events.Resumed: lifecycle.resumed,
        events.Cancelled: lifecycle.cancelled,
        events.Approved: lifecycle.approved,
        events.RollbackAsked: lifecycle.rollback_asked,
        events.ArmingChanged: lifecycle.arming_changed,
        events.Restarted: lifecycle.restarted,
        events.ApprovalNeeded: lifecycle.approval_needed,
        events.Rearmed: lifecycle.rearmed,
        events.IntentCommitted: lifecycle.intent_committed,
        events.DoubtChanged: lifecycle.doubt_changed,
        events.Executed: lifecycle.executed,
    }
)
