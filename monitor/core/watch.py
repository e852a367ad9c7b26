"""One function: `step(policy, state, event) -> (state, decisions)`.

How it works. Time only moves forward: an event later than the latest moment first makes true what
the passing of time makes true (`passage`: gaps, blindness, coverage). Then the event itself is
taken in: a reading goes to its metric's track and to the streaks of its rules; a control or the
executor's news moves the watch through its phases (`lifecycle`). Events of one moment are a batch;
only `BatchEnded` asks whether to roll back, succeed or give up. After a verdict nothing changes.
`step_all` is `step` for all readings of one moment: it builds one state where they are calm.

The cost of an event depends on the policy, not on how long the watch has lasted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from monitor.core import events, lifecycle
from monitor.core.counting import NO_COUNTS, Counting, begun, counted
from monitor.core.decisions import Decision, LateIgnored, Sighted, StreakCleared
from monitor.core.events import Event
from monitor.core.passage import end_abnormal, pass_to
from monitor.core.phases import Phase
from monitor.core.samples import Counts, Micros, NoData, Reading, Sample, judge
from monitor.core.state import Seen, Track, WatchState, new_state
from monitor.core.streaks import Streak, take_counts, take_value
from monitor.core.thresholds import Place, Policy

__all__ = ["WatchState", "new_state", "step", "step_all"]

T = TypeVar("T")
Said = tuple[Decision, ...]
Step = tuple[WatchState, Said]


def step(policy: Policy, state: WatchState, event: Event) -> Step:
    """The state after the event, and what is to be said and done about it, in order."""
    if state.life.phase is Phase.ENDED:
        return state, ()
    kind = type(event)
    said: Said = ()
    if event.at < state.seen.at and kind in _LATE_CHECKED:
        return _late(state, event.at)
    if event.at > state.seen.at:
        state, said = pass_to(policy, state, event.at)
    state, more = _STEPS[kind](policy, state, event)
    return state, said + more


def step_all(policy: Policy, state: WatchState, at: Micros, readings: Sequence[Reading]) -> Step:
    """As `step` when time has passed to `at`, and with each of these readings of then; late, they are one."""
    state, said = step(policy, state, events.Passed(at))
    if at < state.seen.at or state.life.phase is Phase.ENDED:
        return state, said
    calm: dict[int, Track] = {}
    for reading in readings:
        place = policy.places.get(reading.metric)
        if place is None:
            continue
        got = judge(at, reading)
        if isinstance(got, Sample) and place.index not in calm and _is_calm(state, place, got):
            calm[place.index] = Track(at, False, got.value, at)
        else:
            state, more = _judged(policy, _with_tracks(state, calm), place, got)
            calm, said = {}, said + more
    return _with_tracks(state, calm), said


def _is_calm(state: WatchState, place: Place, got: Sample) -> bool:
    """Whether a sample changes nothing but its metric's track: the common case."""
    track = state.seen.tracks[place.index]
    if got.counts is not None or track.blind or track.seen is None or track.seen >= got.at:
        return False
    return _untouched(state, place, got)


def _measured(policy: Policy, state: WatchState, event: events.Measured) -> Step:
    place = policy.places.get(event.reading.metric)
    return (state, ()) if place is None else _judged(policy, state, place, judge(event.at, event.reading))


def _judged(policy: Policy, state: WatchState, place: Place, got: Sample | NoData) -> Step:
    track = state.seen.tracks[place.index]
    if isinstance(got, NoData) and not got.quiet:
        return _with_track(state, place, track._replace(missing=got.reason)), ()
    if track.seen is not None and got.at <= track.seen:
        return _late(state, got.at)
    said: Said = (Sighted(got.at, place.threshold.metric),) if track.blind else ()
    if isinstance(got, Sample):
        track = Track(got.at, False, got.value, got.at)
    else:
        track = Track(got.at, True, track.value, track.value_at, False, got.reason)
    if not _takes_part(policy, state):
        return _with_track(state, place, track), said
    counts = _counts(state, place, got)
    if counts is not None:
        return _counted(policy, state, place, track, got, counts, said)
    if isinstance(got, NoData) or _untouched(state, place, got):
        return _with_track(state, place, track), said
    return _valued(policy, state, place, track, got, said)


