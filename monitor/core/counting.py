"""What is counted of one metric: the reads that evidence looks at, and the proof that success needs."""

from __future__ import annotations

from typing import NamedTuple

from monitor.core.certainty import EXPECTED_ERRORS
from monitor.core.evidence import LOOK_BACK, Weight
from monitor.core.proof import Proof
from monitor.core.reads import FEW, Reads
from monitor.core.samples import Counts, Micros
from monitor.core.thresholds import Place, Policy

NO_COUNTS = Counts(0.0, 0.0)


class Counting(NamedTuple):
    """`weights`: of each of the metric's rules, in their order."""

    reads: Reads
    weights: tuple[Weight, ...]
    proof: Proof = Proof()


def begun(place: Place, at: Micros, proof: Proof | None = None) -> Counting:
    """Nothing counted since `at`, from which on the first block lasts."""
    return Counting(Reads(), tuple(Weight(at, 0.0, 0.0) for _ in place.rules), proof or Proof())


def counted(
    policy: Policy, place: Place, counting: Counting, at: Micros, counts: Counts
) -> tuple[Reads, Proof]:
    """Reads and proof with one more read taken in; its rules are not asked yet."""
    reads = counting.reads.with_read(at, counts.errors, counts.requests)
    if reads.untidy:
        reads = _tidied(place, counting, reads, at)
    return reads, counting.proof.with_read(at, counts.errors, counts.requests, policy.success_after)


def _tidied(place: Place, counting: Counting, reads: Reads, now: Micros) -> Reads:
    """Reads of the last hold stay whole, and those since the start of any evidence, six holds at most."""
    hold = max(rule.hold for _, rule in place.rules)
    limit = min(rule.limit for _, rule in place.rules)
    starts = [t.start for weight in counting.weights for t in weight.tallies if t.start is not None]
    whole_from = max(now - LOOK_BACK * hold, min([now - hold, *starts]))
    enough = FEW + EXPECTED_ERRORS / limit if limit > 0 else float("inf")
    return reads.tidied(whole_from, enough)
