"""One daemon as a process: the real loop and outbox over played adapters. It starts, stops, and dies.

Whoever dies does nothing more: its adapters reach nobody, and its tasks are ended wherever they are. What it
knew is what the database has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from monitor.channels.outbox import OutboxSender, rows_for
from monitor.core.samples import MINUTE, SECOND, Micros
from monitor.core.thresholds import Policy, Threshold
from monitor.daemon.loop import TargetLoop
from monitor.daemon.parts import READ_SHARE, Outgoing, TargetParts, TargetPorts, TargetRules
from monitor.ports import Probe
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.json_document import JsonProbe, JsonSpec
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from monitor.units import Kind
from tests.simulation.application import Application, AskedNet, address_of
from tests.simulation.channel import PlayedChannel, Receiver
from tests.simulation.database import Database
from tests.simulation.executor import Obstacles, PlayedExecutor
from tests.simulation.store import DaemonStore, Line
from tests.simulation.world import World
from tests.virtual import START

REMIND_SECONDS = 600.0
FLUSH_SECONDS = 5.0

REMIND_EVERY = {"chat": 0, "pager": 60 * MINUTE}

CURRENT: ContextVar[DaemonProcess | None] = ContextVar("process", default=None)


def policy_of(world: World) -> Policy:
    """The documented limits; times as a configuration with this interval needs them."""
    interval = world.interval * SECOND
    return Policy(
        (Threshold("error_rate", 0.001, rollback_above=0.01),),
        interval=interval,
        max_gap=max(30 * SECOND, 5 * interval // 2),
        blind_after=max(2 * MINUTE, 5 * interval),
    )


class HostClock:
    """As `SystemClock`: the wall at the process's start, and what really passed since."""

    def __init__(self, wall: Micros) -> None:
        self._offset = wall - _ticks()

    def now(self) -> Micros:
        return self._offset + _ticks()

    def not_before(self, moment: Micros) -> None:
        self._offset += max(0, moment - self.now())

    @property
    def ahead(self) -> float:
        """Seconds before the true time."""
        return (self._offset - START) / SECOND


def _ticks() -> Micros:
    return round(asyncio.get_running_loop().time() * SECOND)


class Silent:
    """Telemetry that keeps nothing."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Adapters:
    """What a daemon of this world reaches the outside by; tests of the witness give faulty ones."""

    store: Callable[[Line], DaemonStore] = DaemonStore
    executor: Callable[[Line, DaemonStore, Obstacles], PlayedExecutor] = PlayedExecutor
    channel: Callable[..., PlayedChannel] = PlayedChannel


class DaemonProcess:
    """A daemon on the target; `died` takes what ended it, if it was not told to end."""

    def __init__(
        self, name: str, world: World, database: Database, application: Application,
        receivers: Sequence[Receiver], obstacles: Obstacles, wall: Micros, adapters: Adapters,
    ) -> None:  # fmt: skip
        self.name = name
        self.began = asyncio.get_running_loop().time()
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.line = Line(database, name)
        self.clock = HostClock(wall)
        self.store = adapters.store(self.line)
        self.executor = adapters.executor(self.line, self.store, obstacles)
        self._channels = [adapters.channel(r, pages_only=r.name == "pager") for r in receivers]
        draw = Random(f"{world.seed}/{name}/{len(database.listeners)}")
        self._sender = OutboxSender(self._channels, self.store, self.clock, Silent(), jitter=draw.random)
        self._stop = asyncio.Event()
        self._main: asyncio.Task[None] | None = None
        self.loop = TargetLoop(self._parts(world, application))

    def _parts(self, world: World, application: Application) -> TargetParts:
        outgoing = Outgoing(
            partial(rows_for, channels=self._channels), self._sender.enqueue, REMIND_EVERY,
            self._sender.look_soon,
        )  # fmt: skip
        return TargetParts(
            "shop",
            TargetRules(policy_of(world), world.fast * SECOND, {"error_rate": Kind.RATIO}, 10 * MINUTE),
            TargetPorts((probe_of(world, application),), self.store, self.executor),
            outgoing, Silent(), self.clock,
        )  # fmt: skip

    # ------------------------------------------------------------ life

    def start(self, died: Callable[[BaseException], None]) -> None:
        token = CURRENT.set(self)
        self._main = asyncio.create_task(self._run(), name=self.name)
        CURRENT.reset(token)
        self._main.add_done_callback(partial(self._over, died))

    def _over(self, died: Callable[[BaseException], None], main: asyncio.Task[None]) -> None:
        if not main.cancelled() and (error := main.exception()) is not None and not self.line.dead:
            died(error)

    async def _run(self) -> None:
        sides = [asyncio.create_task(self._sender.run()), asyncio.create_task(self._remind())]
        try:
            await self.loop.run(self._stop)
            await self._sender.aclose(FLUSH_SECONDS)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(REMIND_SECONDS)
            self.loop.remind()

    async def stop(self) -> None:
        """As SIGTERM does; returns when it has ended."""
        self._stop.set()
        if self._main is not None:
            await asyncio.wait({self._main})
        await self._silence()

    async def kill(self) -> None:
        """As SIGKILL does: from this moment on nothing of it happens."""
        await self._silence()

    async def _silence(self) -> None:
        self.line.died_at = asyncio.get_running_loop().time()
        for channel in self._channels:
            channel.dead = True
        for _ in range(1000):
            left = [task for task in self.tasks if not task.done() and task is not asyncio.current_task()]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.sleep(0)
        else:
            raise AssertionError(f"tasks that can't be ended: {left}")
        self.tasks.clear()


def tracked(loop: asyncio.AbstractEventLoop, job: Any, **more: Any) -> asyncio.Task[Any]:
    """A task factory: every task belongs to the process that began it."""
    task: asyncio.Task[Any] = asyncio.Task(job, loop=loop, **more)
    if (process := CURRENT.get()) is not None:
        if len(process.tasks) > 100:
            process.tasks = {t: None for t in process.tasks if not t.done()}
        process.tasks[task] = None
    return task


def probe_of(world: World, application: Application) -> Probe:
    """The real one, on the played network."""
    policy = policy_of(world)
    pace = Pace(READ_SHARE * world.interval, policy.max_gap, Rates(policy.interval))
    urls = tuple(address_of(n) for n in range(world.instances))
    if world.source == "json":
        return JsonProbe(
            "error_rate", JsonSpec(urls, errors="errors", requests="requests"), pace, AskedNet(application)
        )
    spec = PrometheusSpec(urls, requests="http_requests_total", errors='http_requests_total{status=~"5.."}')
    return PrometheusProbe("error_rate", spec, pace, AskedNet(application))
