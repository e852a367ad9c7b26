"""Values for tests of stores: registrations, rows, alerts; each with defaults that make sense together."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from monitor.core.samples import HOUR, Micros
from monitor.core.thresholds import Mode
from monitor.ports import (
    Alert,
    AlertRow,
    Record,
    Registration,
    SampleRow,
    Severity,
    StoredPlan,
    WatchRow,
    WatchUpdate,
)

T0: Micros = 1_700_000_000_123_457
"""A moment that no float of seconds holds exactly."""

SQL = "ALTER TABLE contacts DROP COLUMN IF EXISTS new_column"


def plan(sql: str = SQL) -> StoredPlan:
    return StoredPlan(
        sql=sql,
        sha256=hashlib.sha256(sql.encode()).hexdigest(),
        plan={"statements": [{"text": sql, "class": "lossy"}]},
        search_path='"$user", public',
        system_identifier="7300000000000000001",
        timeline=1,
        fingerprint={"contacts": ["id", "new_column"]},
    )


def registration(migration: str = "0042_contacts", target: str = "shop", sql: str = SQL) -> Registration:
    return Registration(migration, target, Mode.AUTO, T0, T0 + 24 * HOUR, plan(sql))


def update(
    watch: WatchRow, phase: str = "watching", verdict: str | None = None, at: Micros = T0, reason: str = ""
) -> WatchUpdate:
    verdict_at = at if verdict is not None else None
    return WatchUpdate(watch.id, phase, verdict, verdict_at, reason, {"n": 1}, {"id": watch.id})


def ended(watch: WatchRow, verdict: str) -> Record:
    return Record(watches=(update(watch, "ended", verdict),))


def sample(at: Micros = T0, metric: str = "error_rate", value: float | None = 0.012) -> SampleRow:
    return SampleRow(metric, at, value, "" if value is not None else "timeout", False, 12.0, 1000.0)


def alert(watch_id: str | None, number: int = 0, at: Micros = T0) -> AlertRow:
    text = Alert(
        transition=f"error_rate.rollback/firing/{number}",
        condition=f"{watch_id}/error_rate.rollback",
        target="shop",
        migration="0042_contacts",
        watch_id=watch_id,
        at=at,
        severity=Severity.CRITICAL,
        title="error rate 1.2 % is above 1 %",
        facts=(("since", "5 m"), ("limit", "1 %")),
        next="the rollback is executed now",
        commands=("migration-monitor pause 0042_contacts",),
    )
    return AlertRow(f"{watch_id}/{text.transition}/slack", "slack", text)


def as_stored(row: AlertRow, attempts: int) -> AlertRow:
    return replace(row, attempts=attempts)
