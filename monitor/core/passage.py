"""What the mere passing of time makes true: streaks broken by a gap, blindness, coverage.

Noticed at whatever event comes next, said with the moment it became true.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.core.counting import Counting, begun
from monitor.core.coverage import Coverage
from monitor.core.decisions import Decision, StreakCleared, WentBlind
from monitor.core.samples import Micros
from monitor.core.state import Seen, Track, WatchState
from monitor.core.streaks import cleared
from monitor.core.thresholds import Action, Policy

Step = tuple[WatchState, tuple[Decision, ...]]


def pass_to(policy: Policy, state: WatchState, now: Micros) -> Step:
    """The state at `now`, a moment later than the latest one taken in, before its events."""
    seen = state.seen
    if _nothing_due(policy, seen, now):
        seen = Seen(now, seen.tracks, seen.streaks, seen.counting, seen.late)
        return _at(state, seen, state.coverage), ()
    gaps = _gaps(policy, seen, now)
    blind = _blind(policy, state, now)
    coverage = end_abnormal(policy, _cover(policy, state, now), gaps)
    over = {gap.rule for gap in gaps}
    lost = {b.metric for b in blind}
    tracks = tuple(
        t._replace(blind=True) if m in lost else t for m, t in zip(policy.metrics, seen.tracks, strict=True)
    )
    streaks = tuple(None if r.name in over else s for r, s in zip(policy.rules, seen.streaks, strict=True))
    counting = tuple(_afresh_after_gap(policy, seen, n, now) for n in range(len(tracks)))
    said: list[Decision] = [*gaps, *blind]
    said.sort(key=lambda d: d.at)
    return _at(state, Seen(now, tracks, streaks, counting, seen.late), coverage), tuple(said)


def _afresh_after_gap(policy: Policy, seen: Seen, number: int, now: Micros) -> Counting | None:
    """What was counted of a metric; evidence begins anew after a gap, while what is proven stays."""
    counting, last = seen.counting[number], seen.tracks[number].seen
    if counting is None or last is None or now - last <= policy.max_gap:
        return counting
    place = policy.places[policy.metrics[number]]
    return begun(place, last + policy.max_gap, counting.proof)


def end_abnormal(policy: Policy, coverage: Coverage, ended: tuple[StreakCleared, ...]) -> Coverage:
    """With the time inside fired warn streaks added, now that their ends are known (ascending)."""
    for streak in sorted(ended, key=lambda c: c.at):
        if streak.was == "firing" and streak.rule.endswith(f".{Action.WARN.value}"):
            kept = coverage.abnormal.since(streak.at - policy.success_after)
            abnormal = kept.add(streak.since, streak.until) if streak.until > streak.since else kept
            coverage = replace(coverage, abnormal=abnormal)
    return coverage


def _at(state: WatchState, seen: Seen, coverage: Coverage) -> WatchState:
    return WatchState(state.started_at, seen, state.life, coverage)


def _nothing_due(policy: Policy, seen: Seen, now: Micros) -> bool:
    """The common case: every metric was seen so lately that there is no gap, and none is blind."""
    oldest = now - min(policy.max_gap, policy.blind_after)
    for track in seen.tracks:  # noqa: SIM110 - a generator costs more than what it asks, at every moment
        if track.seen is None or track.seen < oldest:
            return False
    return True


def _gaps(policy: Policy, seen: Seen, now: Micros) -> tuple[StreakCleared, ...]:
    found = []
    for rule, streak in zip(policy.rules, seen.streaks, strict=True):
        last = seen.tracks[policy.places[rule.metric].index].seen
        if streak is not None and last is not None and now - last > policy.max_gap:
            found.append(cleared(rule, streak, last + policy.max_gap, "gap"))
    return tuple(found)


def _blind(policy: Policy, state: WatchState, now: Micros) -> list[WentBlind]:
    found = []
    for metric, track in zip(policy.metrics, state.seen.tracks, strict=True):
        since = (state.started_at if track.seen is None else track.seen) + policy.blind_after
        if not track.blind and now > since:
            found.append(WentBlind(since, metric))
    return found


def _cover(policy: Policy, state: WatchState, now: Micros) -> Coverage:
    """The unions grown by the time from the latest moment to `now`, which no later sample can change."""
    start, tracks, coverage = state.seen.at, state.seen.tracks, state.coverage
    dark = min((_covered_until(policy, t, start) for t in tracks), default=now)
    if dark < now:
        spans = coverage.unobserved.since(now - policy.success_after)
        coverage = replace(coverage, unobserved=spans.add(max(start, dark), now))
    return coverage


def _covered_until(policy: Policy, track: Track, start: Micros) -> Micros:
    return start if track.seen is None else max(start, track.seen + policy.max_gap)
