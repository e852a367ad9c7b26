"""What share of requests failed before the migration, and what that makes of a rollback's limit.

A service that always fails 0.8 % is no broken migration. Its errors come in clusters, so the upper bound of
their ratio is taken with the dispersion that is seen between blocks of time, not as if each came alone.
The documented limit is never lowered, and it stays for a service that is normal as documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from monitor.core.samples import MINUTE, Micros
from monitor.core.thresholds import Policy, Threshold

BLOCK: Micros = 5 * MINUTE
"""Errors of one cluster mostly lie within a block; between blocks they are taken to be independent."""

LEAST_TIME: Micros = 30 * MINUTE
LEAST_REQUESTS = 300
"""With less there is no baseline: six blocks, and one error more would be a third of a percent."""

NEAR_LIMIT = 0.5
"""Share of the rollback limit that the bound must be above before it moves the limit."""

MARGIN = 1.5
"""The limit is so many times the bound: a night is longer than what was looked at."""

MOST_TIMES = 10
MOST = 0.49
"""The moved limit is at most so many times the documented one, and always under half of all requests."""

Z = 2.576
"""Two-sided 99 % of the normal distribution."""

Span = tuple[Micros, Micros]

Entry = tuple[Micros, float, float]
"""One read: at, errors, requests."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The error ratio before a migration and its upper 99 % bound; without `requests` it was given."""

    ratio: float
    bound: float
    errors: float = 0.0
    requests: float = 0.0
    observed: Micros = 0


Read = tuple[Micros, float, float, Micros]
"""At, errors, requests, and the time that it stands for."""


def measure(
    reads: Iterable[Entry], left_out: Sequence[Span] = (), outages: Sequence[Span] = ()
) -> Baseline | None:
    """The baseline of one metric's counts in order of time; None where too little was seen.

    A read stands for the time since the one before it, a block of time at most; one that reaches into a span
    that is `left_out` does not count, nor does one of `outages`. But where outages make up more than half of
    the time they are no outages: a service that mostly fails 2 % is like that.
    """
    usual = _without(_timed(reads), left_out)
    calm = _without(usual, outages)
    return _baseline(calm if 2 * _time(calm) >= _time(usual) else usual)


def _baseline(kept: Sequence[Read]) -> Baseline | None:
    errors, requests = sum(e for _, e, _, _ in kept), sum(r for _, _, r, _ in kept)
    if _time(kept) < LEAST_TIME or requests < LEAST_REQUESTS:
        return None
    ratio = errors / requests
    spread = dispersion(_blocks(kept), ratio)
    bound = wilson_upper_bound(errors / spread, requests / spread)
    return Baseline(ratio, bound, errors, requests, _time(kept))


def dispersion(blocks: Iterable[tuple[float, float]], ratio: float) -> float:
    """How many times more (errors, requests) of blocks vary than independent errors would; at least 1.

    Pearson's estimate of a quasi-binomial model: the mean of the squared standardised residuals.
    """
    if not 0 < ratio < 1:
        return 1.0
    residuals = [(e - r * ratio) ** 2 / (r * ratio * (1 - ratio)) for e, r in blocks if r > 0]
    return max(1.0, sum(residuals) / (len(residuals) - 1)) if len(residuals) > 1 else 1.0


def wilson_upper_bound(errors: float, requests: float) -> float:
    """Upper end of the Wilson score interval of errors/requests at Z (Wilson 1927); 1 without requests."""
    if requests <= 0:
        return 1.0
    p = errors / requests
    z2 = Z * Z / requests
    return (p + z2 / 2 + Z * sqrt(p * (1 - p) / requests + z2 / (4 * requests))) / (1 + z2)


def limit_after(threshold: Threshold, found: Baseline) -> float:
    """The rollback limit of a metric (which has one) after such a baseline."""
    documented = threshold.rollback_above or 0.0
    if found.ratio < threshold.normal_below or found.bound <= NEAR_LIMIT * documented:
        return documented
    return max(documented, min(MARGIN * found.bound, MOST_TIMES * documented, MOST))


def movable(policy: Policy, metric: str) -> bool:
    """Whether the metric has a rollback limit, which a baseline could move."""
    place = policy.places.get(metric)
    return place is not None and place.threshold.rollback_above is not None


def with_limits(policy: Policy, found: Mapping[str, Baseline]) -> Policy:
    """The policy of a watch whose metrics had these baselines."""
    return replace(policy, thresholds=tuple(_with_limit(t, found.get(t.metric)) for t in policy.thresholds))


def _with_limit(threshold: Threshold, found: Baseline | None) -> Threshold:
    if found is None or threshold.rollback_above is None:
        return threshold
    return replace(threshold, rollback_above=limit_after(threshold, found))


def _time(kept: Sequence[Read]) -> Micros:
    return sum(covered for *_, covered in kept)


def _timed(reads: Iterable[Entry]) -> Iterator[Read]:
    before: Micros | None = None
    for at, errors, requests in reads:
        yield at, errors, requests, 0 if before is None else min(at - before, BLOCK)
        before = at


def _without(reads: Iterable[Read], spans: Sequence[Span]) -> list[Read]:
    """Those that reach into no span."""
    return [read for read in reads if not any(b <= read[0] and read[0] - read[3] < e for b, e in spans)]


def _blocks(kept: Iterable[Read]) -> Iterable[tuple[float, float]]:
    """Errors and requests of each stretch of BLOCK."""
    blocks: dict[int, tuple[float, float]] = {}
    for at, errors, requests, _ in kept:
        e, r = blocks.get(at // BLOCK, (0.0, 0.0))
        blocks[at // BLOCK] = (e + errors, r + requests)
    return blocks.values()
