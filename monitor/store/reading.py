"""What is asked of the stored watches, samples and events; nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor import pg
from monitor.core.samples import Micros
from monitor.plan.digest import INTACT
from monitor.ports import Controls, EventRow, Json, SampleRow, WatchRow
from monitor.store.rehearsals import SUMMARY
from monitor.store.rows import controls_from, event_from, sample_from, watch_from

CONTROL_COLUMNS = f"""w.id, w.paused_at, w.resumed_at, w.cancelled_at, w.approved_at, w.rollback_at,
       w.control_by, w.control_reason,
       w.verdict IS NULL AND EXISTS (
           SELECT FROM migration_monitor.watch newer
            WHERE newer.target = w.target AND newer.seq > w.seq
              AND (newer.verdict IS NULL
                   OR newer.verdict NOT IN ('cancelled', 'rolled_back', 'resolved_externally'))
       ) AS superseded,
       {SUMMARY}"""

WATCH_COLUMNS = f"""{CONTROL_COLUMNS},
       w.seq, w.migration, w.target, w.mode, w.started_at, w.ends_at, w.plan_sql, w.plan_sha256, w.plan,
       w.search_path, w.system_identifier, w.timeline, w.fingerprint, w.phase, w.verdict, w.verdict_at,
       w.reason, w.state, w.view, w.intent_at, w.plan_digest, {INTACT} AS plan_intact"""

OPEN = f"""/* migration-monitor */
SELECT {WATCH_COLUMNS} FROM migration_monitor.watch w
 WHERE w.target = $1 AND w.verdict IS NULL ORDER BY w.seq
"""

CONTROLS = f"""/* migration-monitor */
SELECT {CONTROL_COLUMNS} FROM migration_monitor.watch w
 WHERE w.target = $1 AND w.verdict IS NULL ORDER BY w.seq
"""

FIND = f"""/* migration-monitor */
SELECT {WATCH_COLUMNS} FROM migration_monitor.watch w
 WHERE w.target = $1 AND (w.id = $2 OR w.migration = $2) ORDER BY w.id = $2 DESC, w.seq DESC LIMIT 1
"""

LATEST = f"""/* migration-monitor */
SELECT {WATCH_COLUMNS} FROM migration_monitor.watch w WHERE w.target = $1 ORDER BY w.seq DESC LIMIT $2
"""

MEMORY = "/* migration-monitor */ SELECT memory FROM migration_monitor.target WHERE name = $1"

SAMPLES = """/* migration-monitor */
SELECT metric, at, value, reason, quiet, errors, requests FROM migration_monitor.sample
 WHERE target = $1 AND at >= $2 AND at < $3 ORDER BY at, metric LIMIT $4
"""

EVENTS = """/* migration-monitor */
SELECT id, watch_id, at, kind, detail, key FROM migration_monitor.event
 WHERE watch_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def open_watches(connection: pg.Connection, target: str) -> Sequence[WatchRow]:
    return [watch_from(row) for row in await connection.fetch(OPEN, target)]


async def memory_of(connection: pg.Connection, target: str) -> Json:
    memory: Json | None = await connection.fetchval(MEMORY, target)
    return {} if memory is None else memory


async def open_controls(connection: pg.Connection, target: str) -> Mapping[str, Controls]:
    return {row["id"]: controls_from(row) for row in await connection.fetch(CONTROLS, target)}


async def find_watch(connection: pg.Connection, target: str, name: str) -> WatchRow | None:
    row = await connection.fetchrow(FIND, target, name)
    return None if row is None else watch_from(row)


async def latest_watches(connection: pg.Connection, target: str, limit: int) -> Sequence[WatchRow]:
    return [watch_from(row) for row in await connection.fetch(LATEST, target, limit)]


async def samples_between(
    connection: pg.Connection, target: str, since: Micros, until: Micros, limit: int
) -> Sequence[SampleRow]:
    """The first `limit` with since <= at < until, in time order."""
    return [sample_from(row) for row in await connection.fetch(SAMPLES, target, since, until, limit)]


async def events_after(
    connection: pg.Connection, watch_id: str, after: int, limit: int
) -> Sequence[EventRow]:
    return [event_from(row) for row in await connection.fetch(EVENTS, watch_id, after, limit)]
