"""Is an index that is there the one a statement would build? The server itself is asked.

The same statement is run on an empty temporary copy of the table, in a transaction that is rolled back, and
what the server makes of it is compared: text can't be, since it rewrites expressions and predicates.
Only when the rollback is under way: no statement of a plan is sent before its decision, not even on a copy.
"""

from __future__ import annotations

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import MARK, PINNED, Connection
from monitor.plan.stored import Plan, set_path
from monitor.sql.facts_index import TWIN
from monitor.sql.labels import split_label
from monitor.sql.scripts import Action, key_of

LIMITS = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '10s'"
"""Of a copy that holds no row: it waits for nothing but a lock on the table's name."""

SAME = """/* migration-monitor: is it the index of the plan */
SELECT pg_catalog.count(DISTINCT pg_catalog.jsonb_build_array(
         i.indisunique, i.indclass::text, i.indcollation::text, i.indoption::text, i.indnkeyatts,
         pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct', c.relam, c.reloptions::text,
         pg_catalog.pg_get_expr(i.indpred, i.indrelid),
         ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, false)
                 FROM pg_catalog.generate_series(1, i.indnatts::int) k ORDER BY k),
         ARRAY(SELECT pg_catalog.format('%s %s', a.attnum, o)
                 FROM pg_catalog.pg_attribute a, pg_catalog.unnest(a.attoptions) o
                WHERE a.attrelid = i.indexrelid AND NOT pg_catalog.starts_with(o, 'pg_')
                ORDER BY a.attnum, o))) = 1 AND pg_catalog.count(*) = 2
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
 WHERE i.indexrelid IN (pg_catalog.to_regclass($1), pg_catalog.to_regclass($2))"""
"""Of a column's options those of its operator class count, which only that knows; `pg_` are the server's."""


async def unlike(connection: Connection, plan: Plan, a: Action, label: str) -> str:
    """Why the index `label` is not known to be the plan's; "" when it is."""
    if a.text is None:
        return "and whether it is the index of the plan can't be determined"
    begin, end = ("SAVEPOINT twin", "ROLLBACK TO SAVEPOINT twin; RELEASE SAVEPOINT twin")
    if not connection.is_in_transaction():
        begin, end = "BEGIN", "ROLLBACK"
    await connection.execute(f"{begin}; {LIMITS}")
    try:
        async with pg.translated("comparing an index with the one of the plan"):
            same = await _same(connection, plan, a, label)
    except DatabaseUnreachable:
        raise
    except DatabaseError as e:
        if pg.is_retryable(e.sqlstate):
            raise
        return f"and whether it is the index of the plan can't be determined ({e})"
    finally:
        if not connection.is_closed():
            await connection.execute(end)
    return "" if same else "and is not the index of the plan"


async def _same(connection: Connection, plan: Plan, a: Action, label: str) -> bool:
    table = plan.resolution[key_of(a.relation or ())]
    copy = f"pg_temp.{split_label(table)[2]}"
    await connection.execute(f"{MARK} CREATE TEMPORARY TABLE {copy} (LIKE {table})")
    await connection.execute(set_path(plan.search_path))
    await connection.execute(str(a.text))
    await connection.execute(PINNED)
    return bool(await connection.fetchval(SAME, label, f"pg_temp.{TWIN}"))
