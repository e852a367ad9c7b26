"""Rule 5 of the reference: whether the counts of a streak carry the decision, in fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Policy, Rule
from tests.reference_values import Seen, Streak, decimal

Z = Fraction("2.576")
PARTS = 5
FEWEST_REQUESTS = 20
FEWEST_PARTS = 3


def enough(policy: Policy, streak: Streak, now: Micros) -> bool:
    """Whether the counts of a counted streak carry the decision; without counts there is no question."""
    if not streak.counted:
        return True
    rule, taken = streak.rule, _taken(policy, streak, now)
    errors, requests = _sums(taken)
    if requests < decimal(policy.min_requests):  # rule 5a
        return False
    if not _wilson_exceeds(rule, errors, requests):  # rule 5b
        return False
    return rule.action is not Action.ROLLBACK or (
        _spread(rule, taken, now) and _still_so(policy, rule, taken, now)
    )


def _taken(policy: Policy, streak: Streak, now: Micros) -> list[Seen]:
    """The samples of the last hold, and further back until they hold `min_requests`; oldest first."""
    hold = streak.rule.hold
    taken = [sample for sample in streak.samples if sample.at >= now - hold]
    earlier = [sample for sample in streak.samples if now - 6 * hold <= sample.at < now - hold]
    while earlier and _sums(taken)[1] < decimal(policy.min_requests):
        taken.insert(0, earlier.pop())
    return taken


def _sums(samples: Sequence[Seen]) -> tuple[Fraction, Fraction]:
    counts = [sample.counts for sample in samples if sample.counts is not None]
    return sum((e for e, _ in counts), Fraction(0)), sum((r for _, r in counts), Fraction(0))


def _wilson_exceeds(rule: Rule, errors: Fraction, requests: Fraction) -> bool:
    """Whether the Wilson lower bound is above the limit (or at it, for `warn`), without a square root.

    The bound is the smaller solution x of requests * (p - x)^2 = z^2 * x * (1 - x), so it is above
    the limit when the limit is below p and the left side is the greater one there.
    """
    if requests == 0:
        return False
    p, limit = errors / requests, decimal(rule.limit)
    left, right = requests * (p - limit) ** 2, Z**2 * limit * (1 - limit)
    if rule.action is Action.WARN:
        return limit <= p and limit < 1 and left >= right
    return limit < p and left > right


def _spread(rule: Rule, taken: Sequence[Seen], now: Micros) -> bool:
    """Rule 5c: the breach is spread over the time, not one burst in it."""
    earliest = taken[0].at
    if earliest == now:
        return False  # no time to cut: one part at most
    parts: list[list[Seen]] = [[] for _ in range(PARTS)]
    for sample in taken:
        share = Fraction(sample.at - earliest, now - earliest)
        parts[min(PARTS - 1, floor(PARTS * share))].append(sample)
    judged = [(e, r) for e, r in map(_sums, parts) if r >= FEWEST_REQUESTS]
    return len(judged) >= FEWEST_PARTS and all(e / r > decimal(rule.limit) for e, r in judged)


def _still_so(policy: Policy, rule: Rule, taken: Sequence[Seen], now: Micros) -> bool:
    """Rule 5d: the latest requests are still above the limit."""
    back: list[Seen] = []
    for sample in reversed(taken):
        back.append(sample)
        if _sums(back)[1] >= FEWEST_REQUESTS and sample.at <= now - policy.interval:
            break
    errors, requests = _sums(back)
    return requests >= FEWEST_REQUESTS and errors / requests > decimal(rule.limit)
