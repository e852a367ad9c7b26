"""The daemon's side of one target's store: the lease, the round's record, controls, news, the outbox.

How a round stays correct when things die:
1. Nothing is written without the target's lease; the server is asked for it inside the transaction (`guard`),
   and that of a rollback asks too.
2. A record is one transaction; a repeat after a lost answer changes nothing. Where the history has a
   database of its own it is written first: a verdict is never stored before its alert.
3. A lease that was lost is taken again before the next write. If another daemon had it meanwhile,
   StoreHeld says so until `open` has been called.
4. A history that is away when the store is opened does not keep the target unwatched: the lease stands in
   the target's own database, and the history is made ready when it is back.
This file holds no SQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence

import structlog

from monitor import pg
from monitor.core.samples import Micros
from monitor.errors import DatabaseError, DatabaseUnreachable, StoreHeld, StoreLost
from monitor.ports import AlertRow, Controls, Json, Record, Refused, SampleRow, WatchRow
from monitor.store import changes, outbox, reading, refusals, retention, writing
from monitor.store.lease import LEASE_SECONDS, holder_of
from monitor.store.locks import BEAT_SECONDS, StoreLock
from monitor.store.schema import SCHEMA_DEADLINE, ensure_schema
from monitor.store.session import Session, transaction

POLL_SECONDS = 1.0
"""A waiting daemon asks this often for the lock."""

RECORD_DEADLINE = 15.0
"""Seconds for one record: what was missed during an hour's outage comes in one."""

MOST_SAMPLES = 300_000
"""Of a watch whose migration began three days before it was registered; more are not looked at."""

_log = structlog.get_logger(__name__)


