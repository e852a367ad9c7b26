"""Rules 2 to 6 of the reference: what one line and the passing of time do to a history and its streaks.

`reads` of a metric are all that were counted; `stretch`: the first of them since a gap.
"""

from __future__ import annotations

from fractions import Fraction

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Rule
from tests import reference_evidence as evidence
from tests.reference_evidence import Weighing
from tests.reference_values import Event, History, Line, Seen, Streak, usable_or_quiet

# ---------------------------------------------------------------- one event


def take(history: History, line: Line) -> list[Event]:
    """First what the passing of time did, then what the sample says."""
    history.latest = line.at
    events = time_passes(history, line.at)
    sample = usable_or_quiet(line)
    if sample is None or line.metric not in history.policy.metrics:
        return events
    last = history.last(line.metric)
    if last is not None and sample.at <= last:  # rule 9: late
        return events
    history.seen.setdefault(sample.metric, []).append(sample)
    if line.metric in history.blind:
        history.blind.remove(line.metric)
        events.append({"event": "sighted", "at": line.at / 1e6, "metric": line.metric})
    if sample.at >= history.started_at + history.policy.warm_up:  # rule 10
        counts = sample.counts
        if counts is None and sample.value is None and sample.metric in history.reads:
            counts = (Fraction(0), Fraction(0))
        if counts is not None:
            read = (sample.at, float(counts[0]), float(counts[1]))
            history.reads.setdefault(sample.metric, []).append(read)
        for rule in history.policy.rules:
            if rule.metric == line.metric:
                events += _judge(history, rule, sample, counts is not None)
    return events


def time_passes(history: History, now: Micros) -> list[Event]:
    """Rules 3 and 6: streaks ended by a gap and metrics gone blind, each at the moment it became true."""
    noticed: list[tuple[Micros, int, int, Event]] = []
    for place, rule in enumerate(history.policy.rules):
        streak, last = history.open(rule), history.last(rule.metric)
        if streak is not None and last is not None and now - last > history.policy.max_gap:
            streak.ended_at = last + history.policy.max_gap
            noticed.append((streak.ended_at, 0, place, _cleared(streak, "gap")))
        if last is not None and now - last > history.policy.max_gap and rule.metric in history.reads:
            history.stretch[rule.metric] = len(history.reads[rule.metric])
            history.weighing[rule] = Weighing(rule, history.policy.evidence, last + history.policy.max_gap)
    for place, metric in enumerate(history.policy.metrics):
        last = history.last(metric)
        since = history.started_at if last is None else last
        if metric not in history.blind and now - since > history.policy.blind_after:
            history.blind.add(metric)
            at = since + history.policy.blind_after
            noticed.append((at, 1, place, {"event": "blind", "at": at / 1e6, "metric": metric}))
    return [event for *_, event in sorted(noticed, key=lambda n: n[:3])]


def _cleared(streak: Streak, reason: str) -> Event:
    assert streak.ended_at is not None
    at = streak.ended_at / 1e6
    return {"event": "cleared", "at": at, "rule": streak.rule.name, "reason": reason, "was": streak.stage}


# ---------------------------------------------------------------- streaks


def _judge(history: History, rule: Rule, sample: Seen, counted: bool) -> list[Event]:
    """Rules 2, 3 and 4: what one usable or quiet sample does to the streak of one rule."""
    streak, events = history.open(rule), list[Event]()
    breach = sample.value is not None and _breaches(rule, sample.value)
    if streak is not None and not streak.counted and sample.value is not None and not breach:
        streak.ended_at = sample.at
        return [_cleared(streak, "recovered"), *(_count(history, rule, sample.at) if counted else [])]
    if counted:
        return _count(history, rule, sample.at)
    if not breach or (streak is not None and streak.counted):
        return []
    if streak is None:
        streak = Streak(rule, sample.at, counted=False)
        history.streaks.append(streak)
        events.append(_begun(streak, "pending", sample.at))
    streak.last_breach = sample.at
    if streak.fired_at is None and sample.at - streak.first >= rule.hold:
        _fire(history, streak, sample.at)
        events.append(_begun(streak, "firing", sample.at))
    return events


def _breaches(rule: Rule, value: Fraction) -> bool:
    limit = Fraction(rule.limit)
    return value >= limit if rule.action is Action.WARN else value > limit


def _fire(history: History, streak: Streak, at: Micros) -> None:
    streak.fired_at = at
    if streak.rule.action is Action.ROLLBACK:
        history.rollbacks.append(at)


def _begun(streak: Streak, event: str, at: Micros, weight: float | None = None) -> Event:
    found: Event = {"event": event, "at": at / 1e6, "rule": streak.rule.name, "since": streak.first / 1e6}
    return found if weight is None else {**found, "evidence": round(weight, 3)}


# ---------------------------------------------------------------- counted rules


def _count(history: History, rule: Rule, at: Micros) -> list[Event]:
    """A read of a counted rule: pending, firing, over."""
    policy, reads = history.policy, history.reads[rule.metric]
    since_gap = reads[history.stretch.get(rule.metric, 0) :]
    begun = history.started_at + policy.warm_up
    weighing = history.weighing.setdefault(rule, Weighing(rule, policy.evidence, begun))
    ones = weighing.take(reads[-1])
    streak, events = history.open(rule), list[Event]()
    if streak is None or streak.fired_at is None:
        best = max(ones, key=lambda one: (-1 if one.start is None else one.s, -(one.start or 0)))
        if streak is None and best.start is not None and best.s >= policy.evidence / 5 - evidence.ROUNDING:
            streak = Streak(rule, weighing.reads[best.start][0], counted=True)
            history.streaks.append(streak)
            events.append(_begun(streak, "pending", at, best.s))
        found = evidence.fires(rule, policy.evidence, ones, weighing.reads, since_gap)
        if streak is not None and found is not None:
            streak.first, streak.counted, streak.still = weighing.reads[found.start or 0][0], True, at
            _fire(history, streak, at)
            events.append(_begun(streak, "firing", at, found.s))
    elif streak.counted:
        _follow(rule, policy.evidence, streak, since_gap)
    if streak is not None and streak.still is not None and _is_over(rule, streak.still, since_gap):
        history.weighing[rule] = Weighing(rule, policy.evidence, at)
        return [*events, _recovered(streak, at)]
    all_zero = weighing.close()
    if streak is not None and streak.counted and all_zero:
        events.append(_recovered(streak, at))
    return events


def _is_over(rule: Rule, still: Micros, reads: list[evidence.Read]) -> bool:
    """Not so for two blocks, and denied by three reads, or nobody asks anything."""
    at, _, requests = reads[-1]
    denials = [read for read in reads if read[0] > still and read[2]]
    return at - still >= 2 * rule.hold / 5 and (not requests or len(denials) >= 3)


def _recovered(streak: Streak, at: Micros) -> Event:
    streak.ended_at = at
    return _cleared(streak, "recovered")


def _follow(rule: Rule, needed: float, streak: Streak, reads: list[evidence.Read]) -> None:
    """A fired streak: is it still so, at the ratio that it had while it was?"""
    assert streak.still is not None
    q = evidence.ratio_of([read for read in reads if streak.first <= read[0] <= streak.still])
    if evidence.still_so(rule, needed, min(0.98, max(1.02 * rule.limit, q)), reads):
        streak.still = reads[-1][0]
