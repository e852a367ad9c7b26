"""Adapters of the ports that live in memory, for tests of the daemon.

`MemoryStore` is Store, Registry and Outbox in one. The rules of controls and of registration are the
product's own (`monitor.store.controls`, `same_watch`); the contract tests run the same cases against it
and against PostgreSQL.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.clock import Clock, SystemClock, utc_now
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.errors import ControlRefused, DatabaseUnreachable, NotFound
from monitor.ports import (
    AlertRow,
    AlertTold,
    Control,
    Controls,
    EventRow,
    Json,
    Record,
    Refusal,
    Refused,
    Registration,
    Rehearsal,
    SampleRow,
    SampleSlot,
    WatchRow,
    WatchUpdate,
)
from monitor.store.controls import COLUMNS, refusal
from monitor.store.registering import check_name, same_watch
from monitor.store.registry import new_id
from monitor.store.retention import KEPT
from monitor.store.rows import event_key
from monitor.store.session import clean, to_json
from tests.slots import slot_of


class MemoryStore:
    """One target's store. `away` makes every call fail as if the database were gone.

    `sleep` stands in for time passing in `wait_for_news`; `clock` for the database's.
    """

    def __init__(
        self,
        target: str = "shop",
        clock: Clock | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.target = target
        self.away = False
        self.rows: dict[str, WatchRow] = {}
        self.stored_samples: dict[tuple[str, Micros], SampleRow] = {}
        self.stored_events: dict[str, EventRow] = {}
        self.alerts: dict[str, AlertRow] = {}
        self.delivered: list[str] = []
        self.given_up: list[str] = []
        self.receipts: dict[str, str] = {}
        self.refused: list[Refused] = []
        self.seq_then: dict[int, int] = {}
        self.memory: Json = {}
        self.rehearsals: dict[str, Rehearsal] = {}
        self.compared: dict[str, tuple[Json, Json | None]] = {}
        self.records = 0
        self.held_by = ""
        self.stranger = ""
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._news = asyncio.Event()
        self._opened = False

    # ---- Store

    @property
    def holds(self) -> bool:
        return self._opened and not self.away

    @property
    def waits_for(self) -> str:
        return self.held_by

    async def open(self) -> None:
        self._here()
        self._opened = True

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        self._here()
        return [self._seen(row) for row in self._open()], _copy(self.memory)

    async def past(self, since: Micros) -> Sequence[SampleRow]:
        return await self.samples(since, 1 << 62, len(self.stored_samples))

    async def record(self, record: Record) -> None:
        self._here()
        self.records += 1
        for sample in record.samples:
            kept = replace(sample, reason=clean(sample.reason))
            self.stored_samples.setdefault((sample.metric, sample.at), kept)
        for event in record.events:
            self._add_event(event)
        for alert in record.alerts:
            self.alerts.setdefault(alert.key, alert)
        for update in record.watches:
            self._update(update)
        if record.memory is not None:
            self.memory = _copy(record.memory)

    async def controls(self) -> Mapping[str, Controls]:
        self._here()
        return {row.id: self._seen(row).controls for row in self._open()}

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        self._here()
        registered = {row.migration: row.seq for row in self.rows.values()}
        return [
            replace(
                r,
                watched_since=registered.get(r.refusal.migration, 0) > self.seq_then[r.id],
                open=any(w.migration == r.refusal.migration for w in self._open()),
            )
            for r in reversed(self.refused)
            if r.at >= since
        ]

    async def wait_for_news(self, seconds: float) -> None:
        if not self._news.is_set():
            waits = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._news.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        self._news.clear()

    async def baseline(self, watch_id: str) -> Json | None:
        self._here()
        return self.compared[watch_id][0] if watch_id in self.compared else None

    async def keep_changes(self, watch_id: str, baseline: Json, found: Json | None) -> None:
        self._here()
        first = self.compared[watch_id][0] if watch_id in self.compared else _copy(baseline)
        self.compared[watch_id] = (first, None if found is None else _copy(found))

    async def changes(self, watch_id: str) -> Json | None:
        self._here()
        return self.compared[watch_id][1] if watch_id in self.compared else None

    async def forget(self, older_than: Micros) -> int:
        self._here()
        samples = [key for key in self.stored_samples if key[1] < older_than]
        settled = {*self.delivered, *self.given_up}
        alerts = [k for k, row in self.alerts.items() if row.alert.at < older_than and k in settled]
        events = [k for k, e in self.stored_events.items() if e.at < older_than and e.kind not in KEPT]
        for key in samples:
            del self.stored_samples[key]
        for name in alerts:
            del self.alerts[name]
        for name in events:
            del self.stored_events[name]
        compared = len(self.compared) if older_than > utc_now() else 0  # written by the clock, just now
        if compared:
            self.compared.clear()
        rehearsed = [r for r in self.rehearsals.values() if (r.at or 0) < older_than and not self._awaited(r)]
        for rehearsal in rehearsed:
            del self.rehearsals[rehearsal.plan_sha256]
        return len(samples) + len(alerts) + len(events) + compared + len(rehearsed)

    def _awaited(self, rehearsal: Rehearsal) -> bool:
        """Whether an open watch is of that plan."""
        return any(
            row.verdict is None
            and rehearsal.plan_sha256 in (row.plan.sha256, row.plan.plan.get("given_sha256"))
            for row in self.rows.values()
        )

    async def aclose(self) -> None:
        self._opened = False

    # ---- Outbox

    async def undelivered(self) -> Sequence[AlertRow]:
        self._here()
        closed = {*self.delivered, *self.given_up}
        rows = [row for row in self.alerts.values() if row.key not in closed]
        return sorted(rows, key=lambda row: (row.alert.at, row.key))

    async def receipt(self, channel: str, thread: str) -> str:
        self._here()
        rows = sorted(self.alerts.values(), key=lambda row: (row.alert.at, row.key), reverse=True)
        same = (r.key for r in rows if r.channel == channel and r.alert.thread == thread)
        return next((self.receipts[key] for key in same if key in self.receipts), "")

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        self._here()
        row = self.alerts[key]
        if receipt:
            self.receipts[key] = receipt
        self.alerts[key] = replace(row, attempts=max(row.attempts, attempts))
        if delivered:
            self.delivered.append(key)
        elif final:
            self.given_up.append(key)

    # ---- Registry

    async def add_refusal(self, refusal: Refusal) -> None:
        self._here()
        number = len(self.refused) + 1
        self.refused.append(Refused(number, self._clock.now(), refusal, False))
        self.seq_then[number] = max((row.seq for row in self.rows.values()), default=0)
        self._news.set()

    async def register(self, registration: Registration) -> tuple[WatchRow, bool]:
        self._here()
        check_name(registration)
        for row in self._open():
            if row.migration == registration.migration and row.controls.cancelled_at is None:
                return self._seen(same_watch(row, registration)), False
        fields = {name: getattr(registration, name) for name in Registration.__dataclass_fields__}
        row = WatchRow(id=new_id(), seq=len(self.rows) + 1, **fields)
        self.rows[row.id] = row
        detail = {"migration": row.migration, "mode": row.mode.value, "sha256": row.plan.sha256}
        self._add_event(EventRow(row.id, self._clock.now(), "registered", detail))
        self._news.set()
        return self._seen(row), True

    async def find(self, name: str) -> WatchRow | None:
        self._here()
        if name in self.rows:
            return self._seen(self.rows[name])
        of_migration = [row for row in self.rows.values() if row.migration == name]
        return self._seen(of_migration[-1]) if of_migration else None

    async def looked_after(self) -> bool:
        self._here()
        return self._opened

    async def watches(self, limit: int) -> Sequence[WatchRow]:
        self._here()
        return [self._seen(row) for row in reversed(self.rows.values())][:limit]

    async def control(self, watch_id: str, control: Control, *, by: str, reason: str) -> WatchRow:
        self._here()
        if watch_id not in self.rows:
            raise NotFound(f"no watch {watch_id}")
        row = self.rows[watch_id]
        if why := refusal(self._seen(row), control):
            raise ControlRefused(why)
        at = max(self._clock.now(), self._latest_control(row) + 1)
        controls = replace(row.controls, by=by, reason=reason, **{COLUMNS[control]: at})  # type: ignore[arg-type]  # the table's columns are fields of Micros
        self.rows[watch_id] = replace(row, controls=controls)
        detail = {"control": control.value, "by": by, "reason": reason}
        self._add_event(EventRow(watch_id, at, "control", detail))
        self._news.set()
        return self._seen(self.rows[watch_id])

    async def add_rehearsal(self, rehearsal: Rehearsal) -> Rehearsal:
        self._here()
        self.rehearsals[rehearsal.plan_sha256] = replace(rehearsal, at=self._clock.now())
        self._news.set()
        return self.rehearsals[rehearsal.plan_sha256]

    async def rehearsal(self, plan_sha256: str) -> Rehearsal | None:
        self._here()
        return self.rehearsals.get(plan_sha256)

    async def samples(self, since: Micros, until: Micros, limit: int) -> Sequence[SampleRow]:
        self._here()
        found = [s for s in self.stored_samples.values() if since <= s.at < until]
        return sorted(found, key=lambda s: (s.at, s.metric))[:limit]

    async def slots(self, since: Micros, until: Micros, width: Micros) -> Sequence[SampleSlot]:
        groups: dict[tuple[int, str], list[SampleRow]] = {}
        for row in await self.samples(since, until, len(self.stored_samples)):
            groups.setdefault(((row.at - since) // width, row.metric), []).append(row)
        return [slot_of(metric, slot, rows) for (slot, metric), rows in sorted(groups.items())]

    async def told(self, watch_id: str, limit: int) -> Sequence[AlertTold]:
        self._here()
        rows = [r for r in self.alerts.values() if r.alert.watch_id == watch_id and not r.alert.quiet]
        found = sorted(rows, key=lambda row: (-row.alert.at, row.key))[:limit]
        now = self._clock.now()
        return [
            AlertTold(
                at=row.alert.at,
                channel=row.channel,
                severity=row.alert.severity.value,
                title=row.alert.title,
                attempts=row.attempts,
                delivered_at=now if row.key in self.delivered else None,
                given_up_at=now if row.key in self.given_up else None,
            )
            for row in found
        ]

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[EventRow]:
        self._here()
        return [e for e in self.stored_events.values() if e.watch_id == watch_id and e.id > after][:limit]

    # ---- what only tests do

    def intend(self, watch_id: str, at: Micros | None) -> None:
        """As a rollback's committed intent does, or its withdrawal (None)."""
        self.rows[watch_id] = replace(self.rows[watch_id], intent_at=at)

    def _here(self) -> None:
        if self.away:
            raise DatabaseUnreachable("the store is away")

    def _open(self) -> list[WatchRow]:
        return [row for row in self.rows.values() if row.verdict is None]

    def _seen(self, row: WatchRow) -> WatchRow:
        newer = any(
            other.seq > row.seq and other.verdict not in {"cancelled", "rolled_back", "resolved_externally"}
            for other in self.rows.values()
        )
        superseded = row.verdict is None and newer
        rehearsal = self._summary(row)
        return replace(row, controls=replace(row.controls, superseded=superseded, rehearsal=rehearsal))

    def _summary(self, row: WatchRow) -> Json | None:
        hashes = (row.plan.sha256, row.plan.plan.get("given_sha256"))
        found = [r for r in self.rehearsals.values() if r.plan_sha256 in hashes]
        if not found:
            return None
        r = max(found, key=lambda r: r.at or 0)
        return {"at": seconds(r.at or 0), "outcome": r.outcome.value, "said": r.said}

    def _update(self, update: WatchUpdate) -> None:
        row = self.rows.get(update.id)
        if row is None or row.verdict not in {None, update.verdict}:
            return
        self.rows[row.id] = replace(
            row,
            phase=update.phase,
            verdict=update.verdict,
            verdict_at=row.verdict_at if row.verdict_at is not None else update.verdict_at,
            reason=row.reason if row.verdict is not None else clean(update.reason),
            state=_copy(update.state),
            view=_copy(update.view),
        )

    def _add_event(self, event: EventRow) -> None:
        key = event_key(self.target, event)
        number = len(self.stored_events) + 1
        self.stored_events.setdefault(key, replace(event, key=key, id=number, detail=_copy(event.detail)))

    @staticmethod
    def _latest_control(row: WatchRow) -> Micros:
        c = row.controls
        times = (c.paused_at, c.resumed_at, c.cancelled_at, c.approved_at, c.rollback_at)
        return max((at for at in times if at is not None), default=0)


def _copy(value: Json) -> dict[str, Any]:
    """As it comes back from jsonb."""
    copied: dict[str, Any] = json.loads(to_json(value))
    return copied
