"""Copies what the plan would destroy, in the rollback's own transaction and after its locks.

Salvaging before the lock loses late writes. Every copy has a manifest row with the SQL that brings it back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from monitor.pg import Connection, quote_identifier
from monitor.rollback.fingerprint import Fingerprint
from monitor.rollback.forecast import Destroyed

SCHEMA = "migration_monitor_salvage"

MAX_IDENTIFIER = 63

TURN = f"""/* migration-monitor: where salvaged data goes */
SET TRANSACTION READ WRITE;
SET LOCAL lock_timeout = '3s';
SET LOCAL statement_timeout = '4s';
SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('{SCHEMA}'))"""

HAS_SCHEMA = f"SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '{SCHEMA}')"
"""Reads the table: what to_regnamespace remembers may be from before the turn was ours."""

PREPARE = f"""/* migration-monitor: where salvaged data goes */
REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;
CREATE TABLE IF NOT EXISTS {SCHEMA}.manifest (
    watch_id     text NOT NULL,
    step         integer NOT NULL,
    kind         text NOT NULL,
    source       text NOT NULL,
    source_column text NOT NULL,
    salvaged_as  text NOT NULL PRIMARY KEY,
    row_count    bigint NOT NULL,
    restore_sql  text NOT NULL,
    salvaged_at  timestamptz NOT NULL DEFAULT clock_timestamp()
)"""

EXISTS = f"""/* migration-monitor: is there a place for salvaged data */
SELECT pg_catalog.to_regclass('{SCHEMA}.manifest') IS NOT NULL"""

NOTE = f"""/* migration-monitor: manifest */
INSERT INTO {SCHEMA}.manifest
    (watch_id, step, kind, source, source_column, salvaged_as, row_count, restore_sql)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""

_ODD = re.compile(r"[^a-z0-9_]+")


async def make_room(connection: Connection) -> None:
    """The closed schema and its manifest, in a transaction of its own: not under the rollback's locks."""
    if not await connection.fetchval(EXISTS):
        async with connection.transaction():
            await connection.execute(TURN)
            if not await connection.fetchval(HAS_SCHEMA):  # IF NOT EXISTS asks for the right all the same
                await connection.execute(f"CREATE SCHEMA {SCHEMA}")
            await connection.execute(PREPARE)


async def copy(
    connection: Connection, watch_id: str, losses: Sequence[Destroyed], fingerprint: Fingerprint
) -> list[dict[str, Any]]:
    """One table for each loss; returns what the event row says of each. Needs the locks to be held."""
    if not losses:
        return []
    await connection.execute("SET LOCAL row_security = off")  # refuse rather than copy only what we may see
    found = [
        await _copy(connection, watch_id, n, loss, fingerprint["relations"].get(loss.label))
        for n, loss in enumerate(losses, start=1)
    ]
    await connection.execute("SET LOCAL row_security = on")
    return found


async def _copy(
    connection: Connection, watch_id: str, number: int, loss: Destroyed, entry: dict[str, Any] | None
) -> dict[str, Any]:
    if entry is None or (loss.column and loss.column not in entry["columns"]):
        return {"source": loss.name, "rows": 0, "into": "", "note": "it was not there"}
    keys = [k for k in entry["primary_key"] if k != loss.column]
    keyed = bool(loss.column and keys)
    into = f"{SCHEMA}.{quote_identifier(table_name(watch_id, loss.step, number))}"
    columns = ", ".join(quote_identifier(c) for c in [*keys, loss.column]) if keyed else "*"
    tag = await connection.execute(f"CREATE TABLE {into} AS SELECT {columns} FROM {loss.label}")
    rows = int(tag.rsplit(" ", 1)[-1])
    restore = restore_sql(loss, entry, into, keys if keyed else [])
    await connection.execute(
        NOTE, watch_id, loss.step, loss.kind, loss.label, loss.column, into, rows, restore
    )
    return {"source": loss.name, "rows": rows, "into": into, "step": loss.step}


def restore_sql(loss: Destroyed, entry: dict[str, Any], into: str, keys: Sequence[str]) -> str:
    """What a person runs to have the data back."""
    if not loss.column:
        return (
            f"CREATE TABLE {loss.label} (LIKE {into} INCLUDING ALL);\n"
            f"INSERT INTO {loss.label} SELECT * FROM {into};\n"
            "-- keys, defaults and indexes are in the fingerprint of the watch, not in this copy\n"
        )
    column = quote_identifier(loss.column)
    kind = entry["columns"][loss.column]["type"]
    add = f"ALTER TABLE {loss.label} ADD COLUMN IF NOT EXISTS {column} {kind};\n"
    if not keys:
        return f"{add}-- no primary key to join by: {into} holds the whole rows as they were\n"
    join = " AND ".join(f"t.{quote_identifier(k)} = s.{quote_identifier(k)}" for k in keys)
    return f"{add}UPDATE {loss.label} t SET {column} = s.{column} FROM {into} s WHERE {join};\n"


def table_name(watch_id: str, step: int, number: int) -> str:
    """Readable, unique for a watch, and not longer than the server allows."""
    plain = _ODD.sub("_", watch_id.lower())
    tail = f"_{step}_{number}"
    if plain == watch_id and len(plain) + len(tail) <= MAX_IDENTIFIER:
        return plain + tail
    digest = hashlib.sha256(watch_id.encode()).hexdigest()[:8]
    return f"{plain[: MAX_IDENTIFIER - len(tail) - 9]}_{digest}{tail}"
