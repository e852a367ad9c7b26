"""Rules 15 and 17 of the reference: what the time before a watch makes of its limit, and of its right to act.

The streaks of that time are those of the reference itself, asked of a history of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Policy, Threshold
from tests.reference_streaks import take, time_passes
from tests.reference_values import History, Line, Streak, decimal, usable_or_quiet

MINUTE = 60_000_000
BLOCK = 5 * MINUTE
Z = Decimal("2.576")


@dataclass(slots=True)
class Standing:
    """A second history of the metrics that could act, and its streaks that had fired before the watch."""

    history: History
    streaks: list[Streak]


def begin(policy: Policy, started_at: Micros, before: Sequence[Line]) -> tuple[Policy, Standing | None]:
    """The policy with the limits of this watch, and what keeps it from acting by itself, if anything."""
    lines = [x for x in before if x.at >= started_at - max(policy.baseline, 120 * MINUTE)]
    outages = [
        s
        for s in _told(policy, started_at, lines).streaks
        if s.rule.action is Action.ROLLBACK and s.fired_at is not None and s.ended_at is not None
    ]
    limits = {t.metric: _limit(policy, t, started_at, lines, outages) for t in policy.thresholds}
    own = replace(
        policy, thresholds=tuple(replace(t, rollback_above=limits[t.metric]) for t in policy.thresholds)
    )
    history = _told(own, started_at, lines)
    fired = [s for s in history.streaks if s.ended_at is None and _had_fired(own, s)]
    return own, Standing(history, fired) if fired else None


def waits_for_a_person(standing: Standing | None, at: Micros, batch: Sequence[Line]) -> bool:
    """Whether what fired before still stands, or ended less than a hold ago; asked batch by batch."""
    if standing is None or not standing.streaks:
        return False
    for line in batch:
        take(standing.history, line)
    if all(s.ended_at is not None and at >= s.ended_at + s.rule.hold for s in standing.streaks):
        standing.streaks = []
        return False
    return True


def _told(policy: Policy, started_at: Micros, lines: Sequence[Line]) -> History:
    """The history of the metrics that could act, up to the moment the watch began."""
    acting = tuple(t for t in policy.thresholds if t.rollback_above is not None)
    fed = replace(policy, thresholds=acting, warm_up=0)
    first = lines[0].at if lines else started_at
    history = History(fed, first, first)
    for line in lines:
        if line.at >= history.latest:
            take(history, line)
    time_passes(history, started_at)
    return history


def _had_fired(policy: Policy, streak: Streak) -> bool:
    if streak.rule.action is not Action.ROLLBACK:
        return False
    if streak.counted:
        return streak.fired_at is not None
    (threshold,) = [t for t in policy.thresholds if t.metric == streak.rule.metric]
    return streak.last_breach - streak.first >= threshold.warn_for


def _limit(
    policy: Policy, threshold: Threshold, started_at: Micros, lines: Sequence[Line], outages: Sequence[Streak]
) -> float | None:
    documented = threshold.rollback_above
    if documented is None or policy.baseline == 0:
        return documented
    reads = _reads(threshold.metric, [x for x in lines if x.at >= started_at - policy.baseline])
    spans = [
        (s.first - s.rule.hold // 5, s.ended_at or 0) for s in outages if s.rule.metric == threshold.metric
    ]
    kept = [r for r in reads if not any(a <= r[1] and r[0] < b for a, b in spans)]
    if 2 * _seen_for(kept) < _seen_for(reads):  # more than half an outage is none
        kept = reads
    requests = sum((r for *_, r in kept), Fraction(0))
    if _seen_for(kept) < 30 * MINUTE or requests < 300:
        return documented
    ratio = sum((e for _, _, e, _ in kept), Fraction(0)) / requests
    bound = _upper(ratio, requests / _dispersion(kept, ratio))
    if ratio < decimal(threshold.normal_below) or bound <= documented / 2:
        return documented
    return max(documented, min(1.5 * bound, 10 * documented, 0.49))


def _reads(metric: str, lines: Sequence[Line]) -> list[tuple[Micros, Micros, Fraction, Fraction]]:
    """From, to, errors and requests of every read with counts."""
    found: list[tuple[Micros, Micros, Fraction, Fraction]] = []
    for line in lines:
        seen = usable_or_quiet(line)
        if line.metric != metric or seen is None or seen.counts is None:
            continue
        if not found:
            found.append((line.at, line.at, *seen.counts))
        elif line.at > found[-1][1]:
            found.append((max(found[-1][1], line.at - BLOCK), line.at, *seen.counts))
    return found


def _seen_for(reads: Sequence[tuple[Micros, Micros, Fraction, Fraction]]) -> Micros:
    return sum(end - start for start, end, *_ in reads)


def _dispersion(kept: Sequence[tuple[Micros, Micros, Fraction, Fraction]], ratio: Fraction) -> Fraction:
    """The variance between blocks of five minutes over that of independent errors; at least 1."""
    blocks: dict[int, list[Fraction]] = {}
    for _, at, errors, requests in kept:
        block = blocks.setdefault(at // BLOCK, [Fraction(0), Fraction(0)])
        block[0] += errors
        block[1] += requests
    asked = [(e, r) for e, r in blocks.values() if r > 0]
    if ratio in (0, 1) or len(asked) < 2:
        return Fraction(1)
    squares = [(e - r * ratio) ** 2 / (r * ratio * (1 - ratio)) for e, r in asked]
    return max(Fraction(1), sum(squares, Fraction(0)) / (len(asked) - 1))


def _upper(ratio: Fraction, requests: Fraction) -> float:
    """The larger x of requests * (ratio - x)^2 = z^2 * x * (1 - x)."""
    with localcontext() as context:
        context.prec = 40
        p = Decimal(ratio.numerator) / ratio.denominator
        z2 = Z * Z * requests.denominator / requests.numerator
        root = (p * (1 - p) * z2 + z2 * z2 / 4).sqrt()
        return float((p + z2 / 2 + root) / (1 + z2))
