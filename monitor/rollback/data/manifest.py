"""The list of what rollbacks took away and where it is: one row for each table or column that was kept.

Lives beside the copies, in a schema closed to PUBLIC. `dropped_at` is set when a copy's time was over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.pg import MARK, Connection, quote_identifier
from monitor.rollback.schema.definition import Definition

SCHEMA = "migration_monitor_salvage"

QUARANTINE_SCHEMA = "migration_monitor_quarantine"

MANIFEST = f"{SCHEMA}.manifest"

TURN = f"""/* migration-monitor: where kept data goes */
SET TRANSACTION READ WRITE;
SET LOCAL lock_timeout = '3s';
SET LOCAL statement_timeout = '4s';
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('{SCHEMA}'))"""

HAS_SCHEMA = f"{MARK} SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)"
"""Reads the table: what to_regnamespace remembers may be from before the turn was ours."""

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
    restore_sql  pg_catalog.text NOT NULL,              -- both, and the data between them: for a person
    salvaged_at  pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    restored_at  pg_catalog.timestamptz,
    announced_at pg_catalog.timestamptz,                -- people were told that its time is nearly over
    dropped_at   pg_catalog.timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS manifest_place ON {MANIFEST} (salvaged_as) WHERE dropped_at IS NULL"""
"""Runs under the registered search_path: every name is qualified."""

EXISTS = """/* migration-monitor: is there a place for kept data */
SELECT pg_catalog.bool_and(pg_catalog.to_regnamespace(s) IS NOT NULL)
       AND pg_catalog.to_regclass($2) IS NOT NULL
  FROM pg_catalog.unnest($1::text[]) s"""

NOTE = f"""/* migration-monitor: manifest */
INSERT INTO {MANIFEST} (watch_id, step, kind, how, source, source_column, salvaged_as, kept_column, keys,
       row_count, create_sql, finish_sql, restore_sql)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"""

VACATE = f"""/* migration-monitor: a place that was put to use again */
UPDATE {MANIFEST} SET dropped_at = pg_catalog.clock_timestamp()
 WHERE salvaged_as = $1 AND dropped_at IS NULL"""
"""Names of a quarantine are free at registration, and putting something there fails unless they still are:
what an earlier rollback put aside under this one was taken back or dropped by a person since."""

TAKEN_BACK = f"""/* migration-monitor: what was quarantined is in use again */
UPDATE {MANIFEST} SET restored_at = now(), dropped_at = now()
 WHERE salvaged_as = $1 AND dropped_at IS NULL"""
"""The thing itself went back: nothing is left whose time could be over."""

COLUMNS = """m.watch_id, m.step, m.kind, m.how, m.source, m.source_column, m.salvaged_as, m.kept_column,
       m.keys, m.row_count, m.create_sql, m.finish_sql, m.restored_at, m.dropped_at"""

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
    if await connection.fetchval(EXISTS, list(schemas), MANIFEST):
        return
    async with connection.transaction():
        await connection.execute(TURN)
        # IF NOT EXISTS asks for the right all the same
        missing = [s for s in schemas if not await connection.fetchval(HAS_SCHEMA, s)]
        await connection.execute(path)
        for schema in schemas:
            if schema in missing:
                await connection.execute(f"{MARK} CREATE SCHEMA {quote_identifier(schema)}")
            closed = f"{MARK} REVOKE ALL ON SCHEMA {quote_identifier(schema)} FROM PUBLIC"
            await connection.execute(closed)
        await connection.execute(PREPARE)


async def exists(connection: Connection) -> bool:
    """Whether anything was ever kept here."""
    return bool(await connection.fetchval(EXISTS, [SCHEMA], MANIFEST))


async def note(connection: Connection, kept: Kept, definition: Definition, fill: Sequence[str]) -> None:
    """Writes the row. Needs the rollback's own transaction."""
    await connection.execute(VACATE, kept.salvaged_as)
    await connection.execute(
        NOTE, kept.watch_id, kept.step, kept.kind, kept.how, kept.source, kept.source_column,
        kept.salvaged_as, kept.kept_column, list(kept.keys), kept.row_count,
        "".join(f"{sql};\n" for sql in definition.create), "".join(f"{sql};\n" for sql in definition.finish),
        definition.around(*fill),
    )  # fmt: skip


async def of_watch(connection: Connection, watch_id: str) -> list[Kept]:
    """In the plan's order; [] also when nothing was ever kept here."""
    if not await exists(connection):
        return []
    return [Kept(**{**r, "keys": tuple(r["keys"])}) for r in await connection.fetch(OF_WATCH, watch_id)]