def _takes_part(policy: Policy, state: WatchState) -> bool:
    """Samples of the warm-up and of a pause are kept and shown, but no streak sees them."""
    return state.life.phase is not Phase.PAUSED and state.seen.at >= state.started_at + policy.warm_up


def _counts(state: WatchState, place: Place, got: Sample | NoData) -> Counts | None:
    """What a read counted; of a metric that has counts, a quiet one without them counted nothing."""
    if got.counts is None and isinstance(got, NoData) and state.seen.counting[place.index] is not None:
        return NO_COUNTS
    return got.counts


def _untouched(state: WatchState, place: Place, got: Sample) -> bool:
    """The common case: no streak of the metric's rules is under way, and none starts."""
    return got.value < place.lowest and not any(state.seen.streaks[place.numbers])


def _valued(policy: Policy, state: WatchState, place: Place, track: Track, got: Sample, said: Said) -> Step:
    streaks = list(state.seen.streaks)
    for number, rule in place.rules:
        streaks[number], more = take_value(rule, streaks[number], got.at, got.value)
        said += more
    return _taken(policy, state, place, track, streaks, state.seen.counting, said)


def _counted(
    policy: Policy,
    state: WatchState,
    place: Place,
    track: Track,
    got: Sample | NoData,
    counts: Counts,
    said: Said,
) -> Step:
    """The read goes to what is counted, then each rule weighs it; a good one ends what plain values began."""
    seen = state.seen
    old = seen.counting[place.index] or begun(place, state.started_at + policy.warm_up)
    reads, proof = counted(policy, place, old, got.at, counts)
    streaks, weights = list(seen.streaks), []
    for (number, rule), weight in zip(place.rules, old.weights, strict=True):
        streak = streaks[number]
        if streak is not None and isinstance(got, Sample) and not streak.counted:
            streak, more = (
                take_value(rule, streak, got.at, got.value)
                if not rule.breached_by(got.value)
                else (streak, ())
            )
            said += more
        streaks[number], weighed, more = take_counts(policy, rule, streak, weight, reads, old.reads, got.at)
        weights.append(weighed)
        said += more
    counting = _replaced(seen.counting, place.index, Counting(reads, tuple(weights), proof))
    return _taken(policy, state, place, track, streaks, counting, said)


def _taken(
    policy: Policy,
    state: WatchState,
    place: Place,
    track: Track,
    streaks: Sequence[Streak | None],
    counting: tuple[Counting | None, ...],
    said: Said,
) -> Step:
    seen = state.seen
    seen = Seen(seen.at, _replaced(seen.tracks, place.index, track), tuple(streaks), counting, seen.late)
    ended = tuple([d for d in said if isinstance(d, StreakCleared)]) if said else ()
    coverage = end_abnormal(policy, state.coverage, ended) if ended else state.coverage
    return WatchState(state.started_at, seen, state.life, coverage), said


def _with_tracks(state: WatchState, changed: Mapping[int, Track]) -> WatchState:
    if not changed:
        return state
    tracks = list(state.seen.tracks)
    for index, track in changed.items():
        tracks[index] = track
    return _with(state, tuple(tracks))


def _with_track(state: WatchState, place: Place, track: Track) -> WatchState:
    return _with(state, _replaced(state.seen.tracks, place.index, track))


def _with(state: WatchState, tracks: tuple[Track, ...]) -> WatchState:
    seen = state.seen
    seen = Seen(seen.at, tracks, seen.streaks, seen.counting, seen.late)
    return WatchState(state.started_at, seen, state.life, state.coverage)


def _replaced(values: tuple[T, ...], index: int, one: T) -> tuple[T, ...]:
    return (*values[:index], one, *values[index + 1 :])


def _late(state: WatchState, at: int) -> Step:
    seen = state.seen._replace(late=state.seen.late + 1)
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
