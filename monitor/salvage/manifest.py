"""The list of what rollbacks took away and where it is: one row for each table or column that was kept.

Lives beside the copies, in a schema closed to PUBLIC. `dropped_at` is set when a copy's time was over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeAlias

from monitor import encoding, pg
from monitor.errors import DatabaseError
from monitor.pg import MARK, PINNED, Connection, quote_identifier, quote_literal
from monitor.schema.definition import Definition, Parent

SCHEMA = "migration_monitor_salvage"

QUARANTINE_SCHEMA = "migration_monitor_quarantine"

MANIFEST = f"{SCHEMA}.manifest"

SALVAGED = "salvaged"
"""Kept as a copy."""

LIMITS = """/* migration-monitor: where kept data goes */
SET TRANSACTION READ WRITE;
SET LOCAL lock_timeout = '3s';
SET LOCAL statement_timeout = '4s'"""

TRIES = 5
"""Of making it, when others do so at once."""

HAS_SCHEMA = f"{MARK} SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)"
"""Reads the table: to_regnamespace may remember how it was before."""

PREPARE = f"""{MARK}
CREATE TABLE IF NOT EXISTS {MANIFEST} (
    watch_id     pg_catalog.text NOT NULL,
    step         integer NOT NULL,
    kind         pg_catalog.text NOT NULL,              -- drop_column, drop_table
    how          pg_catalog.text NOT NULL,              -- salvaged: a copy; quarantined: the thing itself
    source       pg_catalog.text NOT NULL,              -- the table, under its name before the rollback
    source_column pg_catalog.text NOT NULL,             -- '' when it is the whole table
    salvaged_as  pg_catalog.text NOT NULL,              -- where it is: a table, or a table and its column
    kept_column  pg_catalog.text NOT NULL DEFAULT '',   -- the quarantined column's name
    keys         pg_catalog.text[] NOT NULL,            -- columns that say which row a value belongs to
    row_count    bigint,                                -- null: not counted
    create_sql   pg_catalog.text NOT NULL,              -- makes the table or column again
    finish_sql   pg_catalog.text NOT NULL,              -- ... its constraints, indexes, owner and rights
    restore_sql  pg_catalog.text NOT NULL,              -- all of it, and the data in between: for a person
    salvaged_at  pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    restored_at  pg_catalog.timestamptz,
    announced_at pg_catalog.timestamptz,                -- people were told that its time is nearly over
    dropped_at   pg_catalog.timestamptz
);
ALTER TABLE {MANIFEST}
    -- the table itself: a name may come to mean another
    ADD COLUMN IF NOT EXISTS source_oid  pg_catalog.oid,
    ADD COLUMN IF NOT EXISTS kept_oid    pg_catalog.oid,      -- of the copy, or of the quarantined table
    ADD COLUMN IF NOT EXISTS kept_attnum integer,  -- of a quarantined column
    ADD COLUMN IF NOT EXISTS bystanders  pg_catalog.oid[] NOT NULL DEFAULT '{{}}', -- the plan's other tables
    -- which keys pointed to which rows
    ADD COLUMN IF NOT EXISTS parents     pg_catalog.jsonb NOT NULL DEFAULT '[]',
    -- foreign keys: when all is back
    ADD COLUMN IF NOT EXISTS foreign_sql pg_catalog.text[] NOT NULL DEFAULT '{{}}';
DROP INDEX IF EXISTS {SCHEMA}.manifest_place;
CREATE UNIQUE INDEX IF NOT EXISTS manifest_of_watch ON {MANIFEST} (watch_id, salvaged_as)
 WHERE dropped_at IS NULL"""
"""Runs under the registered search_path: every name is qualified. What later versions added is added to the
manifest of an earlier one: null where nobody wrote it down."""

CURRENT = """/* migration-monitor: is the manifest of this version */
SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attname = 'foreign_sql')"""

EXISTS = """/* migration-monitor: is there a place for kept data */
SELECT pg_catalog.bool_and(pg_catalog.to_regnamespace(s) IS NOT NULL)
       AND pg_catalog.to_regclass($2) IS NOT NULL
  FROM pg_catalog.unnest($1::text[]) s"""

NOTE = f"""/* migration-monitor: manifest */
INSERT INTO {MANIFEST} (watch_id, step, kind, how, source, source_column, salvaged_as, kept_column, keys,
       row_count, create_sql, finish_sql, restore_sql, source_oid, kept_oid, kept_attnum, bystanders, parents,
       foreign_sql)"""

VACATE = f"""/* migration-monitor: a place that was put to use again */
UPDATE {MANIFEST} SET dropped_at = pg_catalog.clock_timestamp()
 WHERE salvaged_as = {{place}} AND coalesce(kept_oid, {{oid}}) = {{oid}} AND dropped_at IS NULL"""
"""Names of a quarantine are free at registration, and putting something there fails unless they still are:
what an earlier rollback put aside in this table under this one was taken back or dropped by a person since.
In another table, that had its name then, it still is."""

TAKEN_BACK = f"""/* migration-monitor: what was quarantined is in use again */
UPDATE {MANIFEST} SET restored_at = now(), dropped_at = now()
 WHERE watch_id = $1 AND salvaged_as = $2 AND dropped_at IS NULL"""
"""The thing itself went back: nothing is left whose time could be over."""

COLUMNS = """m.watch_id, m.step, m.kind, m.how, m.source, m.source_column, m.salvaged_as, m.kept_column,
       m.keys, m.row_count, m.create_sql, m.finish_sql, m.restored_at, m.dropped_at, m.source_oid, m.kept_oid,
       m.kept_attnum, m.bystanders, m.parents::text AS parents, m.foreign_sql"""

COUNTS = f"""/* migration-monitor: how much was copied */
SELECT salvaged_as, row_count FROM {MANIFEST}
 WHERE watch_id = $1 AND salvaged_as = ANY ($2::text[]) AND dropped_at IS NULL"""

OF_WATCH = f"""/* migration-monitor: what a watch's rollback kept */
SELECT {COLUMNS} FROM {MANIFEST} m WHERE m.watch_id = $1 ORDER BY m.step, m.salvaged_as"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One row: what was taken away by a step, and where it is."""

    watch_id: str
    step: int
    kind: str
    how: str
    source: str
    source_column: str
    salvaged_as: str
    kept_column: str
    keys: tuple[str, ...]
    row_count: int | None
    create_sql: str
    finish_sql: str
    restored_at: datetime | None = None
    dropped_at: datetime | None = None
    source_oid: int | None = None  # None: kept by a version that did not write it down
    kept_oid: int | None = None
    kept_attnum: int | None = None
    bystanders: tuple[int, ...] = ()
    parents: tuple[Parent, ...] = ()
    foreign_sql: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.source}.{self.source_column}" if self.source_column else self.source

    @property
    def taken_back(self) -> bool:
        """Whether the quarantined thing itself is in use again."""
        return self.dropped_at is not None and self.dropped_at == self.restored_at


