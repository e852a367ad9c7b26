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

from monitor import encoding, pg
from monitor.errors import DatabaseError, OperatorError
from monitor.pg import Connection, quote_identifier
from monitor.ports import Keepsake
from monitor.ports.patience import LockPolicy
from monitor.salvage import manifest, whereabouts
from monitor.salvage.manifest import MANIFEST, Kept

NOTICE_SECONDS = 86400.0
"""Between the announcement and the end: a working day to object in."""

TRIES = 8
"""Of one drop, with growing patience; then the next run tries again."""

DEADLINE = 120.0
"""Seconds for one drop, with all its tries."""

DUE = f"""/* migration-monitor: what was kept long enough */
SELECT m.watch_id, m.salvaged_as, w.migration,
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
UPDATE {MANIFEST} m SET announced_at = pg_catalog.clock_timestamp()
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS told(watch_id, place)
 WHERE m.watch_id = told.watch_id AND m.salvaged_as = told.place AND m.dropped_at IS NULL"""

DROPPED = f"""/* migration-monitor: its time was over */
UPDATE {MANIFEST} SET dropped_at = pg_catalog.clock_timestamp()
 WHERE watch_id = $1 AND salvaged_as = $2 AND dropped_at IS NULL"""

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
                return [one.keepsake for one in await self._due(connection, unannounced=True)]
        finally:
            await pg.close(connection)

    async def announced(self, told: Sequence[Keepsake]) -> None:
        """See ports.Keepsakes."""
        if not told:
            return
        connection = await pg.connect(self._dsn, name="retention")
        try:
            async with pg.translated("noting what was announced"), asyncio.timeout(DEADLINE):
                await connection.execute(ANNOUNCED, [k.watch_id for k in told], [k.place for k in told])
        finally:
            await pg.close(connection)

    async def drop_due(self) -> tuple[Sequence[Keepsake], Sequence[str]]:
        """See ports.Keepsakes."""
        connection = await pg.connect(self._dsn, name="retention")
        dropped, trouble = [], []
        try:
            async with pg.translated("reading what was kept"), asyncio.timeout(DEADLINE):
                due = await self._due(connection, unannounced=False)
            for one in due:
                try:
                    async with pg.translated(f"dropping {one.kept.salvaged_as}"), asyncio.timeout(DEADLINE):
                        await self._drop(connection, one.kept)
                    dropped.append(one.keepsake)
                except (DatabaseError, OperatorError) as e:
                    trouble.append(str(e))
        finally:
            await pg.close(connection)
        return dropped, trouble

    async def _due(self, connection: Connection, *, unannounced: bool) -> list[_Due]:
        if not await manifest.exists(connection):
            return []
        times, found = self._lifetimes, []
        for r in await connection.fetch(
            DUE, self._target, times.quarantined, times.salvaged, unannounced, times.notice
        ):
            (kept,) = [
                k for k in await manifest.of_watch(connection, r["watch_id"])
                if k.salvaged_as == r["salvaged_as"] and k.dropped_at is None
            ]  # fmt: skip
            found.append(_Due(kept, r["migration"], r["ends_at"]))
        return found

    async def _drop(self, connection: Connection, kept: Kept) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                async with pg.translated(f"dropping {kept.salvaged_as}"), connection.transaction():
                    timeout = self._policy.with_locks(attempt) * 1000
                    await connection.execute(SETTINGS.format(timeout=timeout))
                    await self._drop_once(connection, kept)
            except DatabaseError as e:
                if not pg.is_retryable(e.sqlstate) or attempt == TRIES:
                    raise
                await asyncio.sleep(self._policy.rest_after(attempt, 0))
            else:
                return

    async def _drop_once(self, connection: Connection, kept: Kept) -> None:
        """That very table or column; where it is gone already, that is written down."""
        if table := await whereabouts.find(connection, kept):
            await connection.execute(f"{pg.MARK} LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            if table != await whereabouts.find(connection, kept):
                raise OperatorError(f"{kept.salvaged_as} was moved at this moment: left for the next time")
            column = f"{pg.MARK} ALTER TABLE {table} DROP COLUMN {quote_identifier(kept.kept_column)}"
            await connection.execute(column if kept.kept_column else f"{pg.MARK} DROP TABLE {table}")
        await connection.execute(DROPPED, kept.watch_id, kept.salvaged_as)
        detail = encoding.dumps(connection, json.dumps({"source": kept.name, "place": kept.salvaged_as}))
        key = f"{kept.watch_id}/kept_dropped/{kept.salvaged_as}"
        await connection.execute(EVENT, kept.watch_id, self._target, detail, key)


@dataclass(frozen=True, slots=True)
class _Due:
    """What is near the end of its time, or past it."""

    kept: Kept
    migration: str
    ends_at: int

    @property
    def keepsake(self) -> Keepsake:
        return Keepsake(
            self.kept.watch_id, self.migration, self.kept.name, self.kept.salvaged_as, self.ends_at
        )
