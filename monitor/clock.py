"""The one place where this program learns what time it is.

Inside a process time advances with CLOCK_BOOTTIME (it counts suspend, and no NTP step moves it);
across restarts it is UTC. `SystemClock` is anchored to UTC once, at its start, and never goes back
behind a moment it was told about (`not_before`), so that a clock set back while the daemon
was down can't make fresh samples look late.
"""

from __future__ import annotations

import time
from typing import Protocol

from monitor.core.samples import Micros

_TICKER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Gives the moment `now`, in microseconds since the epoch, never decreasing."""

    def now(self) -> Micros: ...


class AdjustableClock(Clock, Protocol):
    """A clock that is never behind what is stored."""

    def not_before(self, moment: Micros) -> None: ...


def utc_now() -> Micros:
    """The wall clock, in microseconds since the epoch."""
    return time.time_ns() // 1000


class SystemClock:
    """UTC at the start of the process plus the time that really passed since."""

    def __init__(self, wall: Micros | None = None) -> None:
        self._offset = (utc_now() if wall is None else wall) - _ticks()

    def now(self) -> Micros:
        return self._offset + _ticks()

    def not_before(self, moment: Micros) -> None:
        """Moves the clock on to `moment` if it is behind it: a stored state is never in the future."""
        self._offset += max(0, moment - self.now())


def _ticks() -> Micros:
    return time.clock_gettime_ns(_TICKER) // 1000
