"""A breach that gets worse, or better, is one breach all the same: it has parts, each plain by itself.

How it works. From the latest read on back, the stretch that its own ratio of errors explains best, against
the limit, is a part, if nothing at its end speaks against that ratio (then the end is asked alone), and if
its errors are `MANY` or more and weigh what a block may add. The part before it ends where it begins, and so
on until they reach a hold back. Calm between two parts is no part: there the breach begins.

Without this 2 % which becomes 5 % would be no older than the 5 %, and an outage that ebbs away to 2 % would
have a mean that explains neither.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from monitor.core.evidence import FARTHEST, LOOK_BACK, Scale, likelihood
from monitor.core.reads import Reads, share
from monitor.core.samples import Micros

MANY = 5
"""Errors of a part: a burst of fewer right before an outage, or after it, makes it no longer."""

DOUBT = -2.0
"""Log-likelihood ratio below which the latest reads speak against it (1 : 7)."""

EASED_BLOCKS = 1.5
"""So long a breach must have been better to go on as what it is now: bursts follow an outage that ended.

Less than the two blocks after which a streak that is no longer so is over.
"""


class Part(NamedTuple):
    """Reads of one ratio, from the n-th of the log on: since when, errors, requests, and what they weigh."""

    begins: int
    since: Micros
    errors: float
    requests: float
    weight: float

    @property
    def ratio(self) -> float:
        return share(self.errors, self.requests)


def parts(scale: Scale, reads: Reads, now: Micros, since: Micros) -> tuple[Part, ...]:
    """The parts of a breach that is a hold old and has all the evidence, the latest first; else none."""
    oldest = max(since, now - LOOK_BACK * scale.hold)
    found: list[Part] = []
    for part in _back(scale, reads, oldest):
        found.append(part)
        if len(found) == 2 and part.ratio > found[0].ratio and not _has_eased(scale, reads, now, found[0]):
            return ()
        if now - part.since >= scale.hold and scale.suffices(sum(p.weight for p in found)):
            return tuple(found)
    return ()


def eased(scale: Scale, reads: Reads, now: Micros) -> Part | None:
    """The latest part, if it is long enough to be what a breach has become; of the last hold."""
    part = next(_back(scale, reads, now - scale.hold + 1), None)
    return part if part is not None and _has_eased(scale, reads, now, part) else None


def _has_eased(scale: Scale, reads: Reads, now: Micros, part: Part) -> bool:
    before = reads.log[part.begins - 1][1] if part.begins else part.since
    return now - before >= EASED_BLOCKS * scale.block


def _back(scale: Scale, reads: Reads, oldest: Micros) -> Iterator[Part]:
    """Part before part, of the reads since `oldest`."""
    first, ends = bisect_left(reads.log, oldest, key=lambda read: read[1]), len(reads.log)
    while (part := _part(scale, reads, first, ends)) is not None:
        yield part._replace(since=max(part.since, oldest))
        ends = _calm_before(scale, reads, part, first)


def _calm_before(scale: Scale, reads: Reads, part: Part, first: int) -> int:
    """From where on nothing failed before a part, in so few requests that they may be of it."""
    ratio, n = min(FARTHEST, part.ratio), part.begins
    _, _, errors, requests = reads.log[n]
    while n > first:
        _, _, before, so_many = reads.log[n - 1]
        if before < errors or likelihood(ratio, scale.limit, 0.0, requests - so_many) < DOUBT:
            break
        n -= 1
    return n


def _part(scale: Scale, reads: Reads, first: int, ends: int) -> Part | None:
    """The part that ends before the read at `ends`."""
    while (part := _likeliest(scale, reads, first, ends)) is not None:
        if part.errors < MANY or not scale.is_something(part.weight):
            return None
        doubt, first = _most_doubtful(scale, reads, part, ends)
        if doubt >= DOUBT:
            return part
    return None


def _likeliest(scale: Scale, reads: Reads, first: int, ends: int) -> Part | None:
    """The stretch up to there whose own ratio is likeliest against the limit."""
    all_errors, all_requests = _totals(reads, ends)
    best = None
    for n in range(ends - 1, first - 1, -1):
        since, _, errors, requests = reads.log[n]
        errors, requests = all_errors - errors, all_requests - requests
        ratio = min(FARTHEST, share(errors, requests))
        if ratio <= scale.limit:
            continue
        weight = likelihood(ratio, scale.limit, errors, requests)
        if best is None or weight >= best.weight:
            best = Part(n, since, errors, requests, weight)
    return best


def _most_doubtful(scale: Scale, reads: Reads, part: Part, ends: int) -> tuple[float, int]:
    """What speaks most against a part at its end: how much, and from which read on."""
    all_errors, all_requests = _totals(reads, ends)
    ratio = min(FARTHEST, part.ratio)
    doubts = (
        (likelihood(ratio, scale.limit, all_errors - errors, all_requests - requests), n)
        for n, (_, _, errors, requests) in enumerate(reads.log[part.begins + 1 : ends], part.begins + 1)
    )
    return min(doubts, default=(0.0, ends))


def _totals(reads: Reads, ends: int) -> tuple[float, float]:
    """All errors and requests before the read at `ends`."""
    return (reads.errors, reads.requests) if ends == len(reads.log) else reads.log[ends][2:]
