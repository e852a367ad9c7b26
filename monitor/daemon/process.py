"""The whole daemon: the loops of all targets and what runs beside them, started, supervised, stopped.

If anything that should run for ever ends, the daemon stops loudly, so that systemd or Kubernetes
starts it again: a monitor that half works is worse than one that is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from monitor.clock import Clock, utc_now
from monitor.core.samples import SECOND, Micros
from monitor.daemon.loop import TargetLoop
from monitor.daemon.watchdog import NoWatchdog, Watchdog
from monitor.ports import TargetView, Telemetry

log = structlog.get_logger()

SIDE_CLOSE_SECONDS = 10.0
"""What each side (web, outbox, calendar) has to end politely."""


class Side(Protocol):
    """Something that runs beside the loops until it is closed."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None: ...

    async def aclose(self) -> None: ...


class Daemon:
    """Implements Overview; answers from memory."""

    def __init__(
        self, loops: Sequence[TargetLoop], clock: Clock, telemetry: Telemetry,
        watchdog: Watchdog | NoWatchdog | None = None
    ) -> None:  # fmt: skip
        self._loops = tuple(loops)
        self._clock = clock
        self._telemetry = telemetry
        self._watchdog = watchdog or NoWatchdog()

    def now(self) -> Micros:
        return self._clock.now()

    def targets(self) -> Sequence[TargetView]:
        return [loop.view() for loop in self._loops]

    async def run(self, sides: Sequence[Side], stop: asyncio.Event) -> None:
        """Returns after `stop` when everything has ended in order; raises what ended something else.

        The loops end first (a rollback under way is finished or rolled back, the last round is
        written), then the sides, so that the last alerts still leave.
        """
        beside = {asyncio.create_task(side.run(), name=side.name): side for side in sides}
        loops = {asyncio.create_task(loop.run(stop, self._beat), name="target") for loop in self._loops}
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({stopping, *loops, *beside}, return_when=asyncio.FIRST_COMPLETED)
            died = [task for task in done if task is not stopping and not stop.is_set()]
            stop.set()
            self._watchdog.ending()
            for task in died:
                self._telemetry.count("task_restarts_total", task=task.get_name())
            results = await asyncio.gather(*loops, return_exceptions=True)
        finally:
            stopping.cancel()
            await self._close(beside)
        for task in died:
            _raise(task)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _beat(self, target: str) -> None:
        self._watchdog.beat(target, self)

    async def _close(self, beside: dict[asyncio.Task[None], Side]) -> None:
        """All at once: the time to stop does not grow with the number of targets."""
        await asyncio.gather(*(self._close_side(side) for side in beside.values()))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)

    async def _close_side(self, side: Side) -> None:
        try:
            async with asyncio.timeout(SIDE_CLOSE_SECONDS):
                await side.aclose()
        except TimeoutError:
            log.warning("daemon.side_hung", side=side.name, seconds=SIDE_CLOSE_SECONDS)


def _raise(task: asyncio.Task[Any]) -> None:
    error = task.exception() if not task.cancelled() else None
    log.error("daemon.task_died", task=task.get_name())
    raise error or RuntimeError(f"{task.get_name()} ended by itself")


CLOCK_EVERY_SECONDS = 5.0
JUMP = SECOND
"""A wall clock that moved this much against ours was set, not slewed."""


class ClockJumps:
    """Notices jumps of the wall clock. They change no decision; people who read times want to know."""

    name = "pulse"

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self._clock = clock
        self._telemetry = telemetry

    async def run(self) -> None:
        """Until it is cancelled."""
        offset = utc_now() - self._clock.now()
        while True:
            await asyncio.sleep(CLOCK_EVERY_SECONDS)
            moved = utc_now() - self._clock.now() - offset
            if abs(moved) >= JUMP:
                offset += moved
                self._telemetry.count("clock_jumps_total", direction="forward" if moved > 0 else "backward")
                log.warning("clock.jumped", seconds=moved / SECOND)

    async def aclose(self) -> None:
        """Nothing outlives its task."""
