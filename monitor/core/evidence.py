"""How much what was counted speaks for a breach, gathered block by block: DESIGN calls it evidence.

How it works. The errors of a rule's reads are weighed for ten alternatives: ratios from just above the limit
to sixty times it. Each block of a fifth of the hold adds to an alternative the log-likelihood ratio of that
ratio against the limit (Wald's sequential test), but never more than a fifth of what is needed and never
takes away more than a tenth: no burst decides alone, and a good minute does not wipe out a bad one. A sum
stays between 0 and a little more than what is needed, as in Page's CUSUM.

So a good hour would not always wipe out a bad minute either: of an outage with every request failing the
alternatives just above the limit keep nearly all their weight. What is over is therefore asked by itself
(`is_over`), and what is known to be over lends its weight to nothing that comes later.

This file weighs; whether a rule may act on it is asked in `certainty`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import NamedTuple

from monitor.core.reads import Reads, share
from monitor.core.samples import Micros
from monitor.core.thresholds import Rule

BLOCKS = 5
"""Blocks in a hold, and as many must agree."""

TIMES = (1.03, 1.1, 1.25, 1.5, 2, 3, 5, 10, 25, 60)
"""The alternatives, as multiples of the limit: each finds what is near it soonest."""

SMALLEST_LIMIT = 1e-9
"""Stands for a limit of 0, of which there is no logarithm."""

ROUNDING = 1e-9

NEAREST, FARTHEST = 1.02, 0.98
"""A measured ratio is weighed as so many times the limit at least, and this share of all requests at most."""

LOOK_BACK = 6
"""Holds within which the beginning of a breach is looked for."""

REMEMBERED_FAILURES = 5
FORGIVEN_SHARE = 0.2
"""A warning's alternative is dropped when its own ratio would have brought so many errors since its peak,
and less than this share of them came."""

REFUTED = 2
"""A breach is over when so many times what is needed to act speaks against it: of few requests at a small
ratio none may fail for a while by chance."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a streak stands on: errors and requests since `since`, and their weight (`score`, of `needed`).

    `ratio`: the alternative that is weighed here; `blocks_from`: where the block began in which it started.
    """

    since: Micros
    errors: float
    requests: float
    score: float
    needed: float
    ratio: float = 0.0
    blocks_from: Micros = 0


@dataclass(frozen=True, slots=True)
class Alternative:
    """One ratio that may be the true one: log-likelihood ratios per error and per good request."""

    ratio: float
    per_error: float
    per_good: float


@dataclass(frozen=True, slots=True)
class Scale:
    """How one rule's counts are weighed. `step`: the most that one block may add."""

    limit: float
    inclusive: bool
    hold: Micros
    block: Micros
    needed: float
    step: float
    alternatives: tuple[Alternative, ...]

    def suffices(self, level: float) -> bool:
        """Whether it breaches: sums of fifths of what is needed reach it, however they are rounded."""
        return level >= self.needed - ROUNDING

    def is_something(self, level: float) -> bool:
        """Whether it is pending: a fifth of what is needed."""
        return level >= self.step - ROUNDING

    def exceeded_by(self, ratio: float) -> bool:
        return ratio >= self.limit if self.inclusive else ratio > self.limit


class Tally(NamedTuple):
    """One alternative: the sum over closed blocks, since when, and the totals before its first read.

    `peak`: the most it ever reached, when, and the totals then. `block`: where that of its start began.
    """

    sum: float = 0.0
    start: Micros | None = None
    errors: float = 0.0
    requests: float = 0.0
    peak: float = 0.0
    peak_at: Micros = 0
    peak_errors: float = 0.0
    peak_requests: float = 0.0
    block: Micros = 0


class Weight(NamedTuple):
    """A rule's evidence. `since`: where the block under way began, with the totals of then.

    `tallies`: of each alternative; empty while nothing speaks for any.
    """

    since: Micros
    errors: float
    requests: float
    tallies: tuple[Tally, ...] = ()


NOTHING = Tally()


@lru_cache(maxsize=256)
def scale_of(rule: Rule, needed: float) -> Scale:
    limit, many = max(rule.limit, SMALLEST_LIMIT), len(TIMES)
    found = [
        _alternative(min(limit * times, limit + (1 - limit) * (k + 1) / (many + 1)), limit)
        for k, times in enumerate(TIMES)
        if limit < 1
    ]
    return Scale(limit, rule.inclusive, rule.hold, block_of(rule), needed, needed / BLOCKS, tuple(found))


def block_of(rule: Rule) -> Micros:
    """How long a block of its counts lasts."""
    return rule.hold // BLOCKS


def _alternative(ratio: float, limit: float) -> Alternative:
    return Alternative(ratio, log(ratio / limit), log((1 - ratio) / (1 - limit)))


def likelihood(ratio: float, limit: float, errors: float, requests: float) -> float:
    """Log-likelihood ratio of `ratio` against `limit`; both are kept apart from 0 and 1 by the caller."""
    return errors * log(ratio / limit) + (requests - errors) * log((1 - ratio) / (1 - limit))


def weighed(scale: Scale, weight: Weight, reads: Reads, at: Micros, before: Reads) -> tuple[Weight, Levels]:
    """After a read (`before`: all that came earlier): the tallies, and the level of each alternative.

    A level is the sum over closed blocks and what the block under way adds; none while all are 0.
    """
    errors, requests = reads.since(weight.errors, weight.requests)
    if not weight.tallies and not errors:
        return weight, ()
    tallies = weight.tallies or (NOTHING,) * len(scale.alternatives)
    high, low = scale.step, -scale.step / 2
    good = requests - errors
    found: list[Tally] = []
    levels: list[float] = []
    for alternative, tally in zip(scale.alternatives, tallies, strict=True):
        x = errors * alternative.per_error + good * alternative.per_good
        x = low if x < low else high if x > high else x
        level = tally.sum + x
        levels.append(level)
        same = tally.sum > 0 and level < tally.peak  # the common case, asked ten times a read
        found.append(tally if same else _after(tally, x, level, reads, at, before, weight.since))
    if all(tally is NOTHING for tally in found):
        return Weight(weight.since, weight.errors, weight.requests), ()
    return Weight(weight.since, weight.errors, weight.requests, tuple(found)), tuple(levels)


