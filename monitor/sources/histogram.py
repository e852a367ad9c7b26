"""A quantile of a histogram, and what it can be compared with. Pure.

A histogram says between which two bounds a quantile lies, not where: with buckets at 100 and 250 ms, all
requests at 120 ms read as 242 ms. So a limit inside the bucket is not reached until the bucket's lower bound
is: `comparable` gives a value for which every comparison comes out so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite


@dataclass(frozen=True, slots=True)
class Quantile:
    """An estimate and the bucket it lies in; `high` is infinite above the largest bound."""

    value: float
    low: float
    high: float

    def times(self, scale: float) -> Quantile:
        return Quantile(self.value * scale, self.low * scale, self.high * scale)


def quantile_of(q: float, cumulative: Mapping[float, float]) -> Quantile | None:
    """Linear interpolation in cumulative buckets, as Prometheus' histogram_quantile; None if they are none.

    In the bucket up to +Inf it is the largest finite bound.
    """
    bounds = sorted(cumulative)
    if len(bounds) < 2 or bounds[-1] != inf or not cumulative[inf]:
        return None
    rank = q * cumulative[inf]
    lower, below = 0.0, 0.0
    for bound in bounds:
        count = max(cumulative[bound], below)  # a page read while it changes may dip by one
        if count >= rank and count > below:
            part = 0.0 if bound == inf else (bound - lower) * (rank - below) / (count - below)
            return Quantile(lower + part, lower, bound)
        lower, below = (bound, count) if bound != inf else (lower, below)
    return Quantile(lower, lower, inf)


def comparable(found: Quantile, limits: Iterable[float], mean: float) -> float:
    """The estimate, unless a limit lies between it and the bucket's lower bound: nobody knows on which side
    the truth is. Then the mean of all, where it lies below that limit in the bucket, else the lower bound.
    """
    between = [limit for limit in limits if found.low <= limit <= found.value]
    if not between:
        return found.value
    return mean if isfinite(mean) and found.low <= mean < min(between) else found.low


def bucket_of(limit: float, bounds: Iterable[float]) -> tuple[float, float]:
    """The bucket (low, high] that a limit falls into."""
    known = sorted({0.0, *bounds, inf})
    high = next(bound for bound in known if limit <= bound)
    return max((bound for bound in known if bound < limit), default=0.0), high
