"""A rule's streak: when it starts, fires and ends; of plain values by themselves, of counts by evidence.

Nothing fires on a timer or on NoData that failed: only at a fresh read. A plain streak is an unbroken run of
breaching samples; a counted one lasts while its evidence speaks for a breach. Of a rule there is one streak:
counts take over what plain values began.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from monitor.core.certainty import fires, still_at, still_so
from monitor.core.decisions import Decision, EvidenceLacks, StreakCleared, StreakFiring, StreakPending
from monitor.core.evidence import (
    Evidence,
    Levels,
    Scale,
    Weight,
    block_of,
    closed,
    is_over,
    near,
    recovered,
    scale_of,
    strongest,
    weighed,
)
from monitor.core.reads import FEW, Reads, share
from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Policy, Rule

FORGIVEN_BLOCKS = 2
"""A counted streak that fired ends when it was still so at no read of so many blocks. So long after its hold
one that has not fired is said to lack traffic: a breach that is plain may need a block more."""


DENIALS = 3
"""Reads that must deny a streak that fired. At a read a minute two blocks are two, and chance denies two."""


class Streak(NamedTuple):
    """A rule's limit is exceeded since `first`; `last_breach`: the latest read that showed it.

    `counted`: by evidence, `evidence` being the strongest at the latest read, or what it fired on.
    `insufficient`: its hold is over and there is too little traffic to decide; `lacked`: that was told.
    `acted`: its firing has led to a rollback, a request or a note. Of a counted one `still`: the latest read
    at which it was so; of a fired one `errors` and `requests` from `first` to then; `before`: all before.
    `pending`: when it became so, which may be long after `first`.
    """

    first: Micros
    last_breach: Micros
    counted: bool
    firing: bool = False
    insufficient: bool = False
    lacked: bool = False
    acted: bool = False
    evidence: Evidence | None = None
    still: Micros | None = None
    errors: float = 0.0
    requests: float = 0.0
    before: tuple[float, float] = (0.0, 0.0)
    pending: Micros = 0

    @property
    def state(self) -> str:
        return "firing" if self.firing else "pending"

    def stands(self, now: Micros) -> bool:
        """Whether it is so at the latest read, taken at `now` or before: a try of a rollback needs that."""
        return not self.counted or self.still is None or self.still >= now


Said = tuple[Decision, ...]


def take_value(rule: Rule, streak: Streak | None, at: Micros, value: float) -> tuple[Streak | None, Said]:
    """A plain rule after a usable value without counts."""
    if not rule.breached_by(value):
        return (
            (streak, ())
            if streak is None or streak.counted
            else (None, (cleared(rule, streak, at, RECOVERED),))
        )
    if streak is not None and streak.counted:
        return streak, ()
    said: Said = ()
    if streak is None:
        streak = Streak(at, at, counted=False)
        said = (StreakPending(at, rule.name, at, None),)
    if streak.firing or at - streak.first < rule.hold:
        return streak._replace(last_breach=at), said
    fired = streak._replace(last_breach=at, firing=True)
    return fired, (*said, StreakFiring(at, rule.name, streak.first, None))


def take_counts(
    policy: Policy, rule: Rule, streak: Streak | None, weight: Weight, reads: Reads, before: Reads, at: Micros
) -> tuple[Streak | None, Weight, Said]:
    """A counted rule after a read, usable or quiet; `before`: all reads before it."""
    if streak is None and not weight.tallies and reads.errors == weight.errors:
        return None, _calm(rule, weight, reads, at), ()
    scale = scale_of(rule, policy.evidence)
    weight, levels = weighed(scale, weight, reads, at, before)
    said: Said = ()
    if levels or streak is not None:
        streak, said = _judged(scale, rule, streak, weight, levels, reads, at)
    if streak is not None and _is_over(scale, streak, reads, at):
        return None, Weight(at, reads.errors, reads.requests), (*said, cleared(rule, streak, at, RECOVERED))
    if at - weight.since >= scale.block:
        drops = recovered if rule.action is Action.WARN else is_over
        weight = closed(scale, weight, reads, at, levels, drops)
        if streak is not None and streak.counted and not weight.tallies:
            return None, weight, (*said, cleared(rule, streak, at, RECOVERED))
    return streak, weight, said


def _calm(rule: Rule, weight: Weight, reads: Reads, at: Micros) -> Weight:
    """The common case: no error in the block under way, and nothing before it that speaks for a breach."""
    return weight if at - weight.since < block_of(rule) else Weight(at, reads.errors, reads.requests)


RECOVERED = "recovered"


def cleared(rule: Rule, streak: Streak, at: Micros, reason: str) -> StreakCleared:
    until = at if streak.still is None else streak.still
    return StreakCleared(at, rule.name, reason, streak.state, streak.first, until)


def _judged(
    scale: Scale, rule: Rule, streak: Streak | None, weight: Weight, levels: Levels, reads: Reads, at: Micros
) -> tuple[Streak | None, Said]:
    if streak is not None and streak.firing:
        return (_followed(scale, streak, levels, reads, at) if streak.counted else streak), ()
    evidence = strongest(scale, weight, reads, levels)
    level = 0.0 if evidence is None else evidence.score
    said: Said = ()
    if streak is None:
        if evidence is None or not scale.is_something(level):
            return None, ()
        before = (reads.errors - evidence.errors, reads.requests - evidence.requests)
        streak = Streak(evidence.since, at, counted=True, still=at, before=before, pending=at)
        said = (StreakPending(at, rule.name, evidence.since, evidence),)
    if scale.suffices(level) and (found := fires(scale, weight, levels, reads, at)) is not None:
        fired = Streak(
            found.since, at, counted=True, firing=True, acted=streak.acted, evidence=found,
            still=at, errors=found.errors, requests=found.requests,
            before=(reads.errors - found.errors, reads.requests - found.requests),
        )  # fmt: skip
        return fired, (*said, StreakFiring(at, rule.name, found.since, found))
    if not streak.counted:
        return streak, said
    return _pending(scale, rule, streak, evidence, reads, at, said)


def _pending(
    scale: Scale, rule: Rule, streak: Streak, evidence: Evidence | None, reads: Reads, at: Micros, said: Said
) -> tuple[Streak, Said]:
    """A streak that may not act yet; where that is for lack of traffic, it is told once."""
    so = evidence is not None and _is_so(scale, evidence, reads, at)
    patience = FORGIVEN_BLOCKS * scale.block
    late = at - streak.first >= scale.hold + patience and at - streak.pending >= patience
    lacks = evidence is not None and so and late and _lacks(scale, evidence)
    if lacks and not streak.lacked and evidence is not None:
        errors, requests = reads.since(*streak.before)
        whole = replace(evidence, since=streak.first, errors=errors, requests=requests)
        said = (*said, EvidenceLacks(at, rule.name, streak.first, whole))
    breach = at if evidence is not None and scale.is_something(evidence.score) else streak.last_breach
    return streak._replace(
        last_breach=breach, insufficient=lacks, lacked=streak.lacked or lacks, evidence=evidence,
        still=at if so else streak.still,
    ), said  # fmt: skip


def _lacks(scale: Scale, evidence: Evidence) -> bool:
    """Whether there is something, and too little to decide on."""
    enough = scale.suffices(evidence.score) and evidence.requests >= FEW
    return scale.is_something(evidence.score) and not enough


def _is_so(scale: Scale, evidence: Evidence, reads: Reads, at: Micros) -> bool:
    """Whether the latest reads say so too, or are too few to deny it."""
    ratio = share(evidence.errors, evidence.requests)
    return reads.requests < FEW or still_at(scale, reads, at, near(scale, ratio))


def _followed(scale: Scale, streak: Streak, levels: Levels, reads: Reads, at: Micros) -> Streak:
    """A fired streak: is it still so, at the ratio that it had while it was?"""
    ratio = share(streak.errors, streak.requests)
    if not still_so(scale, reads, at, near(scale, ratio)):
        return streak
    errors, requests = reads.since(*streak.before)
    breach = at if scale.suffices(max(levels, default=0.0)) else streak.last_breach
    return streak._replace(last_breach=breach, still=at, errors=errors, requests=requests)


def _is_over(scale: Scale, streak: Streak, reads: Reads, at: Micros) -> bool:
    """Whether it was not so for two blocks, and reads enough have denied it, or nobody asks anything."""
    still = streak.still if streak.firing else None
    if still is None or at - still < FORGIVEN_BLOCKS * scale.block:
        return False
    return reads.idle is not None or all(read[1] > still for read in reads.log[-DENIALS:])
