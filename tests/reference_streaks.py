"""Rules 2 to 6 of the reference: what one line and the passing of time do to a history and its streaks."""

from __future__ import annotations

from fractions import Fraction

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Rule
from tests.reference_evidence import enough
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
        for rule in history.policy.rules:
            if rule.metric == line.metric:
                events += _judge(history, rule, sample)
    return events


def time_passes(history: History, now: Micros) -> list[Event]:
    """Rules 3 and 6: streaks ended by a gap and metrics gone blind, each at the moment it became true."""
    noticed: list[tuple[Micros, int, int, Event]] = []
    for place, rule in enumerate(history.policy.rules):
        streak, last = history.open(rule), history.last(rule.metric)
        if streak is not None and last is not None and now - last > history.policy.max_gap:
            streak.ended_at = last + history.policy.max_gap
            noticed.append((streak.ended_at, 0, place, _cleared(streak, "gap")))
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


def _judge(history: History, rule: Rule, sample: Seen) -> list[Event]:
    """Rules 2, 3 and 4: what one usable or quiet sample does to the streak of one rule."""
    streak = history.open(rule)
    if sample.value is None:
        if streak is not None:
            streak.samples.append(sample)
        return []
    if _breaches(rule, sample.value):
        return _breach(history, rule, streak, sample)
    if streak is None:
        return []
    if streak.counted and sample.at - streak.breaches[-1] < history.policy.clear_for:
        streak.samples.append(sample)
        return []
    streak.ended_at = sample.at
    return [_cleared(streak, "recovered")]


def _breaches(rule: Rule, value: Fraction) -> bool:
    limit = Fraction(rule.limit)
    return value >= limit if rule.action is Action.WARN else value > limit


def _breach(history: History, rule: Rule, streak: Streak | None, sample: Seen) -> list[Event]:
    events: list[Event] = []
    at = sample.at
    if streak is None:
        streak = Streak(rule, [], [])
        history.streaks.append(streak)
        events.append({"event": "pending", "at": at / 1e6, "rule": rule.name})
    streak.samples.append(sample)
    streak.breaches.append(at)
    if streak.fired_at is None and at - streak.first >= rule.hold and enough(history.policy, streak, at):
        streak.fired_at = at
        events.append({"event": "firing", "at": at / 1e6, "rule": rule.name, "since": streak.first / 1e6})
        if rule.action is Action.ROLLBACK:
            history.rollbacks.append(at)
    return events