def this_process() -> str:
    """`host:pid`, as people read it in the lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


class PgStore:
    """Store and Outbox of one target in PostgreSQL.

    `dsn`: the target's database. `history_dsn`: where samples, events and alerts go, if not there.
    """

    def __init__(
        self, target: str, dsn: str, *, history_dsn: str | None = None, holder: str = "",
        poll_seconds: float = POLL_SECONDS, lease: float = LEASE_SECONDS, beat: float = BEAT_SECONDS
    ) -> None:  # fmt: skip
        self._target = target
        self._holder = holder or this_process()
        self._poll_seconds = poll_seconds
        self._home = Session(dsn, "store")
        self._history = self._home if history_dsn in (None, dsn) else Session(history_dsn or dsn, "history")
        self._history_ready = False
        self._lock = StoreLock(dsn, target, self._holder, lease=lease, beat=beat)
        self._taking = asyncio.Lock()
        self._held_before = False
        self._outdated = False
        self._waiting_for: str | None = None

    @property
    def holds(self) -> bool:
        """Whether we hold the target's lease, as far as we know."""
        return self._lock.holds

    @property
    def waits_for(self) -> str:
        """Who has the lease that we wait for; "" when nobody was found to, or nobody can be asked."""
        return self._waiting_for or ""

    @property
    def stranger(self) -> str:
        """Who has the daemon's advisory lock without being one, as a sentence; "" if nobody."""
        return self._lock.stranger

    async def open(self) -> None:
        """Creates the schema if missing and takes the lease; waits while another daemon has it."""
        try:
            await self._ensure_schema()
            while not await self._take():
                await self._tell_who_holds()
                await asyncio.sleep(self._poll_seconds)
        finally:
            self._waiting_for = None  # taken, or not known any more
        _log.info("store.taken", target=self._target, holder=self._holder)
        self._outdated = False  # whoever opens loads everything afresh

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        """All open watches in order of `seq`, and the target's memory ({} if none)."""
        await self._require_take()
        async with self._home.use("loading the watches") as connection:
            await self.guard(connection)
            watches = await reading.open_watches(connection, self._target)
            memory = await reading.memory_of(connection, self._target)
        return watches, memory

    async def past(self, since: Micros) -> Sequence[SampleRow]:
        """The target's samples since that moment, in order of time; at most MOST_SAMPLES."""
        async with self._history.use("reading what was sampled before", RECORD_DEADLINE) as connection:
            return await reading.samples_between(connection, self._target, since, 1 << 62, MOST_SAMPLES)

    async def record(self, record: Record) -> None:
        """Writes one round. Raises StoreHeld when what is in memory may be out of date."""
        await self._require_take()
        if self._history is not self._home:
            await self._make_history_ready()
            async with self._history.use("recording", RECORD_DEADLINE) as connection, transaction(connection):
                await self._write_history(connection, record)
        async with self._home.use("recording", RECORD_DEADLINE) as connection, transaction(connection):
            await self.guard(connection)
            if self._history is self._home:
                await self._write_history(connection, record)
            await writing.write_memory(connection, self._target, record.memory)
            await writing.write_watches(
                connection, self._target, record.watches
            )  # last: row locks held shortly

    async def guard(self, connection: pg.Connection) -> None:
        """Raises StoreHeld or StoreLost unless we look after the target.

        Asked over any connection to its database; in a transaction the answer stands until its end.
        """
        if self._outdated:
            raise StoreHeld(f"target {self._target}: another daemon held its store meanwhile, open it again")
        if self._taking.locked() or not self._lock.holds:
            raise StoreLost(f"target {self._target}: the store's lease was lost, it is being taken again")
        if not await self._lock.confirmed(connection):
            self._lock.cut()
            raise StoreLost(f"target {self._target}: the store's lease was lost, it is taken again")

    async def controls(self) -> Mapping[str, Controls]:
        """Controls of every open watch, by id."""
        async with self._home.use("reading the controls") as connection:
            return await reading.open_controls(connection, self._target)

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        """Refused registrations, newest first."""
        async with self._home.use("reading refused registrations") as connection:
            return await refusals.latest(connection, self._target, since)

    async def wait_for_news(self, seconds: float) -> None:
        """Returns when something was committed for the target (or may have been), or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if not self.holds:
                    await self._retake_quietly()
                await self._lock.news.wait()
        self._lock.news.clear()

    async def baseline(self, watch_id: str) -> Json | None:
        """How the database was when the watch began; None before `keep_changes`."""
        async with self._home.use("reading the baseline") as connection:
            return await changes.baseline_of(connection, watch_id)

    async def keep_changes(self, watch_id: str, baseline: Json, found: Json | None) -> None:
        """Keeps the first baseline of a watch, and the latest changes since."""
        async with self._home.use("keeping what changed") as connection, transaction(connection):
            await self.guard(connection)
            await changes.keep(connection, watch_id, baseline, found)

    async def forget(self, older_than: Micros) -> int:
        """Deletes samples, settled alerts, events, comparisons and rehearsals of before; returns how many."""
        places = ((self._history, retention.HISTORY), (self._home, retention.BESIDE_THE_WATCHES))
        return sum([
            await self._forget(session, statement, older_than)
            for session, statements in places for statement in statements
        ])  # fmt: skip

    async def _forget(self, session: Session, statement: str, older_than: Micros) -> int:
        total, gone = 0, retention.BATCH
        while gone == retention.BATCH:
            async with session.use("forgetting what is old") as connection:
                gone = await retention.forget_batch(connection, statement, self._target, older_than)
            total += gone
        return total

    async def undelivered(self) -> Sequence[AlertRow]:
        """Alerts not yet delivered nor given up, oldest first."""
        async with self._history.use("reading the outbox") as connection:
            return await outbox.undelivered(connection, self._target)

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        """Marks one attempt: delivered, failed (to be tried again), or given up (`final`)."""
        async with self._history.use("settling an alert") as connection:
            await outbox.settle(
                connection, key, delivered=delivered, attempts=attempts, error=error, final=final,
                receipt=receipt,
            )  # fmt: skip

    async def receipt(self, channel: str, thread: str) -> str:
        """What a channel returned for its latest message of that thread that it wants to continue."""
        async with self._history.use("looking for a thread") as connection:
            return await outbox.receipt(connection, self._target, channel, thread)

    async def aclose(self) -> None:
        """Gives the lease up at once."""
        await self._lock.aclose()
        await self._home.aclose()
        await self._history.aclose()

    async def _ensure_schema(self) -> None:
        await self._ensure_schema_of(self._home)
        if self._history is self._home:
            return
        self._history_ready = False
        try:
            await self._make_history_ready()
        except DatabaseUnreachable as e:  # made sure of before anything is written there
            _log.warning("store.history_unreachable", target=self._target, reason=str(e))

    async def _make_history_ready(self) -> None:
        if not self._history_ready:
            await self._ensure_schema_of(self._history)
            self._history_ready = True

    async def _ensure_schema_of(self, session: Session) -> None:
        async with session.use("preparing schema migration_monitor", SCHEMA_DEADLINE) as connection:
            if await ensure_schema(connection):
                _log.info("store.schema_created", target=self._target)

    async def _take(self) -> bool:
        """Makes sure that we hold the lease; False while another daemon does."""
        async with self._taking:
            if self.holds:
                return True
            taken = await self._lock.acquire()
            if taken is None:
                return False
            if self._held_before and not taken.ours:
                self._outdated = True
                _log.warning("store.held_by_another_meanwhile", target=self._target, holder=taken.before)
            self._held_before = True
            return True

    async def _require_take(self) -> None:
        if not await self._take():
            raise StoreHeld(f"target {self._target}: another daemon holds its store")
        if self._outdated:
            raise StoreHeld(f"target {self._target}: another daemon held its store meanwhile, open it again")

    async def _retake_quietly(self) -> None:
        """Tries once; when it can't, the caller's time goes by and a later call tries again."""
        with contextlib.suppress(DatabaseError):
            await self._take()

    async def _write_history(self, connection: pg.Connection, record: Record) -> None:
        await writing.write_samples(connection, self._target, record.samples)
        await writing.write_events(connection, self._target, record.events)
        await writing.write_alerts(connection, self._target, record.alerts)

    async def _tell_who_holds(self) -> None:
        async with self._home.use("looking who has the lease") as connection:
            holder = await holder_of(connection, self._target)
        if holder != self._waiting_for:
            self._waiting_for = holder
            _log.warning("store.waiting", target=self._target, holder=holder)
