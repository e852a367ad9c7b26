"""How a watch begins: what the time before its migration says about its limits and its right to act.

How it works. The samples before `started_at` are looked at twice. Under the documented limits they say
which rollback rules had fired and were over again: that time is no part of the baseline. Under the limits
after the baseline they say which rule had fired and still stood when the migration began: then what is wrong
may not be the migration's fault, and an `auto` watch waits for a person until one hold after that streak
ended (`Standing` follows it). A streak that was only pending, or one noisy window, is no such reason.
None of these samples is ever evidence of the watch itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from monitor.core.baseline import Baseline, Entry, Span, measure, movable, with_limits
from monitor.core.decisions import Decision, StreakCleared
from monitor.core.events import Measured, Passed
from monitor.core.evidence import BLOCKS
from monitor.core.samples import HOUR, Micros, Reading, Sample, judge
from monitor.core.state import WatchState, new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.watch import step

LOOK_BACK: Micros = 2 * HOUR
"""How long before the migration a streak that still stands is looked for."""

Line = tuple[Micros, Reading]


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the time before a migration, or is to be left out of it.

    `lines`: in order of time. `left_out`: spans that are no baseline. `afresh`: a rollback of ours took
    effect then, and evidence began anew. `given`: baselines that are said instead of measured.
    """

    lines: Sequence[Line] = ()
    left_out: Sequence[Span] = ()
    afresh: Micros = 0
    given: Mapping[str, Baseline] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Rollback streaks from before a migration, followed until they are over.

    `state`, of the metrics that could act (`watching`), is only fed, never asked to decide. `since`: rule ->
    beginning of those that still stand. `rearm_at`: one hold after the latest that has ended.
    """

    state: WatchState
    since: Mapping[str, Micros]
    rearm_at: Micros = 0

    def over(self, now: Micros) -> bool:
        """Whether the watch may act by itself again."""
        return not self.since and now >= self.rearm_at


@dataclass(frozen=True, slots=True)
class Beginning:
    """`policy`: with the limits of this watch. `standing`: why an `auto` watch begins as `approve`, if so."""

    policy: Policy
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    standing: Standing | None = None

    def mode(self, asked: Mode) -> Mode:
        """The mode that is in effect at first."""
        return Mode.APPROVE if self.standing is not None and asked is Mode.AUTO else asked


def earliest(policy: Policy, started_at: Micros) -> Micros:
    """Nothing from before this moment says anything about a watch that begins at `started_at`."""
    return started_at - max(LOOK_BACK, policy.baseline)


def begin(policy: Policy, started_at: Micros, past: Past) -> Beginning:
    """What the time before `started_at` makes of a watch under this policy."""
    begun = earliest(policy, started_at)
    lines = [line for line in past.lines if begun <= line[0] < started_at]
    found = _baselines(policy, started_at, lines, past) if policy.baseline > 0 else {}
    own = with_limits(policy, found)
    return Beginning(own, found, _standing(own, started_at, [x for x in lines if x[0] > past.afresh]))


def follow(policy: Policy, standing: Standing, at: Micros, readings: Iterable[Reading]) -> Standing:
    """The streaks from before after one more round; `policy` is the watch's own."""
    state, said = _fed(watching(policy), standing.state, [(at, reading) for reading in readings], at)
    since, rearm_at = dict(standing.since), standing.rearm_at
    for decision in said:
        if isinstance(decision, StreakCleared) and since.get(decision.rule) == decision.since:
            del since[decision.rule]
            rearm_at = max(rearm_at, decision.at + _rule(policy, decision.rule).hold)
    return Standing(state, since, rearm_at)


def afresh(policy: Policy, standing: Standing, at: Micros) -> Standing:
    """A rollback of ours took effect: what stood from before is over."""
    holds = (_rule(policy, name).hold for name in standing.since)
    return Standing(standing.state, {}, max([standing.rearm_at, *(at + hold for hold in holds)]))


def _baselines(
    policy: Policy, started_at: Micros, lines: Sequence[Line], past: Past
) -> Mapping[str, Baseline]:
    """metric -> baseline, of each that has counts and a rollback limit."""
    if past.given is not None:
        return {metric: found for metric, found in past.given.items() if movable(policy, metric)}
    since = started_at - policy.baseline
    outages = _outages(policy, started_at, lines)
    found = {}
    for t in policy.thresholds:
        if t.rollback_above is not None:
            own = [span for metric, span in outages if metric == t.metric]
            reads = _reads(t.metric, since, lines)
            found[t.metric] = measure(reads, past.left_out, own)
    return {metric: baseline for metric, baseline in found.items() if baseline is not None}


def _outages(policy: Policy, started_at: Micros, lines: Sequence[Line]) -> list[tuple[str, Span]]:
    """Rollback streaks that fired and were over again before the migration.

    A streak of counts is known to begin in a block of its hold; all of that is left out.
    """
    fed = watching(policy)
    _, said = _fed(fed, _unknown(fed, started_at, lines), lines, started_at)
    return [
        (_rule(policy, d.rule).metric, (d.since - _rule(policy, d.rule).hold // BLOCKS, d.at))
        for d in said
        if isinstance(d, StreakCleared) and d.was == "firing" and _acts(_rule(policy, d.rule))
    ]


def _standing(policy: Policy, started_at: Micros, lines: Sequence[Line]) -> Standing | None:
    fed = watching(policy)
    state, _ = _fed(fed, _unknown(fed, started_at, lines), lines, started_at)
    found = {
        rule.name: streak.first
        for rule, streak in zip(fed.rules, state.seen.streaks, strict=True)
        if _acts(rule) and streak is not None and _had_fired(policy, rule, streak)
    }
    return Standing(state, found) if found else None


def _had_fired(policy: Policy, rule: Rule, streak: Streak) -> bool:
    """Counted: its evidence was enough. Plain: it had breached for `warn_for`."""
    if streak.counted:
        return streak.firing
    warn_for = policy.places[rule.metric].threshold.warn_for
    return streak.last_breach - streak.first >= warn_for


def _reads(metric: str, since: Micros, lines: Iterable[Line]) -> Iterable[Entry]:
    """The counts of a metric, each moment once."""
    latest = since - 1
    for at, reading in lines:
        if reading.metric != metric or at <= latest:
            continue
        got = judge(at, reading)
        if got.counts is not None and (isinstance(got, Sample) or got.quiet):
            latest = at
            yield at, got.counts.errors, got.counts.requests


def _fed(
    policy: Policy, state: WatchState, lines: Iterable[Line], until: Micros
) -> tuple[WatchState, list[Decision]]:
    """The state after these lines, and after the time until then; nothing is decided."""
    said: list[Decision] = []
    for at, reading in lines:
        state, more = step(policy, state, Measured(at, reading))
        said += more
    state, more = step(policy, state, Passed(until))
    return state, [*said, *more]


@lru_cache(maxsize=64)
def watching(policy: Policy) -> Policy:
    """The metrics that could act, from the first sample on."""
    return replace(
        policy, warm_up=0, thresholds=tuple(t for t in policy.thresholds if t.rollback_above is not None)
    )


def _unknown(policy: Policy, started_at: Micros, lines: Sequence[Line]) -> WatchState:
    return new_state(policy, lines[0][0] if lines else started_at, Mode.OBSERVE)


def _acts(rule: Rule) -> bool:
    return rule.action is Action.ROLLBACK


def _rule(policy: Policy, name: str) -> Rule:
    return next(rule for rule in policy.rules if rule.name == name)
