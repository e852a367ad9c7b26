"""Creates the schema `migration_monitor`, once, whoever comes first.

`schema.sql` says what it holds; this file reads from it what must exist, so that a role that may not
create anything can work in a schema that a DBA has created.
"""

from __future__ import annotations

import re
from importlib.resources import files

from monitor import pg
from monitor.errors import DatabaseError
from monitor.schema import ownership
from monitor.store.session import transaction

SQL = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")

SCHEMA_DEADLINE = 30.0
"""Seconds: others may be creating it, each in its turn."""

_CREATE_SCHEMA = "CREATE SCHEMA IF NOT EXISTS migration_monitor;"
_TABLE = re.compile(r"^CREATE TABLE IF NOT EXISTS migration_monitor\.(\w+) \((.*?)^\)", re.M | re.S)
_COLUMN = re.compile(r"^ {4}([a-z_]\w*) ", re.M)
_ADDED = re.compile(r"^ALTER TABLE migration_monitor\.(\w+)\s+ADD COLUMN IF NOT EXISTS (\w+)", re.M)
_INDEX = re.compile(r"^CREATE (?:UNIQUE )?INDEX IF NOT EXISTS (\w+)", re.M)

PRESENT = """/* migration-monitor */
SELECT c.relname || '.' || a.attname AS name
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace = pg_catalog.to_regnamespace('migration_monitor')
UNION ALL
SELECT c.relname::text FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('i', 'I') AND c.relnamespace = pg_catalog.to_regnamespace('migration_monitor')
"""

EXISTS = "/* migration-monitor */ SELECT pg_catalog.to_regnamespace('migration_monitor') IS NOT NULL"

LACKING = """/* migration-monitor */
SELECT c.relname AS name, current_user AS role
  FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'p') AND c.relnamespace = pg_catalog.to_regnamespace('migration_monitor')
   AND c.relname = ANY ($1::text[])
   AND NOT (has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
            AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE'))
 ORDER BY c.relname
"""

WAIT = """/* migration-monitor */
SELECT pg_catalog.set_config('lock_timeout', '25s', true),
       pg_catalog.set_config('statement_timeout', '25s', true)
"""

OWN_PATH = """/* migration-monitor: the role's own path, behind pg_catalog */
SELECT pg_catalog.set_config('search_path', 'pg_catalog, ' OPERATOR(pg_catalog.||) coalesce(
  (SELECT pg_catalog.substr(c, 13)
     FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) c
    WHERE s.setrole IN (0, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user))
      AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d
                                 WHERE d.datname = pg_catalog.current_database()))
      AND c LIKE 'search_path=_%'
    ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1), '"$user", public'), true)
"""
"""An event trigger that writes down what is made, by names without a schema, finds its table as it does when
people create something. Whatever stands in `schema.sql` names its own schema."""

CREATIONS = 20
"""Times that it is created, if others do it at once, until that is called a failure."""


async def ensure_schema(connection: pg.Connection) -> bool:
    """Makes sure that the schema is complete and may be used; True if something was created.

    Raises DatabaseError with the remedy when the role may not create or use it.
    """
    if strange := await ownership.faults(connection):
        raise DatabaseError(ownership.sentence(strange), "42501")
    created = not await _complete(connection)
    if created:
        await _create(connection)
    await _check_rights(connection)
    return created


def expected() -> frozenset[str]:
    """What `schema.sql` creates: `table.column` and index names."""
    columns = {f"{table}.{column}" for table, body in _TABLE.findall(SQL) for column in _COLUMN.findall(body)}
    added = {f"{table}.{column}" for table, column in _ADDED.findall(SQL)}
    return frozenset(columns | added | set(_INDEX.findall(SQL)))


def tables() -> tuple[str, ...]:
    return tuple(table for table, _ in _TABLE.findall(SQL))


async def _complete(connection: pg.Connection) -> bool:
    return expected() <= {row["name"] for row in await connection.fetch(PRESENT)}


async def _create(connection: pg.Connection) -> None:
    for left in reversed(range(CREATIONS)):
        try:
            async with pg.translated("creating schema migration_monitor"), transaction(connection):
                await _created(connection)
            break
        except DatabaseError as e:
            if e.sqlstate not in pg.MADE_AT_ONCE or not left:
                raise await _explained(connection, e) from e


async def _created(connection: pg.Connection) -> None:
    await connection.execute(WAIT)
    if await _complete(connection):  # by whoever was before us
        return
    await connection.execute(OWN_PATH)
    exists = await connection.fetchval(EXISTS)  # an owner of the schema need not own the database
    await connection.execute(SQL.replace(_CREATE_SCHEMA, "") if exists else SQL)


async def _explained(connection: pg.Connection, e: DatabaseError) -> DatabaseError:
    if e.sqlstate != "42501":
        return e
    role, database = await _names(connection)
    return DatabaseError(
        f"role {role} may not create schema migration_monitor in database {database}: "
        f"GRANT CREATE ON DATABASE {database} TO {role}, "
        f"or let its owner run monitor/store/schema.sql and grant its use",
        e.sqlstate,
    )


async def _names(connection: pg.Connection) -> tuple[str, str]:
    row = await connection.fetchrow(
        "/* migration-monitor */ SELECT current_user AS role, current_database() AS database"
    )
    if row is None:
        return "?", "?"
    return pg.quote_identifier(row["role"]), pg.quote_identifier(row["database"])


async def _check_rights(connection: pg.Connection) -> None:
    lacking = await connection.fetch(LACKING, list(tables()))
    if not lacking:
        return
    role = pg.quote_identifier(lacking[0]["role"])
    raise DatabaseError(
        f"role {role} may not use migration_monitor.{', '.join(row['name'] for row in lacking)}: "
        f"GRANT USAGE ON SCHEMA migration_monitor TO {role}; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migration_monitor TO {role}",
        "42501",
    )
