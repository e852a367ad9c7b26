"""Rule 4 of the reference: what counts say, computed anew from all reads at each read, in floating point.

A read is (moment, errors, requests). `begun` is where the first block begins; only reads after it count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Rule

Read = tuple[Micros, float, float]

TIMES = [1.03, 1.1, 1.25, 1.5, 2, 3, 5, 10, 25, 60]
ROUNDING = 1e-9
MINUTE = 60_000_000


@dataclass
class One:
    """One alternative after the latest read. `start`, `peak_at`: indices of reads."""

    p: float
    closed: float = 0.0
    s: float = 0.0
    start: int | None = None
    peak: float = 0.0
    peak_at: int = 0


def alternatives(limit: float) -> list[float]:
    return [min(limit * m, limit + (1 - limit) * (k + 1) / (len(TIMES) + 1)) for k, m in enumerate(TIMES)]


def ratio_of(reads: Sequence[Read]) -> float:
    requests = sum(r for _, _, r in reads)
    return sum(e for _, e, _ in reads) / requests if requests else 0.0


def likelihood(q: float, limit: float, reads: Sequence[Read]) -> float:
    return _llr(q, limit, sum(e for _, e, _ in reads), sum(r for _, _, r in reads))


def _llr(q: float, limit: float, errors: float, requests: float) -> float:
    return errors * log(q / limit) + (requests - errors) * log((1 - q) / (1 - limit))


def exceeds(rule: Rule, ratio: float) -> bool:
    return ratio >= rule.limit if rule.action is Action.WARN else ratio > rule.limit


class Weighing:
    """What one counted rule weighs, read by read: blocks, alternatives, evidence, start."""

    def __init__(self, rule: Rule, evidence: float, begun: Micros) -> None:
        self.rule, self.evidence, self.begun = rule, evidence, begun
        self.reads: list[Read] = []
        self.block = 0  # index of the first read of the block under way
        self.ones = [One(p) for p in alternatives(rule.limit)]

    def take(self, read: Read) -> list[One]:
        """The alternatives as every test at this read sees them: before a block closes."""
        self.reads.append(read)
        c, i = self.evidence / 5, len(self.reads) - 1
        for one in self.ones:
            x = min(c, max(-c / 2, likelihood(one.p, self.rule.limit, self.reads[self.block :])))
            one.s = one.closed + x
            if one.closed == 0 and x <= 0:
                one.start, one.peak = None, 0.0
            elif one.start is None:
                one.start, one.peak = i, 0.0
            if one.start is not None and one.s >= one.peak:
                one.peak, one.peak_at = one.s, i
        return [One(**vars(one)) for one in self.ones]

    def close(self) -> bool:
        """Whether the latest read closed a block, and all sums are 0 now."""
        at = self.reads[-1][0]
        if at - self.begun < self.rule.hold / 5:
            return False
        for one in self.ones:
            _close(one, self.rule, self.evidence, self.reads)
        self.begun, self.block = at, len(self.reads)
        return all(one.closed == 0 for one in self.ones)


def _close(one: One, rule: Rule, evidence: float, reads: Sequence[Read]) -> None:
    one.closed = min(evidence + evidence / 5, max(0.0, one.s))
    if one.closed > 0 and rule.action is Action.WARN and _has_recovered(one, rule, reads):
        one.closed = 0.0
    if one.closed > 0 and rule.action is not Action.WARN and _is_over(one, rule, evidence, reads):
        one.closed = 0.0
    if one.closed == 0:
        one.start = None


def _is_over(one: One, rule: Rule, evidence: float, reads: Sequence[Read]) -> bool:
    """For a hold since its peak the limit was kept; the evidence against its own ratio is twice as much."""
    assert one.start is not None
    own = min(0.98, max(1.02 * rule.limit, ratio_of(reads[one.start : one.peak_at + 1])))
    since = reads[one.peak_at + 1 :]
    long_ago = reads[-1][0] - reads[one.peak_at][0] >= rule.hold
    kept = not exceeds(rule, ratio_of(since))
    return long_ago and kept and likelihood(own, rule.limit, since) <= -2 * evidence


def _has_recovered(one: One, rule: Rule, reads: Sequence[Read]) -> bool:
    assert one.start is not None
    own = ratio_of(reads[one.start : one.peak_at + 1])
    since = reads[one.peak_at + 1 :]
    expected = own * sum(r for _, _, r in since)
    long_ago = reads[-1][0] - reads[one.peak_at][0] >= 2 * rule.hold / 5
    return long_ago and expected >= 5 and sum(e for _, e, _ in since) < expected / 5


def fires(
    rule: Rule, evidence: float, ones: Sequence[One], reads: Sequence[Read], more: Sequence[Read]
) -> One | None:
    """The alternative that it fires for, if it does; `more`: the same reads, and those before them."""
    now, ripe = reads[-1][0], []
    for one in ones:
        if one.start is None or one.s < evidence - ROUNDING or now - reads[one.start][0] < rule.hold:
            continue
        if exceeds(rule, ratio := ratio_of(reads[one.start :])):
            ripe.append((one, ratio))
    alike = [(one, ratio) for one, ratio in ripe if ratio <= 3 * one.p or one.p == ones[-1].p]
    if alike:
        q, start = max(ratio for _, ratio in alike), max(one.start or 0 for one, _ in alike)
        never_over = _nothing_denies(rule, q, _of_six_holds(rule, start, reads), reads)
        if _still_at(rule, q, more) and never_over and _as_old_as_the_hold(rule, start, reads):
            return max((one for one, _ in alike if one.start == start), key=lambda one: one.s)
    if ripe:
        start = max(one.start or 0 for one, _ in ripe)
        if _is_of_parts(rule, evidence, start, reads, more):
            return max((one for one, _ in ripe if one.start == start), key=lambda one: one.s)
    return None


def _is_of_parts(
    rule: Rule, evidence: float, start: int, reads: Sequence[Read], more: Sequence[Read]
) -> bool:
    """From now on back, plain parts reach a hold back, and the latest is what it still is."""
    now, total, end = reads[-1][0], 0.0, len(reads)
    first = next(i for i in range(start, end) if now - reads[i][0] <= 6 * rule.hold)
    last_hold = [read for read in reads if read[0] > now - rule.hold]
    if not reads[-1][1] or ratio_of(last_hold) <= rule.limit:
        return False
    ratios: list[float] = []
    while (begins := _part(rule, evidence, reads, first, end)) is not None:
        ratios.append(ratio_of(reads[begins:end]))
        total += _own(rule, reads[begins:end])
        if len(ratios) == 2 and ratios[1] > ratios[0] and not _has_eased(rule, more, len(reads) - end):
            return False
        if now - reads[begins][0] >= rule.hold and total >= evidence - ROUNDING:
            return _still_at(rule, ratios[0], more)
        end = _calm_before(rule, reads, min(0.98, ratios[-1]), first, begins)
    return False


def _part(rule: Rule, evidence: float, reads: Sequence[Read], first: int, end: int) -> int | None:
    """Where the part before `end` begins: its own ratio is likeliest, and nothing at its end denies it."""
    while True:
        weights = {i: _own(rule, reads[i:end]) for i in range(first, end)}
        begins = max(weights, key=lambda i: (round(weights[i], 9), -i), default=end)
        part = reads[begins:end]
        if sum(e for _, e, _ in part) < 5 or _own(rule, part) < evidence / 5 - ROUNDING:
            return None
        q = min(0.98, ratio_of(part))
        doubts = {i: likelihood(q, rule.limit, reads[i:end]) for i in range(begins + 1, end)}
        worst = min(doubts, key=lambda i: (round(doubts[i], 9), i), default=end)
        if worst == end or doubts[worst] >= -2:
            return begins
        first = worst


def _calm_before(rule: Rule, reads: Sequence[Read], q: float, first: int, begins: int) -> int:
    """Where reads without errors begin that a service which fails q may have before the part."""
    end = begins
    while end > first and not reads[end - 1][1] and likelihood(q, rule.limit, reads[end - 1 : begins]) >= -2:
        end -= 1
    return end


def _has_eased(rule: Rule, reads: Sequence[Read], latest: int) -> bool:
    """The latest so many reads, with the time up to the first of them, are a block and a half."""
    before = [at for at, _, requests in reads[:-latest] if requests]
    return reads[-1][0] - (before[-1] if before else reads[-latest][0]) >= 1.5 * rule.hold / 5


def _own(rule: Rule, reads: Sequence[Read]) -> float:
    """What their own ratio weighs against the limit."""
    q = ratio_of(reads)
    return likelihood(min(0.98, q), rule.limit, reads) if q > rule.limit else 0.0


def still_so(rule: Rule, evidence: float, q: float, reads: Sequence[Read]) -> bool:
    """The latest reads are those of a service that fails q, or of one that got better and is plain still."""
    if _still_at(rule, q, reads):
        return True
    now = reads[-1][0]
    first = sum(read[0] <= now - rule.hold for read in reads)
    begins = _part(rule, evidence, reads, first, len(reads))
    if begins is None or not _has_eased(rule, reads, len(reads) - begins):
        return False
    return _still_at(rule, ratio_of(reads[begins:]), reads)


def _still_at(rule: Rule, q: float, reads: Sequence[Read]) -> bool:
    """The latest reads, enough to tell, are those of a service that fails q."""
    now, requests, first = reads[-1][0], 0.0, len(reads)
    for i in range(len(reads) - 1, -1, -1):
        if requests >= 20 and requests * q >= 5:
            break
        requests += reads[i][2]
        first = i if reads[i][2] else first  # a read without requests is no part of it
    stretch = reads[first:]
    if requests < 20:
        return False
    ratio = ratio_of(stretch)
    if not exceeds(rule, ratio) or ratio < 0.3 * q - ROUNDING:
        return False
    since = max(stretch[0][0] - MINUTE, now - rule.hold + 1)
    return _nothing_denies(rule, q, [i for i, read in enumerate(reads) if read[0] >= since], reads)


def _nothing_denies(rule: Rule, q: float, candidates: Sequence[int], reads: Sequence[Read]) -> bool:
    """From none of these reads on up to now they speak against q."""
    return all(likelihood(min(q, 0.98), rule.limit, reads[i:]) >= -2 for i in candidates)


def _of_six_holds(rule: Rule, start: int, reads: Sequence[Read]) -> list[int]:
    return [i for i in range(start, len(reads)) if reads[-1][0] - reads[i][0] <= 6 * rule.hold]


def _as_old_as_the_hold(rule: Rule, start: int, reads: Sequence[Read]) -> bool:
    now, limit = reads[-1][0], rule.limit
    last_hold = [read for read in reads if read[0] > now - rule.hold]
    q = min(0.98, max(1.02 * limit, ratio_of(last_hold)))
    candidates = _of_six_holds(rule, start, reads)
    # of equals the earliest: a read without requests changes nothing
    best = max(candidates, key=lambda i: (round(likelihood(q, limit, reads[i:]), 9), -i))
    return now - reads[best][0] >= rule.hold
