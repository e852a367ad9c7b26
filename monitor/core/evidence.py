"""Is a counted breach real, or noise? Asked of a streak's samples at a breaching one.

An error rate from counts is an estimate. A streak of such estimates fires only when the requests
seen are enough, when chance is excluded (the Wilson lower bound lies above the limit), and, for a
rollback, when the breach was spread over the whole hold and is still going on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Policy, Rule

Z = 2.576
"""Two-sided 99 % of the normal distribution: one streak in 200 of pure noise would pass by chance."""

LOOK_BACK = 6
"""How many holds back samples are added while requests are too few."""

PARTS = 5
PARTS_NEEDED = 3
"""A burst fills one part of the hold; a breach that lasts fills at least three of five."""

PART_REQUESTS = 20
"""Requests below which a part says nothing about a rate near 1 %."""

Entry = tuple[Micros, float, float]
"""One sample of a streak: at, errors, requests (0, 0 without valid counts)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The counts a firing stands on: from `since` on, with the lower bound of the error ratio."""

    since: Micros
    errors: float
    requests: float
    lower_bound: float


def wilson_lower_bound(errors: float, requests: float) -> float:
    """Lower end of the Wilson score interval of errors/requests at Z (Wilson 1927); 0 without requests."""
    return 0.0 if requests <= 0 else _wilson(errors, requests, -Z)


def wilson_upper_bound(errors: float, requests: float) -> float:
    """Its upper end; 1 without requests."""
    return 1.0 if requests <= 0 else _wilson(errors, requests, Z)


def _wilson(errors: float, requests: float, z: float) -> float:
    p = errors / requests
    z2 = z * z / requests
    spread = z * sqrt(p * (1 - p) / requests + z2 / (4 * requests))
    return (p + z2 / 2 + spread) / (1 + z2)


def oldest_useful(rule: Rule, now: Micros) -> Micros:
    """Samples before this moment are never asked for again."""
    return now - LOOK_BACK * rule.hold


def weigh(policy: Policy, rule: Rule, entries: Sequence[Entry], now: Micros) -> tuple[Evidence, bool]:
    """The evidence in a streak's samples (ascending, all within LOOK_BACK holds) and whether it is enough."""
    chosen, errors, requests = _choose(policy, rule, entries, now)
    bound = wilson_lower_bound(errors, requests)
    evidence = Evidence(chosen[0][0], errors, requests, bound)
    enough = requests > 0 and requests >= policy.min_requests
    enough = enough and (bound >= rule.limit if rule.inclusive else bound > rule.limit)
    if enough and rule.action is Action.ROLLBACK:
        enough = _spread(rule, chosen, now) and _still_so(policy, rule, chosen, now)
    return evidence, enough


def _choose(
    policy: Policy, rule: Rule, entries: Sequence[Entry], now: Micros
) -> tuple[Sequence[Entry], float, float]:
    """The samples of the last hold, and further back, one by one, while requests are too few."""
    start = bisect_left(entries, (now - rule.hold,))
    errors = sum(e for _, e, _ in entries[start:])
    requests = sum(r for _, _, r in entries[start:])
    while requests < policy.min_requests and start > 0:
        start -= 1
        errors += entries[start][1]
        requests += entries[start][2]
    return entries[start:], errors, requests


def _spread(rule: Rule, chosen: Sequence[Entry], now: Micros) -> bool:
    """Each fifth of the time that has requests enough is above the limit; at least three have."""
    earliest = chosen[0][0]
    span = max(now - earliest, 1)
    errors, requests = [0.0] * PARTS, [0.0] * PARTS
    for at, e, r in chosen:
        part = min(PARTS - 1, PARTS * (at - earliest) // span)
        errors[part] += e
        requests[part] += r
    told = [(e, r) for e, r in zip(errors, requests, strict=True) if r >= PART_REQUESTS]
    return len(told) >= PARTS_NEEDED and all(e / r > rule.limit for e, r in told)


def _still_so(policy: Policy, rule: Rule, chosen: Sequence[Entry], now: Micros) -> bool:
    """The newest samples, at least PART_REQUESTS and one interval of them, are above the limit."""
    errors = requests = 0.0
    for at, e, r in reversed(chosen):
        errors += e
        requests += r
        if requests >= PART_REQUESTS and at <= now - policy.interval:
            break
    return requests >= PART_REQUESTS and errors / requests > rule.limit
