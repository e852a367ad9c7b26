"""Notices jumps of the wall clock. They change no decision; people who read times want to know.

This file only counts and logs.
"""

from __future__ import annotations

import asyncio

import structlog

from monitor.clock import Clock, utc_now
from monitor.core.samples import SECOND
from monitor.ports import Telemetry

log = structlog.get_logger()

EVERY_SECONDS = 5.0
JUMP = SECOND
"""A wall clock that moved this much against ours was set, not slewed."""


class Pulse:
    """Compares the wall clock with ours every few seconds."""

    name = "pulse"

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry

    async def run(self) -> None:
        """Until it is cancelled."""
        offset = utc_now() - self._clock.now()
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            moved = utc_now() - self._clock.now() - offset
            if abs(moved) >= JUMP:
                offset += moved
                self._telemetry.count("clock_jumps_total", direction="forward" if moved > 0 else "backward")
                log.warning("clock.jumped", seconds=moved / SECOND)

    async def aclose(self) -> None:
        """Nothing outlives its task."""
