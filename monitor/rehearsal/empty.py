"""The operator's own scratch database: is it empty, and empty again afterwards.

A marker schema says that everything in it is ours, so that the next rehearsal may clean up after a
killed one. A database with anything in it, and without the marker, is never touched.
"""

from __future__ import annotations

import asyncio

from monitor import pg
from monitor.errors import DatabaseError, OperatorError
from monitor.pg import Connection

MARKER = "migration_monitor_rehearsal"

MARK = f"{pg.MARK} CREATE SCHEMA {MARKER}"
UNMARK = f"{pg.MARK} DROP SCHEMA IF EXISTS {MARKER}"
MARKED = f"/* migration-monitor */ SELECT pg_catalog.to_regnamespace('{MARKER}') IS NOT NULL"

CLEAR_DEADLINE = 60.0
"""Seconds; 400 tables take a few."""

ROUNDS = 20
"""Each drop takes what hangs on it along; this many rounds of the whole list end every order."""

CONTENT = f"""/* migration-monitor: what is in the scratch database */
SELECT i.type, i.identity
  FROM (SELECT 1 AS place, 'pg_catalog.pg_extension'::pg_catalog.regclass AS classid, e.oid
          FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql'
        UNION ALL SELECT 2, 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, t.oid
          FROM pg_catalog.pg_event_trigger t
        UNION ALL SELECT 3, 'pg_catalog.pg_publication'::pg_catalog.regclass, p.oid
          FROM pg_catalog.pg_publication p
        UNION ALL SELECT 4, 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid
          FROM pg_catalog.pg_namespace n
         WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('public', 'information_schema', '{MARKER}')
        UNION ALL SELECT 5, d.classid, d.objid
          FROM pg_catalog.pg_depend d
         WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.deptype = 'n'
           AND d.refobjid = pg_catalog.to_regnamespace('public') AND d.objsubid = 0
           AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
                            WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype IN ('e', 'i'))
        UNION ALL SELECT 6, 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, f.oid
          FROM pg_catalog.pg_foreign_data_wrapper f) o,
       pg_catalog.pg_identify_object(o.classid, o.oid, 0) i
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
                    WHERE m.classid = o.classid AND m.objid = o.oid AND m.deptype = 'e')
 ORDER BY o.place, i.identity"""


async def take(connection: Connection, name: str) -> None:
    """Marks the empty database as ours. Raises OperatorError when it is not empty, with what is there."""
    if await refuse_content(connection, name):
        await _clear(connection)
        return
    try:
        async with pg.translated("marking the scratch database"):
            await connection.execute(MARK)
    except DatabaseError as e:
        if not e.sqlstate:
            raise
        raise OperatorError(
            f"{e}: the role needs CREATE on the scratch database {name}, or the right to create databases"
        ) from e


async def refuse_content(connection: Connection, name: str) -> bool:
    """True: all in it is ours. Raises OperatorError when it is not empty, with what is there."""
    async with pg.translated("looking into the scratch database"), asyncio.timeout(CLEAR_DEADLINE):
        if await connection.fetchval(MARKED):
            return True
        found = await connection.fetch(CONTENT)
    if found:
        first = f"{found[0]['type']} {found[0]['identity']}"
        raise OperatorError(
            f"the scratch database {name} is not empty (it has {first}): name an empty one, or let the role "
            "create databases"
        )
    return False


async def give_back(connection: Connection) -> None:
    """Empties it and takes the mark away. Raises DatabaseError when something stays."""
    async with pg.translated("emptying the scratch database"), asyncio.timeout(CLEAR_DEADLINE):
        await _clear(connection)
        await connection.execute(UNMARK)


async def _clear(connection: Connection) -> None:
    for _ in range(ROUNDS):
        found = await connection.fetch(CONTENT)
        if not found:
            return
        for row in found:
            sql = f"{pg.MARK} DROP {row['type'].upper()} IF EXISTS {row['identity']} CASCADE"
            try:
                async with pg.translated("emptying the scratch database"):
                    await connection.execute(sql)
            except DatabaseError as e:
                if not e.sqlstate:
                    raise
    raise DatabaseError("the scratch database could not be emptied", "2BP01")
