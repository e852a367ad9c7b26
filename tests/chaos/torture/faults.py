"""What is done to a world in a round, chosen by a seeded generator; each fault ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import asyncpg

from monitor.store.sign import STORE, advisory_key
from tests.chaos.proxy import Fault
from tests.chaos.torture.world import World
from tests.roles import STRANGER, as_role

AT_COMMIT = (Fault.BEFORE, Fault.AFTER, Fault.SWALLOW)

LONG_STOP = 17.0
"""Seconds; longer than the lease, so that the other daemon takes over and this one wakes replaced."""


class Tormentor:
    """Does one thing at a time to one world, and counts what it did."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self._world = world
        self._rng = rng
        self.done: Counter[str] = Counter()
        self._intruding: set[asyncio.Task[None]] = set()
        self._kinds: tuple[tuple[int, str, Callable[[], Awaitable[None]]], ...] = (
            (30, "kills", self._kill),
            (16, "stops", self._stop),
            (1, "long stops", self._long_stop),
            (10, "server crashes", self._crash),
            (18, "cuts", self._cut),
            (20, "cuts at COMMIT", self._strike),
            (8, "black holes", self._darken),
            (12, "strangers", self._intrude),
        )

    async def torment(self) -> None:
        """One to four faults, at random moments of the next seconds."""
        for _ in range(self._rng.randint(1, 4)):
            await asyncio.sleep(self._rng.uniform(0.0, 1.2))
            _, name, fault = self._rng.choices(self._kinds, [weight for weight, *_ in self._kinds])[0]
            self.done[name] += 1
            await fault()

    async def relent(self) -> None:
        """Everything runs again, whatever was done to it."""
        world = self._world
        world.wire.dark, world.wire.fault = False, Fault.NONE
        for daemon in world.daemons:
            daemon.signal(signal.SIGCONT)
            await daemon.start()
        if world.server.pid() is None:
            await asyncio.to_thread(world.server.start)
        await asyncio.gather(*self._intruding, return_exceptions=True)

    async def _kill(self) -> None:
        daemon = self._rng.choice(self._world.daemons)
        await daemon.kill()
        await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.5)))
        await daemon.start()

    async def _stop(self) -> None:
        await self._stopped_for(self._rng.uniform(0.2, 2.5))

    async def _long_stop(self) -> None:
        await self._stopped_for(LONG_STOP)

    async def _stopped_for(self, seconds: float) -> None:
        daemon = self._rng.choice(self._world.daemons)
        daemon.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        daemon.signal(signal.SIGCONT)

    async def _crash(self) -> None:
        await self._world.restart_server(self._rng.uniform(0.0, 0.8))

    async def _cut(self) -> None:
        await self._world.wire.cut()

    async def _strike(self) -> None:
        """At one of the next transactions, whichever it is: a round's record, an intent, the rollback."""
        wire = self._world.wire
        wire.skip = self._rng.randint(0, 6)
        wire.fault = self._rng.choice(AT_COMMIT)

    async def _intrude(self) -> None:
        """Others go on beside it: it waits for the daemon's lock, and keeps it for a while."""
        task = asyncio.create_task(self._take_lock(self._rng.uniform(1.0, 6.0)), name="stranger")
        self._intruding.add(task)
        task.add_done_callback(self._intruding.discard)

    async def _take_lock(self, seconds: float) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            session = await asyncpg.connect(as_role(self._world.dsn, STRANGER), timeout=5)
            try:
                await session.execute("SET lock_timeout = '10s'")
                await session.execute("SELECT pg_advisory_lock($1, $2)", *advisory_key(STORE, "shop"))
                await asyncio.sleep(seconds)
            finally:
                session.terminate()

    async def _darken(self) -> None:
        wire = self._world.wire
        wire.dark = True
        await asyncio.sleep(self._rng.uniform(0.2, 2.0))
        wire.dark = False
        await wire.cut()
