"""Writes down what happened, later if it must be: the store may be away, the watch continues.

Rounds wait in memory, merged and bounded, and are written in one transaction as soon as the store
answers. Alerts leave at once, whether or not their rows could be written; but not while another daemon
may look after the store: then what is decided here is out of date, and the other one says what is so.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from monitor.daemon.parts import Outgoing
from monitor.errors import DatabaseError, StoreHeld, StoreLost
from monitor.ports import Record, Store, Telemetry, WatchUpdate

log = structlog.get_logger()

MAX_SAMPLES = 50_000
"""Samples kept while the store is away: 17 hours of four metrics at 5 s. The oldest are dropped."""

MAX_EVENTS = 5_000

MAX_ALERTS = 5_000
"""They were handed to the channels at once: what is dropped here is only their row."""

RETRY_SECONDS = 2.0


class Recorder:
    """Takes records from the loop without waiting; `run` writes them."""

    def __init__(self, target: str, store: Store, outgoing: Outgoing, telemetry: Telemetry) -> None:
        self._target = target
        self._store = store
        self._outgoing = outgoing
        self._telemetry = telemetry
        self._waiting = Record()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.reachable = True
        self.trouble = ""  # why it is not reachable

    def put(self, record: Record) -> None:
        """Queues a round; returns at once."""
        self._waiting = merged(self._waiting, record)
        self._idle.clear()
        self._news.set()
        if record.alerts and not self.reachable:
            self._outgoing.send(record.alerts)

    async def run(self) -> None:
        """Writes until it is cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            record, self._waiting = self._waiting, Record()
            if not await self._written(record):
                self._waiting = merged(record, self._waiting)
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)
            elif not self._news.is_set():
                self._idle.set()

    def forget(self) -> None:
        """Drops what waits: another daemon looked after the store meanwhile.

        Alerts too: it went on from what is stored, and what happened since it has found out for itself.
        """
        self._waiting = Record()
        self._news.clear()
        self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Waits until everything is written, at most `seconds`; False if something is left."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _written(self, record: Record) -> bool:
        try:
            await self._record(record)
        except StoreHeld:
            raise
        except StoreLost:  # the next try knows; until then nothing leaves
            self._telemetry.count("store_writes_total", target=self._target, outcome="failed")
            return False
        except DatabaseError as e:
            self._edge(False, str(e))
            self._telemetry.count("store_writes_total", target=self._target, outcome="failed")
            self._outgoing.send(record.alerts)
            return False
        self._edge(True, "")
        self._telemetry.count("store_writes_total", target=self._target, outcome="ok")
        self._outgoing.send(record.alerts)
        return True

    async def _record(self, record: Record) -> None:
        """At the first failure once more: a session that was ended because we stood still says so then."""
        try:
            await self._store.record(record)
        except (StoreHeld, StoreLost):
            raise
        except DatabaseError:
            if not self.reachable:
                raise
            await self._store.record(record)

    def _edge(self, reachable: bool, reason: str) -> None:
        self.trouble = reason
        if reachable != self.reachable:
            self.reachable = reachable
            if reachable:
                log.info("store.reachable", target=self._target)
            else:
                log.warning("store.unreachable", target=self._target, reason=reason)


def merged(older: Record, newer: Record) -> Record:
    """Both in one: the newest state of each watch, everything else in order and bounded."""
    watches = {update.id: update for update in older.watches}
    for update in newer.watches:
        watches[update.id] = _keep_verdict(watches.get(update.id), update)
    return replace(
        newer,
        watches=tuple(watches.values()),
        samples=(older.samples + newer.samples)[-MAX_SAMPLES:],
        events=(older.events + newer.events)[-MAX_EVENTS:],
        alerts=(older.alerts + newer.alerts)[-MAX_ALERTS:],
        memory=newer.memory if newer.memory is not None else older.memory,
    )


def _keep_verdict(old: WatchUpdate | None, new: WatchUpdate) -> WatchUpdate:
    return old if old is not None and old.verdict is not None and new.verdict is None else new
