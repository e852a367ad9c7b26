"""The one database of a target, as every daemon on it sees it: lease, watches, ledger, outbox.

It survives the daemons. Whatever it is asked while it is away fails, and a transaction whose COMMIT was sent
may be committed although its answer is lost. Its clock is the true one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.clock import Clock
from monitor.ports import (
    Control,
    EventRow,
    Json,
    Order,
    Record,
    Registration,
    WatchRow,
    WatchUpdate,
)
from monitor.store.lease import LEASE_SECONDS
from monitor.store.session import to_json
from tests.fakes import MemoryStore


@dataclass(frozen=True, slots=True)
class Intent:
    """A committed decision."""

    order: Order
    at: float
    holder: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A rollback that took effect."""

    watch_id: str
    at: float
    holder: str


class Database(MemoryStore):
    """Rows are copied when they are loaded, as text, not when they are written: a day has many rounds."""

    def __init__(self, clock: Clock, seconds: Callable[[], float]) -> None:
        super().__init__(clock=clock)
        self.seconds = seconds
        self.intents: list[Intent] = []
        self.withdrawn: list[Intent] = []
        self.effects: dict[str, Effect] = {}
        self.in_flight: dict[str, asyncio.Event] = {}  # watch -> its COMMIT is being carried out
        self.listeners: list[asyncio.Event] = []
        self.updated: Callable[[WatchRow, WatchRow], None] = lambda old, new: None
        self.contradicted: Callable[[WatchRow, WatchUpdate], None] = lambda row, update: None
        self.witnessed: Callable[[EventRow], None] = lambda event: None
        self._holder = ""
        self._token = 0
        self._gone = True
        self._silent_since: Callable[[], float | None] = lambda: None
        self.sessions: list[Callable[[], None]] = []
        self.gave_up: dict[str, float] = {}  # key of an alert -> when it was

    # ------------------------------------------------------------ the lease

    @property
    def holder(self) -> str:
        return self._holder

    def take(
        self, holder: str, token: int, silent_since: Callable[[], float | None]
    ) -> tuple[int, bool] | None:
        """The new token, and whether nobody else had the lease since `token`; None while another has it.

        `silent_since`: since when the taker has not been able to say that it lives.
        """
        self._here()
        since = self._silent_since()
        silent = since is not None and self.seconds() - since > LEASE_SECONDS
        if not (self._gone or silent or token == self._token):
            return None
        ours = token == self._token
        self._token, self._holder, self._gone = self._token + 1, holder, False
        self._silent_since = silent_since
        return self._token, ours

    def confirmed(self, token: int) -> bool:
        return token == self._token

    def session_ended(self, token: int) -> None:
        """The session that had the lease is gone: it is free at once."""
        if token == self._token:
            self._gone = True

    def go_away(self) -> None:
        """As a server that is stopped: every session ends, and every daemon sees it."""
        self.away, self._gone = True, True
        for lost in self.sessions:
            lost()

    # ------------------------------------------------------------ watches

    def enrol(self, registration: Registration) -> WatchRow:
        """Registers a watch; ids count, so that a world is the same however often it is played."""
        fields = {name: getattr(registration, name) for name in Registration.__dataclass_fields__}
        row = WatchRow(id=f"w-{len(self.rows) + 1}", seq=len(self.rows) + 1, **fields)
        self.rows[row.id] = row
        self._notify()
        return row

    async def control(self, watch_id: str, control: Control, *, by: str, reason: str) -> WatchRow:
        row = await super().control(watch_id, control, by=by, reason=reason)
        self._notify()
        return row

    async def record(self, record: Record) -> None:
        self._here()
        self.records += 1
        for sample in record.samples:
            self.stored_samples.setdefault((sample.metric, sample.at), sample)
        for event in record.events:
            self._add_event(event)
        for alert in record.alerts:
            self.alerts.setdefault(alert.key, alert)
        for update in record.watches:
            self._update(update)
        if record.memory is not None:
            self.memory = record.memory

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        rows, memory = await super().load()  # the memory comes as text
        return [replace(row, state=_as_text(row.state), view=None) for row in rows], memory

    # ------------------------------------------------------------ the ledger

    def overruled(self, order: Order) -> str:
        """Why an intent may not be committed now, as the ledger's own rule says; "" when it may."""
        row = self._seen(self.rows[order.watch.id])
        controls = row.controls
        if row.verdict is not None:
            return f"the watch has ended: {row.verdict}"
        if controls.cancelled_at is not None:
            return "a person cancelled the watch before the rollback's intent"
        unknown = controls.paused_at not in {None, order.watch.controls.paused_at}
        since = controls.paused_at is not None and (controls.rollback_at or 0) > controls.paused_at
        if (controls.paused or unknown) and not (order.by and since):
            return "a person paused the watch before the rollback's intent"
        return ""

    def superseded(self, watch_id: str) -> bool:
        return self._seen(self.rows[watch_id]).controls.superseded

    def commit_intent(self, order: Order, holder: str) -> None:
        self.intents.append(Intent(order, self.seconds(), holder))
        self.intend(order.watch.id, self._clock.now())

    def withdraw(self, watch_id: str) -> None:
        self.withdrawn += [i for i in self.intents if i.order.watch.id == watch_id]
        self.intents = [i for i in self.intents if i.order.watch.id != watch_id]
        self.intend(watch_id, None)

    def commit_effect(self, watch_id: str, holder: str) -> bool:
        """The ledger's key lets it happen once; False: it had happened."""
        if watch_id in self.effects:
            return False
        self.effects[watch_id] = Effect(watch_id, self.seconds(), holder)
        return True

    def _update(self, update: WatchUpdate) -> None:
        row = self.rows.get(update.id)
        if row is None or row.verdict not in {None, update.verdict}:
            if row is not None:
                self.contradicted(row, update)
            return
        new = self.rows[row.id] = replace(
            row,
            phase=update.phase,
            verdict=update.verdict,
            verdict_at=row.verdict_at if row.verdict_at is not None else update.verdict_at,
            reason=row.reason if row.verdict is not None else update.reason,
            state=update.state,
            view=update.view,
        )
        self.updated(row, new)

    def _add_event(self, event: EventRow) -> None:
        before = len(self.stored_events)
        super()._add_event(event)
        if len(self.stored_events) > before:
            self.witnessed(event)

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        await super().settle(
            key, delivered=delivered, attempts=attempts, error=error, final=final, receipt=receipt
        )
        if final and not delivered:
            self.gave_up.setdefault(key, self.seconds())

    def _notify(self) -> None:
        for listener in self.listeners:
            listener.set()


def _as_text(value: Json | None) -> dict[str, Any] | None:
    return None if value is None else json.loads(to_json(value))
