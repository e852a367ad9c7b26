"""Whether what a rollback kept is still there: that very table or column, never another of its name.

A name can come to mean something else, by a rename, by a swap, by a later rollback. The oid and the number of
the column were written down when it was kept. They are others in a database that was filled from a dump:
then nothing is dropped or read, and a person is told.
"""

from __future__ import annotations

from monitor.errors import OperatorError
from monitor.pg import Connection
from monitor.salvage.manifest import MANIFEST, Kept

TABLE = """/* migration-monitor: what has the name of a kept table */
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS label, c.oid = $1::oid AS same
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = pg_catalog.to_regclass($2) AND c.relkind IN ('r', 'p')"""

COLUMN = f"""/* migration-monitor: what has the name of a quarantined column */
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS label,
       c.oid = $1::oid AND a.attnum = $2::int AS same
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped
   AND CASE WHEN c.oid IN ($1::oid, pg_catalog.to_regclass($4)::oid) THEN true
            ELSE $1::oid IS NULL AND a.attinhcount = 0 END
   AND (c.oid = $1::oid AND a.attnum = $2::int
        OR NOT EXISTS (SELECT FROM {MANIFEST} m
                        WHERE m.dropped_at IS NULL AND m.kept_column = $3 AND m.kept_oid = c.oid))
 ORDER BY same DESC NULLS LAST, c.oid <> coalesce(pg_catalog.to_regclass($4)::oid, 0), c.oid LIMIT 1"""
"""Never what another rollback put aside under that name. A manifest from before oids were written down knows
the name of the table only: in another one it would be a guess."""


async def find(connection: Connection, kept: Kept) -> str:
    """The table that was kept, or that has the kept column; "" when it is gone.

    Raises OperatorError when its name means something else.
    """
    if not kept.kept_column:
        r = await connection.fetchrow(TABLE, kept.kept_oid, kept.salvaged_as)
        sure = r is None or r["same"] is not False  # None: not written down, and the schema is ours alone
    else:
        r = await connection.fetchrow(
            COLUMN, kept.kept_oid, kept.kept_attnum, kept.kept_column, kept.source
        )  # fmt: skip
        sure = r is None or bool(r["same"] if kept.kept_oid else r["label"] == kept.source)
    if not sure:
        raise OperatorError(
            f"{kept.salvaged_as} can't be known to be what the rollback kept (renamed, swapped, or from a "
            "dump): look at it, then drop it or put it back by hand"
        )
    return str(r["label"]) if r else ""
