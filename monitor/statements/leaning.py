"""What a statement leans on beside its own table: tables that its foreign keys refer to, users of its rows.

Read only, with a pinned search_path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING

from monitor.sql.action_shapes import Reference

if TYPE_CHECKING:
    from monitor.pg import Connection

UNIQUE = """/* migration-monitor: may a foreign key point there */
SELECT EXISTS (SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = pg_catalog.to_regclass($1) AND i.indisunique AND i.indimmediate
                  AND i.indpred IS NULL AND i.indexprs IS NULL
                  AND CASE WHEN $2::text[] = '{}' THEN i.indisprimary ELSE $2::text[] =
                      ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                             WHERE a.attrelid = i.indrelid
                               AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                             ORDER BY a.attname::text COLLATE "C") END) AS unique,
       pg_catalog.to_regclass($1) IS NOT NULL AS there"""

THERE = """/* migration-monitor: is a table or column there already */
SELECT CASE WHEN $2 = '' THEN pg_catalog.to_regclass($1) IS NOT NULL
            ELSE EXISTS (SELECT FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attname = $2
                            AND NOT a.attisdropped) END"""

USERS = """/* migration-monitor: columns of the row type of a table */
WITH RECURSIVE tree(oid) AS (
     SELECT pg_catalog.to_regclass($1)::oid
      UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid),
uses(type) AS (
     SELECT c.reltype FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid
      UNION
     SELECT CASE WHEN c.oid IS NULL THEN d.objid ELSE c.reltype END
       FROM uses JOIN pg_catalog.pg_depend d
         ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = uses.type
       LEFT JOIN pg_catalog.pg_class c
         ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
        AND c.relkind IN ('c', 'v')
      WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass OR (c.oid IS NOT NULL AND d.objsubid > 0))
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS label, a.attname::text AS name
  FROM uses JOIN pg_catalog.pg_depend d
    ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid = uses.type
   AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid > 0
  JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'm', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND NOT a.attisdropped
 ORDER BY 1, 2"""


async def is_there(connection: Connection, label: str, column: str = "") -> bool:
    return bool(await connection.fetchval(THERE, label, column))


async def unreferable(
    connection: Connection, keys: Sequence[Reference], resolution: Mapping[str, str],
    known: Set[str],
) -> str:  # fmt: skip
    """Why a foreign key can't refer to what it names, or ""; `known` tables are not asked about."""
    for key in keys:
        label = resolution.get(key.parent)
        if label is None or label in known:
            continue
        r = await connection.fetchrow(UNIQUE, label, sorted(key.columns))
        if r is None or not r["there"]:
            return f"{label}, which a foreign key refers to, does not exist: make it before that statement"
        if not r["unique"]:
            columns = f"({', '.join(key.columns)})" if key.columns else "its primary key"
            return f"{label} is not unique by {columns}, so no foreign key can refer to that"
    return ""


async def row_type_used(connection: Connection, label: str, touched: Set[str]) -> str:
    """Why the table's rows can't be written anew, or ""."""
    for r in await connection.fetch(USERS, label):
        if r["label"] not in touched:
            user = f"column {r['name']} of {r['label']}"
            return f"{user} has the row type of {label}, whose rows then can't be rewritten: drop that first"
    return ""
