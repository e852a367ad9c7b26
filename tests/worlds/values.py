"""What the files of this folder hand to each other: arrays of one value a second, and a world's plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
"""One value for each second."""

HOUR = 3600
DAY = 24 * HOUR
HISTORY = 2 * HOUR
"""Seconds of traffic before each watch: what a baseline is taken from."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens in a world, before chance: requests a second, and the share of them that fails.

    `begins`, `ends`: of the incident, in seconds; None where all is well.
    """

    rate: Seconds
    share: Seconds
    begins: int | None = None
    ends: int | None = None


def none_of(rate: Seconds) -> Seconds:
    """No request fails."""
    return np.zeros(len(rate))


def clock_of(rate: Seconds) -> NDArray[np.int64]:
    """The number of each second."""
    return np.arange(len(rate))
