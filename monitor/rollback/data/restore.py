"""Puts what a rollback kept back into a table or column that was applied again.

One transaction for all that one rollback kept: whole or not at all, and only what is missing, so that it
may be run again. Values written since win; rows deleted since stay deleted.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, NotFound, OperatorError
from monitor.pg import Connection
from monitor.rollback.data import manifest
from monitor.rollback.data import restore_sql as sql
from monitor.rollback.data.manifest import MANIFEST, Kept
from monitor.rollback.locks import LockPolicy

DEADLINE = 3600.0
"""Seconds for everything: millions of rows in one transaction take minutes."""

SETTINGS = (
    "SET TRANSACTION READ WRITE; SET LOCAL lock_timeout = '{timeout:.0f}ms'; "
    "SET LOCAL statement_timeout = 0; SET LOCAL row_security = off"
)

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


@dataclass(frozen=True, slots=True)
class Restored:
    """Of one kept table or column.

    `rows` (of a column: values) are there, `restored` were put back, `kept` had newer values, `same` had the
    value already, `missing` belong to rows that are gone.
    """

    name: str
    place: str
    rows: int
    restored: int
    kept: int = 0
    same: int = 0
    missing: int = 0
    created: bool = False
    joined_by: tuple[str, ...] = ()


async def restore(
    dsn: str, watch_id: str, target: str, wish: Wish, policy: LockPolicy | None = None
) -> tuple[Restored, ...]:
    """Raises NotFound, OperatorError with the remedy, or DatabaseError; nothing is changed then."""
    connection = await pg.connect(dsn, name="restore")
    try:
        async with asyncio.timeout(DEADLINE):
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
            return await _once(connection, watch_id, target, wish, policy.timeout(attempt, 1.0))
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
    found = [await _one(connection, k, wish) for k in reversed(kept)]  # referenced tables were dropped last
    await connection.execute(MARK, watch_id)
    await connection.execute(EVENT, watch_id, target, json.dumps([asdict(r) for r in found]))
    return tuple(reversed(found))


async def _latest_that_kept(connection: Connection, watch_id: str, target: str) -> str:
    """The watch itself, or an earlier one of its migration: the later may be of the new attempt."""
    if not await manifest.exists(connection):
        return watch_id
    found: str | None = await connection.fetchval(LATEST, watch_id, target)
    return found or watch_id


async def _all(connection: Connection, watch_id: str) -> list[Kept]:
    found = await manifest.of_watch(connection, watch_id)
    if not found:
        raise NotFound("the rollback of this watch kept nothing that could be put back")
    for kept in found:
        if kept.dropped_at is not None and not kept.taken_back:
            raise OperatorError(
                f"{kept.name} can't be put back: its copy was dropped on {kept.dropped_at:%Y-%m-%d}, "
                "when its time was over or by a person"
            )
    return found


async def _one(connection: Connection, kept: Kept, wish: Wish) -> Restored:
    if kept.taken_back:
        return Restored(kept.name, kept.salvaged_as, 0, 0)
    there = await sql.columns(connection, kept.source)
    if kept.source_column and not there:
        raise OperatorError(f"{kept.source} is not there: re-apply the migration first")
    exists = kept.source_column in there if kept.source_column else bool(there)
    if exists:
        return await _back_into(connection, kept, there, wish)
    if not wish.create:
        raise OperatorError(
            f"{kept.name} is not there: re-apply the migration first, or make it again with --create; "
            f"its data is in {kept.salvaged_as}"
        )
    return await _made_again(connection, kept, wish)


async def _made_again(connection: Connection, kept: Kept, wish: Wish) -> Restored:
    """As it was: a quarantined thing is taken back itself."""
    if kept.how == "quarantined":
        rows = await connection.fetchval(_count_of(kept))
        await connection.execute(kept.create_sql)
        await connection.execute(kept.finish_sql or "SELECT")
        await connection.execute(manifest.TAKEN_BACK, kept.salvaged_as)
        return Restored(kept.name, kept.salvaged_as, rows, rows, created=True)
    await connection.execute(kept.create_sql)
    there = await sql.columns(connection, kept.source)
    done = await _back_into(connection, kept, there, wish)
    await connection.execute(kept.finish_sql or "SELECT")
    return Restored(**{**asdict(done), "created": True})


def _count_of(kept: Kept) -> str:
    if not kept.source_column:
        return f"{pg.MARK} SELECT count(*) FROM {kept.salvaged_as}"
    return f"{pg.MARK} SELECT count({pg.quote_identifier(kept.kept_column)}) FROM {kept.source}"


Way = Callable[[Connection, Kept, dict[str, sql.Column], Wish], Awaitable[Restored]]


async def _back_into(
    connection: Connection, kept: Kept, there: dict[str, sql.Column], wish: Wish
) -> Restored:
    way: Way = _table if not kept.source_column else _beside if kept.how == "quarantined" else _column
    return await way(connection, kept, there, wish)


async def _column(connection: Connection, kept: Kept, there: dict[str, sql.Column], wish: Wish) -> Restored:
    column = _fillable(kept, there)
    copied = await _copied(connection, kept)
    await _fits(connection, kept, copied[column.name], column)
    keys = await sql.key_within(connection, kept.source, kept.keys or sorted(copied.keys() - {column.name}))
    if not keys or await connection.fetchval(sql.ambiguous(kept.salvaged_as, keys)):
        raise OperatorError(
            f"{kept.source} has no key by which the values of {kept.name} could find their rows: they are in "
            f"{kept.salvaged_as}, to be put back by hand"
        )
    value, on = sql.kept_value(copied, there, column.name), sql.join(copied, there, keys)
    asked = sql.count_column(kept.source, kept.salvaged_as, column, value, on, keys[0])
    counted = await connection.fetchrow(asked)
    text = sql.fill_column(kept.source, kept.salvaged_as, column, value, on, overwrite=wish.overwrite)
    return _said(kept, counted, await connection.execute(text), keys)


async def _beside(connection: Connection, kept: Kept, there: dict[str, sql.Column], wish: Wish) -> Restored:
    column = _fillable(kept, there)
    table = await connection.fetchval(sql.WHERE_COLUMN, kept.kept_column, kept.source)
    if table is None or table != kept.source:
        raise OperatorError(
            f"the quarantined column {kept.kept_column} is "
            + ("gone" if table is None else f"in {table}, not in {kept.source}: put it back by hand")
        )
    await _fits(connection, kept, there[kept.kept_column], column)
    counted = await connection.fetchrow(sql.count_beside(kept.source, kept.kept_column, column))
    text = sql.fill_beside(kept.source, kept.kept_column, column, overwrite=wish.overwrite)
    return _said(kept, counted, await connection.execute(text), ())


async def _table(connection: Connection, kept: Kept, there: dict[str, sql.Column], wish: Wish) -> Restored:
    del wish  # rows that are there already are newer: they stay
    copied = await _copied(connection, kept)
    names = [n for n, c in copied.items() if not c.generated and not (n in there and there[n].generated)]
    if absent := [n for n in names if n not in there]:
        raise OperatorError(
            f"{kept.source} has no column {', '.join(absent)}, which its copy {kept.salvaged_as} has"
        )
    keys = await sql.key_within(connection, kept.source, names)
    if not keys and await connection.fetchval(f"{pg.MARK} SELECT EXISTS (SELECT FROM {kept.source})"):
        why = "its rows were put back already" if kept.restored_at else "it holds rows and has no key"
        raise OperatorError(f"{kept.source} is not filled: {why}; the copy is {kept.salvaged_as}")
    rows = await connection.fetchval(_count_of(kept))
    text = sql.fill_table(kept.source, kept.salvaged_as, copied, there, names)
    done = sql.tag_count(await connection.execute(text))
    for column in (there[n] for n in names if there[n].identity or there[n].default.startswith("nextval(")):
        await connection.fetchval(sql.advance(kept.source, column), kept.source, column.name)
    return Restored(kept.name, kept.salvaged_as, rows, done, rows - done, joined_by=keys)


def _fillable(kept: Kept, there: dict[str, sql.Column]) -> sql.Column:
    column = there[kept.source_column]
    if column.generated or column.identity == "a":
        raise OperatorError(f"{kept.name} is generated now: its values can't be put back")
    return column


async def _copied(connection: Connection, kept: Kept) -> dict[str, sql.Column]:
    if not (found := await sql.columns(connection, kept.salvaged_as)):
        raise OperatorError(f"the copy {kept.salvaged_as} of {kept.name} is gone")
    return found


async def _fits(connection: Connection, kept: Kept, have: sql.Column, want: sql.Column) -> None:
    """An assignment of the one type to the other must be known to the server."""
    if have.type == want.type or sql.told_as_text(have, want):
        return
    probe = f"{pg.MARK} EXPLAIN UPDATE {kept.source} SET {want.quoted} = NULL::{have.type}"
    savepoint = connection.transaction()
    await savepoint.start()
    try:
        async with pg.translated(f"comparing the types of {kept.name}"):
            await connection.execute(probe)
    except DatabaseUnreachable:
        raise
    except DatabaseError as e:
        raise OperatorError(
            f"{kept.name} is {want.type} now and was {have.type}: the values don't fit; "
            f"they are in {kept.salvaged_as}"
        ) from e
    finally:
        if not connection.is_closed():
            await savepoint.rollback()


def _said(kept: Kept, counted: object, tag: str, keys: tuple[str, ...]) -> Restored:
    found = dict(counted)  # type: ignore[call-overload]  # a row of three numbers
    done = sql.tag_count(tag)
    newer = found["rows"] - found["missing"] - found["same"] - done
    return Restored(
        kept.name, kept.salvaged_as, found["rows"], done, max(0, newer), found["same"], found["missing"],
        joined_by=keys,
    )  # fmt: skip
