"""A daemon's store on the shared database: the rules of `monitor.store.gateway`, without PostgreSQL.

A lease that was lost is taken again before the next write; if another daemon had it meanwhile, StoreHeld says
so until `open` was called. A call takes a while, and the database may go away before or after it was carried
out. A daemon that is dead, or cut off, reaches nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.core.samples import Micros
from monitor.errors import DatabaseUnreachable, StoreHeld, StoreLost
from monitor.ports import AlertRow, Controls, Json, Record, Refused, SampleRow, WatchRow
from monitor.store.locks import BEAT_SECONDS
from tests.simulation.database import Database

TAKES = 0.004
"""Seconds until a statement is carried out, and until its answer is here."""

POLL_SECONDS = 1.0
"""A waiting daemon asks this often."""


@dataclass(slots=True)
class Line:
    """The way from one daemon to the database. `cut_at`: since then nothing gets through; `dead`: since then
    nobody asks any more."""

    database: Database
    holder: str
    cut_at: float | None = None
    died_at: float | None = None

    @property
    def cut(self) -> bool:
        return self.cut_at is not None

    @property
    def dead(self) -> bool:
        return self.died_at is not None

    def silent_since(self) -> float | None:
        """Since when no sign of life can come; None while one can."""
        return self.cut_at if self.died_at is None else self.died_at

    async def there(self) -> None:
        """A statement arrives. Raises DatabaseUnreachable, and nothing comes from a dead daemon."""
        await asyncio.sleep(TAKES)
        self._check()

    async def back(self) -> None:
        """Its answer arrives."""
        await asyncio.sleep(TAKES)
        self._check()

    def _check(self) -> None:
        if self.dead:
            raise asyncio.CancelledError
        if self.cut or self.database.away:
            raise DatabaseUnreachable("the database is away")


class DaemonStore:
    """Store and Outbox of one daemon."""

    stranger = ""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._database = line.database
        self._news = asyncio.Event()
        self._database.listeners.append(self._news)
        self._token = 0
        self._held = False
        self._held_before = False
        self._outdated = False
        self._waiting_for = ""
        self._database.sessions.append(self._lose)

    # ------------------------------------------------------------ the lease

    @property
    def token(self) -> int:
        return self._token

    @property
    def holds(self) -> bool:
        return self._held

    @property
    def waits_for(self) -> str:
        return self._waiting_for

    async def open(self) -> None:
        try:
            while not await self._take():
                self._waiting_for = self._database.holder
                await asyncio.sleep(POLL_SECONDS)
        finally:
            self._waiting_for = ""
        self._outdated = False

    async def guard(self) -> None:
        """Raises StoreHeld or StoreLost unless we look after the target: asked inside a transaction."""
        if self._outdated:
            raise StoreHeld("another daemon held the store meanwhile")
        if not self._held or not self._database.confirmed(self._token):
            self._lose()
            raise StoreLost("the store's lease was lost")

    async def _take(self) -> bool:
        if self._held:
            return True
        await self._line.there()
        taken = self._database.take(self._line.holder, self._token, self._line.silent_since)
        if taken is None:
            return False
        self._token, ours = taken
        self._held = True
        self._outdated = self._outdated or (self._held_before and not ours)
        self._held_before = True
        self._news.set()
        return True

    def cut_off(self) -> None:
        """Nothing gets through to the database: the next sign of life fails."""
        self._line.cut_at = self._database.seconds()
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._unsigned)

    def _unsigned(self) -> None:
        if self._line.cut:
            self._lose()

    def _lose(self) -> None:
        self._held = False
        self._news.set()

    async def _require_take(self) -> None:
        if not await self._take():
            raise StoreHeld("another daemon holds the store")
        if self._outdated:
            raise StoreHeld("another daemon held the store meanwhile")

    # ------------------------------------------------------------ Store

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        await self._require_take()
        await self._line.there()
        await self.guard()
        return await self._database.load()

    async def past(self, since: Micros) -> Sequence[SampleRow]:
        await self._line.there()
        return await self._database.past(since)

    async def record(self, record: Record) -> None:
        await self._require_take()
        await self._line.there()
        await self.guard()
        await self._database.record(record)
        await self._line.back()

    async def controls(self) -> Mapping[str, Controls]:
        await self._line.there()
        return await self._database.controls()

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        return ()

    async def wait_for_news(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            if not self._held:
                await self._quietly(self._take)
        self._news.clear()

    async def _quietly(self, what: Callable[[], object]) -> None:
        try:
            await what()  # type: ignore[misc]
        except DatabaseUnreachable:
            return

    async def baseline(self, watch_id: str) -> Json | None:
        return {}

    async def keep_changes(self, watch_id: str, baseline: Json, found: Json | None) -> None:
        """Nothing is compared here."""

    async def forget(self, older_than: Micros) -> int:
        return 0

    async def aclose(self) -> None:
        """Gives the lease up at once."""
        if self._held and not self._line.dead:
            self._database.session_ended(self._token)
        self._held = False

    # ------------------------------------------------------------ Outbox

    async def undelivered(self) -> Sequence[AlertRow]:
        await self._line.there()
        return await self._database.undelivered()

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        await self._line.there()
        if key in self._database.alerts:
            await self._database.settle(
                key, delivered=delivered, attempts=attempts, error=error, final=final, receipt=receipt
            )

    async def receipt(self, channel: str, thread: str) -> str:
        await self._line.there()
        return await self._database.receipt(channel, thread)
