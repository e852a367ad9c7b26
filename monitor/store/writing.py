"""What one round leaves behind, as a few statements with arrays; running them again changes nothing.

The caller opens the transaction. A verdict once stored stays, and so do a person's controls.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor import pg
from monitor.ports import AlertRow, EventRow, Json, SampleRow, WatchUpdate
from monitor.store.rows import alert_to_json, event_key
from monitor.store.session import sentence

BATCH = 5000
"""Samples of one statement: after hours without the store no statement meets its timeout."""

WATCHES = """/* migration-monitor */
UPDATE migration_monitor.watch w
   SET phase = u.phase,
       verdict = u.verdict,
       verdict_at = coalesce(w.verdict_at, u.verdict_at),
       reason = CASE WHEN w.verdict IS NULL THEN u.reason ELSE w.reason END,
       state = u.state,
       view = u.view,
       updated_at = clock_timestamp()
  FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::jsonb[], $8::jsonb[])
    AS u (id, phase, verdict, verdict_at, reason, state, view)
 WHERE w.id = u.id AND w.target = $1 AND (w.verdict IS NULL OR w.verdict = u.verdict)
"""

SAMPLES = """/* migration-monitor */
INSERT INTO migration_monitor.sample (target, metric, at, value, reason, quiet, errors, requests)
SELECT $1, s.*
  FROM unnest($2::text[], $3::timestamptz[], $4::float8[], $5::text[], $6::bool[], $7::float8[], $8::float8[])
    AS s (metric, at, value, reason, quiet, errors, requests)
ON CONFLICT (target, metric, at) DO NOTHING
"""

EVENTS = """/* migration-monitor */
INSERT INTO migration_monitor.event (target, watch_id, at, kind, detail, key)
SELECT $1, e.watch_id, e.at, e.kind, e.detail, e.key
  FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::jsonb[], $6::text[])
  WITH ORDINALITY AS e (watch_id, at, kind, detail, key, place)
 ORDER BY e.place
ON CONFLICT (key) DO NOTHING
"""

ALERTS = """/* migration-monitor */
INSERT INTO migration_monitor.alert (key, watch_id, target, channel, at, message, attempts)
SELECT a.key, a.watch_id, $1, a.channel, a.at, a.message, a.attempts
  FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::jsonb[], $7::int[])
    AS a (key, watch_id, channel, at, message, attempts)
ON CONFLICT (key) DO NOTHING
"""

MEMORY = """/* migration-monitor */
INSERT INTO migration_monitor.target (name, memory) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET memory = excluded.memory, updated_at = clock_timestamp()
"""


async def write_watches(connection: pg.Connection, target: str, updates: Sequence[WatchUpdate]) -> None:
    if not updates:
        return
    await connection.execute(
        WATCHES,
        target,
        [u.id for u in updates],
        [u.phase for u in updates],
        [u.verdict for u in updates],
        [u.verdict_at for u in updates],
        [sentence(connection, u.reason) for u in updates],
        [u.state for u in updates],
        [u.view for u in updates],
    )


async def write_samples(connection: pg.Connection, target: str, samples: Sequence[SampleRow]) -> None:
    for start in range(0, len(samples), BATCH):
        await _write_batch(connection, target, samples[start : start + BATCH])


async def _write_batch(connection: pg.Connection, target: str, samples: Sequence[SampleRow]) -> None:
    await connection.execute(
        SAMPLES,
        target,
        [s.metric for s in samples],
        [s.at for s in samples],
        [s.value for s in samples],
        [sentence(connection, s.reason) for s in samples],
        [s.quiet for s in samples],
        [s.errors for s in samples],
        [s.requests for s in samples],
    )


async def write_events(connection: pg.Connection, target: str, events: Sequence[EventRow]) -> None:
    if not events:
        return
    await connection.execute(
        EVENTS,
        target,
        [e.watch_id for e in events],
        [e.at for e in events],
        [e.kind for e in events],
        [e.detail for e in events],
        [event_key(target, e) for e in events],
    )


async def write_alerts(connection: pg.Connection, target: str, alerts: Sequence[AlertRow]) -> None:
    if not alerts:
        return
    await connection.execute(
        ALERTS,
        target,
        [a.key for a in alerts],
        [a.alert.watch_id for a in alerts],
        [a.channel for a in alerts],
        [a.alert.at for a in alerts],
        [alert_to_json(a.alert) for a in alerts],
        [a.attempts for a in alerts],
    )


async def write_memory(connection: pg.Connection, target: str, memory: Json | None) -> None:
    if memory is not None:
        await connection.execute(MEMORY, target, memory)
