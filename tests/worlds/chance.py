"""Chance: requests that come in bursts, and background errors that come in clusters.

The clusters are fitted to the clusters of 5xx in public access logs (errors of one service with little time
between them): 85.4 % are a single error; the sizes of the others follow a power law of exponent 2.3 (maximum
likelihood over 129 clusters of 2 to 21 errors); a cluster of n lasts a lognormal time with the median
4.7 n^0.73 s and a spread of e^1.18, or no time at all (27 % of the pairs, few of the others). The variance
of errors in 5 minutes is thereby about three times that of errors which come alone, as in the logs.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests.worlds.values import Seconds

Whole = NDArray[np.int64]

BURST = 30
"""Seconds for which the rate is by chance higher or lower."""

DISPERSION = (2.0, 4.0)
"""Variance over mean of the requests in such a time, beyond the 1 of independent ones; of public logs 3."""

ALONE = 0.854
LARGEST = 21
EXPONENT = 2.31
SIZES = np.arange(2, LARGEST + 1)
WEIGHTS = SIZES**-EXPONENT / (SIZES**-EXPONENT).sum()
MEAN_SIZE = ALONE + (1 - ALONE) * float((SIZES * WEIGHTS).sum())

LASTS, LASTS_MORE, SPREAD = 1.56, 0.73, 1.18
"""ln of the median seconds of a cluster of one, what ln n adds, and the standard deviation of the ln."""

AT_ONCE = np.array([0.27, 0.04])
"""Share of the pairs, and of larger clusters, whose errors come within a second."""

LONGEST = 180
"""Seconds; the longest that was seen took 137. What lasts longer than a hold is no background."""


def arrivals(g: Generator, rate: Seconds) -> Seconds:
    """Requests in each second: Poisson around a rate that a gamma distribution raises or lowers in bursts."""
    starts = np.arange(0, len(rate), BURST)
    expected = np.maximum(np.add.reduceat(rate, starts), 0.05)
    shape = expected / g.uniform(*DISPERSION)
    burst = g.gamma(shape, 1 / shape)
    return g.poisson(rate * np.repeat(burst, BURST)[: len(rate)]).astype(np.float64)


def background(g: Generator, rate: Seconds, share: float, clustered: bool) -> Seconds:
    """Errors in each second that are no incident, on average `share` of the requests."""
    if not clustered:
        return g.poisson(rate * share).astype(np.float64)
    begun = g.poisson(rate * (share / MEAN_SIZE))
    at = np.repeat(np.arange(len(rate)), begun)
    sizes = _sizes(g, len(at))
    moments = np.repeat(at, sizes) + _within(g, sizes)
    return np.bincount(np.minimum(moments, len(rate) - 1), minlength=len(rate)).astype(np.float64)


def _sizes(g: Generator, many: int) -> Whole:
    several = SIZES[np.searchsorted(np.cumsum(WEIGHTS)[:-1], g.random(many))]
    return np.where(g.random(many) < ALONE, 1, several)


def _within(g: Generator, sizes: Whole) -> Whole:
    """Seconds from the begin of its cluster to each error."""
    lasts = np.exp(LASTS + LASTS_MORE * np.log(sizes) + SPREAD * g.standard_normal(len(sizes)))
    at_once = (sizes == 1) | (g.random(len(sizes)) < AT_ONCE[(sizes > 2).astype(int)])
    lasts = np.where(at_once, 0, np.minimum(lasts, LONGEST))
    later: Whole = (g.random(sizes.sum()) * np.repeat(lasts + 1, sizes)).astype(np.int64)
    return later