async def make_room(connection: Connection, schemas: Sequence[str], path: str) -> None:
    """Closed schemas and the manifest, in a transaction of its own: not under the rollback's locks.

    `path`: the statement that sets the plan's search_path, for event triggers that meet what is made.
    """
    if await connection.fetchval(EXISTS, list(schemas), MANIFEST) and await _is_current(connection):
        return
    for left in reversed(range(TRIES)):
        try:
            async with pg.translated("making room for kept data"):
                await _make_room(connection, schemas, path)
            break
        except DatabaseError as e:
            if e.sqlstate not in pg.MADE_AT_ONCE or not left:
                raise


async def _make_room(connection: Connection, schemas: Sequence[str], path: str) -> None:
    async with connection.transaction():
        await connection.execute(LIMITS)
        # IF NOT EXISTS asks for the right all the same
        missing = [s for s in schemas if not await connection.fetchval(HAS_SCHEMA, s)]
        await connection.execute(path)
        for schema in schemas:
            if schema in missing:
                await connection.execute(f"{MARK} CREATE SCHEMA {quote_identifier(schema)}")
            closed = f"{MARK} REVOKE ALL ON SCHEMA {quote_identifier(schema)} FROM PUBLIC"
            await connection.execute(closed)
        await connection.execute(PREPARE)


async def _is_current(connection: Connection) -> bool:
    return bool(await connection.fetchval(CURRENT, MANIFEST))


async def exists(connection: Connection) -> bool:
    """Whether anything was ever kept here. Needs no transaction: an older manifest is brought up to date."""
    if not await connection.fetchval(EXISTS, [SCHEMA], MANIFEST):
        return False
    await make_room(connection, (SCHEMA,), PINNED)
    return True


def noting(connection: Connection, kept: Kept, definition: Definition, fill: Sequence[str]) -> str:
    """The statements that write the row; of a copy they count it and see which table it is.

    As text, so that they go with the copy. Under the pinned search_path.
    """
    place, count = _literal(kept.kept_oid), "NULL"
    if kept.how == SALVAGED:
        place = f"pg_catalog.to_regclass({quote_literal(kept.salvaged_as)})"
        count = f"(SELECT pg_catalog.count(*) FROM {kept.salvaged_as})"
    create, finish = ("".join(f"{sql};\n" for sql in part) for part in (definition.create, definition.finish))
    parents = encoding.dumps(connection, json.dumps([asdict(p) for p in definition.parents]))
    before: tuple[Constant, ...] = (
        kept.watch_id, kept.step, kept.kind, kept.how, kept.source, kept.source_column, kept.salvaged_as,
        kept.kept_column, kept.keys,
    )  # fmt: skip
    text: tuple[Constant, ...] = (create, finish, definition.around(*fill), kept.source_oid)
    behind: tuple[Constant, ...] = (kept.kept_attnum, kept.bystanders, parents, definition.foreign)
    values = [*map(_literal, before), count, *map(_literal, text), place, *map(_literal, behind)]
    vacating = VACATE.format(place=quote_literal(kept.salvaged_as), oid=f"{place}::oid")
    return f"{vacating}; {NOTE} VALUES ({', '.join(values)})"


Constant: TypeAlias = str | int | tuple[str, ...] | tuple[int, ...] | None


def _literal(value: Constant) -> str:
    """As an SQL constant; of an array without its type, which the column gives."""
    if isinstance(value, str):
        return quote_literal(value)
    if not isinstance(value, tuple):
        return "NULL" if value is None else str(value)
    return f"ARRAY[{', '.join(map(_literal, value))}]" if value else "'{}'"


async def counts(connection: Connection, watch_id: str, places: Sequence[str]) -> dict[str, int]:
    """Rows of the copies at these places. Needs a manifest."""
    rows = await connection.fetch(COUNTS, watch_id, list(places))
    return {r["salvaged_as"]: r["row_count"] for r in rows}


async def of_watch(connection: Connection, watch_id: str) -> list[Kept]:
    """In the plan's order. Needs a manifest."""
    return [_kept(connection, r) for r in await connection.fetch(OF_WATCH, watch_id)]


def _kept(connection: Connection, r: Any) -> Kept:
    lists = {name: tuple(r[name]) for name in ("keys", "bystanders", "foreign_sql")}
    parents = tuple(Parent(**{**p, "pairs": _pairs(p)}) for p in encoding.loads(connection, r["parents"]))
    return Kept(**{**r, **lists, "parents": parents})


def _pairs(parent: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((child, column) for child, column in parent["pairs"])
