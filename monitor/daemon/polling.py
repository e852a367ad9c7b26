"""When a probe is read: on a steady grid, faster while a rollback streak lasts, once exactly at its hold.

One task per probe, one read in flight per probe, one total deadline per read. A missed tick is
skipped, never queued. This file judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

import structlog

from monitor.clock import Clock
from monitor.core.samples import SECOND, Micros, Reading
from monitor.ports import Probe

log = structlog.get_logger()

Deliver = Callable[["Poller", Sequence[Reading], float], None]
"""Takes what was read and the seconds it took."""

UNFORESEEN = "unexpected"
"""The reason of a read that raised what no probe may raise."""

LATE_BY = 1.25
"""A read that took this many deadlines spent them stopped or suspended: what it brought is stale."""


class Poller:
    """Reads one probe for as long as it runs, and hands every result to `deliver`."""

    def __init__(
        self,
        probe: Probe,
        interval: Micros,
        deadline: float,
        clock: Clock,
        deliver: Deliver,
    ) -> None:
        self.probe = probe
        self._interval = interval
        self._deadline = deadline
        self._clock = clock
        self._deliver = deliver
        self._every = interval
        self._exactly_at: frozenset[Micros] = frozenset()
        self._last: Micros = 0
        self._broken = False
        self._changed = asyncio.Event()

    def pace(self, every: Micros | None, exactly_at: frozenset[Micros]) -> None:
        """Reads `every` (None: the interval), and once at or right after each moment of `exactly_at`."""
        every = every or self._interval
        if (every, exactly_at) != (self._every, self._exactly_at):
            self._every, self._exactly_at = every, exactly_at
            self._changed.set()

    async def run(self) -> None:
        """Reads until it is cancelled."""
        while True:
            await self._until_due()
            self._last = self._clock.now()
            started = monotonic()
            readings = await self._read()
            self._deliver(self, readings, monotonic() - started)

    async def _until_due(self) -> None:
        while (left := self._due() - self._clock.now()) > 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(left / SECOND):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _due(self) -> Micros:
        """The next point of the grid, or a hold's end that no read has begun after yet."""
        fast = self._every < self._interval
        due = self._last + self._every if fast else (self._last // self._every + 1) * self._every
        return min(due, *(moment for moment in self._exactly_at if moment > self._last), due)

    async def _read(self) -> Sequence[Reading]:
        """What the probe says, or `timeout` when it, or this process, stood still for too long."""
        started = self._clock.now()
        try:
            async with asyncio.timeout(self._deadline):
                readings = await self.probe.read(started)
        except TimeoutError:
            return self._failed("timeout")
        except Exception as e:  # whatever a source or a library does: no data, and the daemon lives
            return self._unforeseen(e)
        self._broken = False
        if self._clock.now() - started > LATE_BY * self._deadline * SECOND:
            return self._failed("timeout")
        return readings

    def _unforeseen(self, error: Exception) -> Sequence[Reading]:
        """Logged once until a read comes back; told by its kind and place, never by its text."""
        if not self._broken:
            log.error("probe.unforeseen", probe=self.probe.name, exc_info=error)
        self._broken = True
        return self._failed(UNFORESEEN)

    def _failed(self, reason: str) -> Sequence[Reading]:
        return [Reading(metric, reason=reason) for metric in self.probe.metrics]
