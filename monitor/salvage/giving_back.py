"""Puts what a rollback kept back into a table or column that was applied again.

One transaction for all that one rollback kept: whole or not at all, and only what is missing, so that it
may be run again. Values written since win; rows deleted since stay deleted.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from monitor import encoding, pg
from monitor.errors import DatabaseError, DatabaseUnreachable, NotFound, OperatorError
from monitor.pg import Connection
from monitor.ports.patience import LockPolicy
from monitor.salvage import filling, lineage, making, manifest, values_as_text
from monitor.salvage.filling import Family, Restored
from monitor.salvage.making import Made
from monitor.salvage.manifest import MANIFEST, Kept

DEADLINE = 3600.0
"""Seconds for everything: millions of rows in one transaction take minutes."""

SETTINGS = (
    "SET TRANSACTION READ WRITE; SET LOCAL lock_timeout = '{timeout:.0f}ms'; "
    "SET LOCAL statement_timeout = 0; SET LOCAL row_security = off"
)

NOTHING = "the rollback of this watch kept nothing that could be restored"

MARK = f"""/* migration-monitor: put back */
UPDATE {MANIFEST} SET restored_at = pg_catalog.clock_timestamp()
 WHERE watch_id = $1 AND dropped_at IS NULL"""

LATEST = f"""/* migration-monitor: whose rollback kept something */
SELECT w.id FROM migration_monitor.watch asked
  JOIN migration_monitor.watch w ON w.target = asked.target AND w.migration = asked.migration
 WHERE asked.id = $1 AND w.target = $2 AND w.seq <= asked.seq
   AND EXISTS (SELECT FROM {MANIFEST} m WHERE m.watch_id = w.id)
 ORDER BY w.seq DESC LIMIT 1"""

EVENT = """/* migration-monitor: put back */
INSERT INTO migration_monitor.event (watch_id, target, at, kind, detail)
VALUES ($1, $2, pg_catalog.clock_timestamp(), 'restored', $3::text::jsonb)"""


@dataclass(frozen=True, slots=True)
class Wish:
    """`create`: make it again if it is not there. `overwrite`: also over newer values."""

    create: bool = False
    overwrite: bool = False
    dry_run: bool = False


async def restore(
    dsn: str, watch_id: str, target: str, wish: Wish, policy: LockPolicy | None = None
) -> tuple[Restored, ...]:
    """Raises NotFound, OperatorError with the remedy, or DatabaseError; nothing is changed then."""
    connection = await pg.connect(dsn, name="restore")
    try:
        async with asyncio.timeout(DEADLINE):
            async with pg.translated("looking for what was kept"):
                if not await manifest.exists(connection):
                    raise NotFound(NOTHING)
            return await _patiently(connection, watch_id, target, wish, policy or LockPolicy())
    except TimeoutError as e:
        raise DatabaseUnreachable(f"restoring took more than {DEADLINE:.0f} s") from e
    finally:
        await pg.close(connection)


async def _patiently(
    connection: Connection, watch_id: str, target: str, wish: Wish, policy: LockPolicy
) -> tuple[Restored, ...]:
    """Short waits for locks, again and again, as a rollback does."""
    began, attempt = time.monotonic(), 0
    while True:
        attempt += 1
        try:
            return await _once(connection, watch_id, target, wish, policy.with_locks(attempt))
        except DatabaseUnreachable:
            raise
        except DatabaseError as e:
            spent = time.monotonic() - began
            if not pg.is_retryable(e.sqlstate) or spent > policy.budget:
                raise
            await asyncio.sleep(policy.rest_after(attempt, spent))


async def _once(
    connection: Connection, watch_id: str, target: str, wish: Wish, seconds: float
) -> tuple[Restored, ...]:
    """One transaction; a dry run's is rolled back at its end."""
    async with pg.translated("restoring"):
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(SETTINGS.format(timeout=seconds * 1000))
            await connection.execute(values_as_text.PIN_READING)
            found = await _put_back(connection, watch_id, target, wish)
        except BaseException:
            if not connection.is_closed():
                await transaction.rollback()
            raise
        await (transaction.rollback() if wish.dry_run else transaction.commit())
    return found


async def _put_back(connection: Connection, watch_id: str, target: str, wish: Wish) -> tuple[Restored, ...]:
    watch_id = await _latest_that_kept(connection, watch_id, target)
    kept = await _all(connection, watch_id)
    wanted = [k for k in _parents_first(kept) if not k.taken_back]
    made = await making.make(connection, wanted, create=wish.create)
    tables = [k for k in wanted if not k.source_column
              and not (k.how == "quarantined" and k.salvaged_as in made)]  # fmt: skip
    copies = {k.source: await filling.copy_of(connection, k) for k in tables}
    family = Family(copies, await lineage.judge(connection, list(copies.values())))
    by_place = {
        k.salvaged_as: await _filled(connection, k, family, made, overwrite=wish.overwrite)
        for k in _parents_first(kept)
    }
    await making.finish(connection, [k for k in wanted if k.salvaged_as in made])
    found = [by_place[k.salvaged_as] for k in kept]
    await connection.execute(MARK, watch_id)
    detail = encoding.dumps(connection, json.dumps([asdict(r) for r in reversed(found)]))
    await connection.execute(EVENT, watch_id, target, detail)
    return tuple(found)


async def _latest_that_kept(connection: Connection, watch_id: str, target: str) -> str:
    """The watch itself, or an earlier one of its migration: the later may be of the new attempt."""
    found: str | None = await connection.fetchval(LATEST, watch_id, target)
    return found or watch_id


async def _all(connection: Connection, watch_id: str) -> list[Kept]:
    found = await manifest.of_watch(connection, watch_id)
    if not found:
        raise NotFound(NOTHING)
    for kept in found:
        if kept.dropped_at is not None and not kept.taken_back:
            raise OperatorError(
                f"{kept.name} can't be put back: its copy was dropped on {kept.dropped_at:%Y-%m-%d}, "
                "at the end of its retention period or by a person"
            )
    return found


async def _filled(
    connection: Connection, kept: Kept, family: Family, made: Made, *, overwrite: bool
) -> Restored:
    """A quarantined thing that is in use again has its rows; everything else gets them now."""
    if kept.taken_back:
        return Restored(kept.name, kept.salvaged_as, 0, 0)
    created = kept.salvaged_as in made
    if created and kept.how == "quarantined":
        rows = made[kept.salvaged_as]
        return Restored(kept.name, kept.salvaged_as, rows, rows, created=True)
    return replace(await filling.fill(connection, kept, family, overwrite=overwrite), created=created)


def _parents_first(kept: Sequence[Kept]) -> list[Kept]:
    """Those that others point to before them; in a circle, and where nothing points, as they were dropped."""
    waiting = list(reversed(kept))  # referenced tables were dropped last
    found: list[Kept] = []
    while waiting:
        named = [{p.label for p in k.parents} for k in waiting]
        free = [k for k, needs in zip(waiting, named, strict=True)
                if not any(o.source in needs and o.source != k.source for o in waiting)]  # fmt: skip
        found.append(free[0] if free else waiting[0])
        waiting.remove(found[-1])
    return found