def _after(
    tally: Tally, x: float, level: float, reads: Reads, at: Micros, before: Reads, block: Micros
) -> Tally:
    """Its start: the first read of a run that speaks for it. Its peak: the latest of the highest level."""
    if tally.sum <= 0 and x <= 0:
        return NOTHING
    if tally.start is None:
        return Tally(0.0, at, before.errors, before.requests, level, at, reads.errors, reads.requests, block)
    if level < tally.peak:
        return tally
    return Tally(
        tally.sum, tally.start, tally.errors, tally.requests,
        level, at, reads.errors, reads.requests, tally.block,
    )  # fmt: skip


Levels = tuple[float, ...]

Drops = Callable[[Scale, Tally, Reads, Micros], bool]
"""Whether an alternative begins anew, asked at the end of each block."""


def closed(scale: Scale, weight: Weight, reads: Reads, at: Micros, levels: Levels, drops: Drops) -> Weight:
    """With the block under way ended by the read at `at`."""
    if not weight.tallies:
        return Weight(at, reads.errors, reads.requests)
    most = scale.needed + scale.step
    found = [
        _settled(tally, min(most, level)) if level > 0 and not drops(scale, tally, reads, at) else NOTHING
        for tally, level in zip(weight.tallies, levels, strict=True)
    ]
    kept = () if all(tally is NOTHING for tally in found) else tuple(found)
    return Weight(at, reads.errors, reads.requests, kept)


def _settled(tally: Tally, level: float) -> Tally:
    return Tally(
        level, tally.start, tally.errors, tally.requests,
        tally.peak, tally.peak_at, tally.peak_errors, tally.peak_requests, tally.block,
    )  # fmt: skip


def recovered(scale: Scale, tally: Tally, reads: Reads, at: Micros) -> bool:
    """Since its peak, two blocks ago or more, its own ratio would have brought errors that did not come."""
    if at - tally.peak_at < 2 * scale.block:
        return False
    expected = _own(tally) * (reads.requests - tally.peak_requests)
    errors = reads.errors - tally.peak_errors
    return expected >= REMEMBERED_FAILURES and errors < FORGIVEN_SHARE * expected


def is_over(scale: Scale, tally: Tally, reads: Reads, at: Micros) -> bool:
    """For a hold or more since its peak the limit was kept, and what came speaks against its own ratio.

    The pauses of a breach that comes and goes are shorter than a hold, or it never was one.
    """
    if at - tally.peak_at < scale.hold:
        return False
    errors, requests = reads.since(tally.peak_errors, tally.peak_requests)
    if scale.exceeded_by(share(errors, requests)):
        return False
    return likelihood(near(scale, _own(tally)), scale.limit, errors, requests) <= -REFUTED * scale.needed


def _own(tally: Tally) -> float:
    """Its ratio of errors up to its peak."""
    return share(tally.peak_errors - tally.errors, tally.peak_requests - tally.requests)


def near(scale: Scale, ratio: float) -> float:
    """A measured ratio, kept apart from the limit and from all requests."""
    return min(FARTHEST, max(NEAREST * scale.limit, ratio))


def strongest(scale: Scale, weight: Weight, reads: Reads, levels: Levels) -> Evidence | None:
    """The evidence of the alternative that is spoken for most; of equals, of the one that began first."""
    best: tuple[float, Micros, int] | None = None
    for k, (level, tally) in enumerate(zip(levels, weight.tallies, strict=True)):
        if tally.start is not None and (best is None or (max(level, 0.0), -tally.start) > best[:2]):
            best = max(level, 0.0), -tally.start, k
    if best is None:
        return None
    return evidence_of(scale, best[2], levels[best[2]], weight.tallies[best[2]], reads)


def evidence_of(scale: Scale, k: int, level: float, tally: Tally, reads: Reads) -> Evidence:
    """What speaks for the k-th alternative, which has a start."""
    errors, requests = reads.since(tally.errors, tally.requests)
    ratio, since = scale.alternatives[k].ratio, tally.start or 0
    return Evidence(since, errors, requests, max(level, 0.0), scale.needed, ratio, tally.block)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a hold: ends at, errors, requests, what they add, and the sum with it."""

    at: Micros
    errors: float
    requests: float
    added: float
    sum: float


def retraced(scale: Scale, evidence: Evidence, reads: Iterable[tuple[Micros, float, float]]) -> list[Block]:
    """The way to a score, from the reads after `blocks_from`: at, errors, requests of each, in order."""
    limit, begun, total = scale.limit, evidence.blocks_from, 0.0
    found: list[Block] = []
    under_way: list[Block] = []
    errors = requests = 0.0
    for at, e, r in reads:
        errors, requests = errors + e, requests + r
        x = likelihood(evidence.ratio, limit, errors, requests)
        x = min(scale.step, max(-scale.step / 2, x))
        block = Block(at, errors, requests, x, total + x)
        if at - begun >= scale.block:
            total = min(scale.needed + scale.step, max(0.0, total + x))
            begun, errors, requests = at, 0.0, 0.0
            found.append(block)
            under_way = []
        else:
            under_way = [block]
    return [*found, *under_way]
