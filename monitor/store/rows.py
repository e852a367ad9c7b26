"""Rows as values and values as rows. This file asks the database nothing."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any, Protocol

from monitor.core.thresholds import Mode
from monitor.ports import (
    Alert,
    AlertRow,
    Controls,
    EventRow,
    Json,
    SampleRow,
    Severity,
    StoredPlan,
    WatchRow,
)
from monitor.store.session import to_json


class Row(Protocol):
    """A row as the database gives it, by column name."""

    def __getitem__(self, column: str, /) -> Any: ...


def watch_from(row: Row) -> WatchRow:
    """From a row of `reading.WATCH_COLUMNS`."""
    return WatchRow(
        id=row["id"],
        seq=row["seq"],
        migration=row["migration"],
        target=row["target"],
        mode=Mode(row["mode"]),
        started_at=row["started_at"],
        ends_at=row["ends_at"],
        plan=plan_from(row),
        phase=row["phase"],
        verdict=row["verdict"],
        verdict_at=row["verdict_at"],
        reason=row["reason"],
        state=row["state"],
        view=row["view"],
        controls=controls_from(row),
        intent_at=row["intent_at"],
    )


def plan_from(row: Row) -> StoredPlan:
    return StoredPlan(
        sql=row["plan_sql"],
        sha256=row["plan_sha256"],
        plan=row["plan"],
        search_path=row["search_path"],
        system_identifier=row["system_identifier"],
        timeline=row["timeline"],
        fingerprint=row["fingerprint"],
        digest=row["plan_digest"],
        intact=row["plan_intact"],
    )


def controls_from(row: Row) -> Controls:
    return Controls(
        paused_at=row["paused_at"],
        resumed_at=row["resumed_at"],
        cancelled_at=row["cancelled_at"],
        approved_at=row["approved_at"],
        rollback_at=row["rollback_at"],
        by=row["control_by"] or "",
        reason=row["control_reason"] or "",
        superseded=row["superseded"],
        rehearsal=row["rehearsal"],
    )


def sample_from(row: Row) -> SampleRow:
    return SampleRow(
        metric=row["metric"],
        at=row["at"],
        value=row["value"],
        reason=row["reason"],
        quiet=row["quiet"],
        errors=row["errors"],
        requests=row["requests"],
    )


def event_from(row: Row) -> EventRow:
    return EventRow(row["watch_id"], row["at"], row["kind"], row["detail"], row["key"], row["id"])


def event_key(target: str, event: EventRow) -> str:
    """The event's own key, else one of its content: written again after a lost answer it is the same."""
    if event.key is not None:
        return event.key
    digest = hashlib.sha256(to_json(event.detail).encode()).hexdigest()[:16]
    return f"{event.watch_id or target}/{event.kind}/{event.at}/{digest}"


def alert_to_json(alert: Alert) -> Json:
    return asdict(alert)


def alert_from(row: Row) -> AlertRow:
    """From a row of the outbox; what an older program did not write has its default."""
    message: dict[str, Any] = dict(row["message"])
    message["severity"] = Severity(message["severity"])
    message["facts"] = tuple((label, text) for label, text in message.get("facts", ()))
    message["commands"] = tuple(message.get("commands", ()))
    message["closes"] = tuple(message.get("closes", ()))
    known = {name: message[name] for name in Alert.__dataclass_fields__ if name in message}
    return AlertRow(row["key"], row["channel"], Alert(**known), row["attempts"])
