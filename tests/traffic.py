"""Simulated traffic: what a probe would say of Poisson requests of which some fail.

Seeded, so that a claim about chance is the same claim in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from tests.reference_values import Line
from tests.replays import line

WINDOW_REQUESTS = 500
"""A rate is taken over the shortest trailing window that holds this many requests,"""

WINDOW_MAX = 300.0
"""which is at most this many seconds long."""

MIN_REQUESTS = 100
"""Fewer in the longest window is quiet."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A share of failing requests that lasts `seconds`."""

    seconds: float
    share: float


def poisson(random: Random, mean: float) -> int:
    """Events of a Poisson process while `mean` are expected; beyond 500 by its normal limit."""
    if mean > 500:
        return max(0, round(random.gauss(mean, mean**0.5)))
    count, time = 0, random.expovariate(1.0) if mean else inf
    while time < mean:
        count += 1
        time += random.expovariate(1.0)
    return count


def recorded(seed: int, per_second: float, stretches: Sequence[Stretch], interval: float = 5.0) -> list[Line]:
    """One line of the error rate at the end of each interval."""
    random = Random(seed)
    reads: list[tuple[int, int]] = []
    lines: list[Line] = []
    for stretch in stretches:
        for _ in range(round(stretch.seconds / interval)):
            mean = per_second * interval
            errors = poisson(random, mean * stretch.share)
            reads.append((errors, errors + poisson(random, mean * (1 - stretch.share))))
            lines.append(_line(len(reads) * interval, reads, round(WINDOW_MAX / interval)))
    return lines


def _line(at: float, reads: Sequence[tuple[int, int]], longest: int) -> Line:
    errors = requests = 0
    for e, r in reversed(reads[-longest:]):
        errors, requests = errors + e, requests + r
        if requests >= WINDOW_REQUESTS:
            break
    latest = {"errors": reads[-1][0], "requests": reads[-1][1]}
    if requests < MIN_REQUESTS:
        return line(at, "error_rate", None, reason="quiet", **latest)
    return line(at, "error_rate", errors / requests, **latest)
