"""A rule's streak: when it starts, what belongs to it, when it fires, when it ends.

Nothing fires on a timer or on NoData: only on a fresh breaching sample. A usable sample that does
not breach ends a streak at once, except in a counted one, where the rate is an estimate: there it
ends it only when nothing has breached for `clear_for`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

from monitor.core.decisions import Decision, StreakCleared, StreakFiring, StreakPending
from monitor.core.evidence import Entry, Evidence, oldest_useful, weigh
from monitor.core.samples import Counts, Micros, NoData, Sample
from monitor.core.thresholds import Policy, Rule


@dataclass(frozen=True, slots=True)
class Streak:
    """An unbroken run of breaching samples of one rule.

    `counted`: some sample of it had valid counts. `insufficient`: held long enough, evidence lacks.
    `acted`: its firing has led to a rollback, a request or a note. `entries` are the samples that
    evidence may still need; none once it fires. `evidence` is what was found at the latest asking.
    """

    first: Micros
    last_breach: Micros
    counted: bool
    entries: tuple[Entry, ...] = ()
    firing: bool = False
    insufficient: bool = False
    acted: bool = False
    evidence: Evidence | None = None

    @property
    def state(self) -> str:
        return "firing" if self.firing else "pending"


Step = tuple[Streak | None, tuple[Decision, ...]]


def take_sample(policy: Policy, rule: Rule, streak: Streak | None, sample: Sample) -> Step:
    """The streak after a usable sample, and what is to be said of it."""
    if rule.breached_by(sample.value):
        return _breach(policy, rule, streak, sample)
    if streak is None:
        return None, ()
    if not streak.counted or sample.at - streak.last_breach >= policy.clear_for:
        return None, (cleared(rule, streak, sample.at, "recovered"),)
    return _belongs(rule, streak, sample.at, sample.counts), ()


def take_quiet(rule: Rule, streak: Streak, nodata: NoData) -> Streak:
    """Quiet NoData belongs to the streak and adds its counts; it neither breaches nor recovers."""
    return _belongs(rule, streak, nodata.at, nodata.counts)


def cleared(rule: Rule, streak: Streak, at: Micros, reason: str) -> StreakCleared:
    return StreakCleared(at, rule.name, reason, streak.state, streak.first)


def _breach(policy: Policy, rule: Rule, streak: Streak | None, sample: Sample) -> Step:
    said: tuple[Decision, ...] = ()
    if streak is None:
        streak = Streak(sample.at, sample.at, counted=False)
        said = (StreakPending(sample.at, rule.name),)
    streak = replace(_belongs(rule, streak, sample.at, sample.counts), last_breach=sample.at)
    if streak.firing or sample.at - streak.first < rule.hold:
        return streak, said
    streak = _ask(policy, rule, streak, sample.at)
    if streak.firing:
        said = (*said, StreakFiring(sample.at, rule.name, streak.first, streak.evidence))
    return streak, said


def _ask(policy: Policy, rule: Rule, streak: Streak, now: Micros) -> Streak:
    """The hold is reached: a counted streak needs evidence too."""
    if not streak.counted:
        return replace(streak, firing=True, entries=())
    evidence, enough = weigh(policy, rule, streak.entries, now)
    if enough:
        return replace(streak, firing=True, insufficient=False, entries=(), evidence=evidence)
    return replace(streak, insufficient=True, evidence=evidence)


def _belongs(rule: Rule, streak: Streak, at: Micros, counts: Counts | None) -> Streak:
    counted = streak.counted or counts is not None
    if streak.firing:
        return streak if counted == streak.counted else replace(streak, counted=counted)
    entry = (at, counts.errors, counts.requests) if counts else (at, 0.0, 0.0)
    entries = streak.entries
    keep_from = oldest_useful(rule, at)
    if entries and entries[0][0] < keep_from:
        entries = entries[bisect_left(entries, (keep_from,)) :]
    return replace(streak, counted=counted, entries=(*entries, entry))
