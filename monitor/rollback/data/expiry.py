"""Drops what rollbacks kept, once its time is over: announced a day before, with the locks of a rollback.

Never while somebody may still need it: a quarantined column or table stays as long as any watch on the
target is open (dropping it would change the objects that watch was registered on), a copy as long as a
watch of its migration is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError
from monitor.pg import Connection, quote_identifier
from monitor.ports import Keepsake
from monitor.rollback.data import manifest
from monitor.rollback.data.manifest import MANIFEST
from monitor.rollback.data.restore_sql import WHERE_COLUMN
from monitor.rollback.locks import LockPolicy

NOTICE_SECONDS = 86400.0
"""Between the announcement and the end: a working day to object in."""

TRIES = 8
"""Of one drop, with growing patience; then the next run tries again."""

DEADLINE = 120.0
"""Seconds for one drop, with all its tries."""

DUE = f"""/* migration-monitor: what was kept long enough */
SELECT m.watch_id, w.migration, m.how, m.source, m.source_column, m.kept_column, m.salvaged_as,
       (extract(epoch FROM m.ends_at) * 1000000)::bigint AS ends_at
  FROM (SELECT k.*, k.salvaged_at + CASE k.how WHEN 'quarantined' THEN $2::float8 ELSE $3::float8 END
                                    * interval '1 second' AS ends_at
          FROM {MANIFEST} k) m
  JOIN migration_monitor.watch w ON w.id = m.watch_id AND w.target = $1
 WHERE m.dropped_at IS NULL AND (m.announced_at IS NULL) = $4
   AND m.ends_at <= now() + CASE WHEN $4 THEN $5::float8 ELSE 0 END * interval '1 second'
   AND ($4 OR m.announced_at <= now() - $5::float8 * interval '1 second')
   AND NOT EXISTS (SELECT FROM migration_monitor.watch o
                    WHERE o.target = $1 AND o.verdict IS NULL
                      AND (m.how = 'quarantined' OR o.migration = w.migration))
 ORDER BY m.salvaged_at, m.step"""

ANNOUNCED = f"""/* migration-monitor: people were told */
UPDATE {MANIFEST} SET announced_at = pg_catalog.clock_timestamp()
 WHERE salvaged_as = ANY ($1::text[]) AND dropped_at IS NULL"""

DROPPED = f"""/* migration-monitor: its time was over */
UPDATE {MANIFEST} SET dropped_at = pg_catalog.clock_timestamp()
 WHERE salvaged_as = $1 AND dropped_at IS NULL"""

EVENT = """/* migration-monitor: its time was over */
INSERT INTO migration_monitor.event (watch_id, target, at, kind, detail, key)
VALUES ($1, $2, pg_catalog.clock_timestamp(), 'kept_dropped', $3::text::jsonb, $4)
ON CONFLICT (key) DO NOTHING"""

SETTINGS = "SET LOCAL lock_timeout = '{timeout:.0f}ms'; SET LOCAL statement_timeout = '60s'"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds that what was kept is kept."""

    quarantined: float
    salvaged: float
    notice: float = NOTICE_SECONDS


class KeptData:
    """Implements Keepsakes over connections of its own, opened when there is something to do."""

    def __init__(self, dsn: str, target: str, lifetimes: Lifetimes, policy: LockPolicy | None = None) -> None:
        self._dsn = dsn
        self._target = target
        self._lifetimes = lifetimes
        self._policy = policy or LockPolicy()

    async def soon(self) -> Sequence[Keepsake]:
        """See ports.Keepsakes."""
        connection = await pg.connect(self._dsn, name="retention")
        try:
            async with pg.translated("reading what was kept"), asyncio.timeout(DEADLINE):
                return [_keepsake(r) for r in await self._due(connection, unannounced=True)]
        finally:
            await pg.close(connection)

    async def announced(self, told: Sequence[Keepsake]) -> None:
        """See ports.Keepsakes."""
        if not told:
            return
        connection = await pg.connect(self._dsn, name="retention")
        try:
            async with pg.translated("noting what was announced"), asyncio.timeout(DEADLINE):
                await connection.execute(ANNOUNCED, [k.place for k in told])
        finally:
            await pg.close(connection)

    async def drop_due(self) -> tuple[Sequence[Keepsake], Sequence[str]]:
        """See ports.Keepsakes."""
        connection = await pg.connect(self._dsn, name="retention")
        dropped, trouble = [], []
        try:
            async with pg.translated("reading what was kept"), asyncio.timeout(DEADLINE):
                due = await self._due(connection, unannounced=False)
            for row in due:
                try:
                    async with pg.translated(f"dropping {row['salvaged_as']}"), asyncio.timeout(DEADLINE):
                        await self._drop(connection, row)
                    dropped.append(_keepsake(row))
                except DatabaseError as e:
                    trouble.append(str(e))
        finally:
            await pg.close(connection)
        return dropped, trouble

    async def _due(self, connection: Connection, *, unannounced: bool) -> list[Any]:
        if not await manifest.exists(connection):
            return []
        times = self._lifetimes
        return list(
            await connection.fetch(
                DUE, self._target, times.quarantined, times.salvaged, unannounced, times.notice
            )
        )

    async def _drop(self, connection: Connection, row: Any) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                async with pg.translated(f"dropping {row['salvaged_as']}"), connection.transaction():
                    timeout = self._policy.timeout(attempt, 1.0) * 1000
                    await connection.execute(SETTINGS.format(timeout=timeout))
                    await self._drop_once(connection, row)
            except DatabaseError as e:
                if not pg.is_retryable(e.sqlstate) or attempt == TRIES:
                    raise
                await asyncio.sleep(self._policy.rest_after(attempt, 0))
            else:
                return

    async def _drop_once(self, connection: Connection, row: Any) -> None:
        place = row["salvaged_as"]
        if not row["kept_column"]:
            await connection.execute(f"{pg.MARK} DROP TABLE IF EXISTS {place}")
        elif table := await connection.fetchval(WHERE_COLUMN, row["kept_column"], row["source"]):
            column = quote_identifier(row["kept_column"])
            await connection.execute(f"{pg.MARK} ALTER TABLE {table} DROP COLUMN IF EXISTS {column}")
        await connection.execute(DROPPED, place)
        detail = json.dumps({"source": _name(row), "place": place})
        key = f"{row['watch_id']}/kept_dropped/{place}"
        await connection.execute(EVENT, row["watch_id"], self._target, detail, key)


def _keepsake(row: Any) -> Keepsake:
    return Keepsake(row["watch_id"], row["migration"], _name(row), row["salvaged_as"], row["ends_at"])


def _name(row: Any) -> str:
    return f"{row['source']}.{row['source_column']}" if row["source_column"] else str(row["source"])
