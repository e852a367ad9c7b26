"""What a table is now: which one its name means, its columns, and by which of them a row can be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.pg import Connection, quote_identifier

RELATION = """/* migration-monitor: which table is it */
SELECT c.oid, c.relkind = 'p' AS partitioned
  FROM pg_catalog.pg_class c
 WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p')"""

LABEL = """/* migration-monitor: what a table is called now */
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.oid = $1::oid AND c.relkind IN ('r', 'p')"""

COLUMNS = """/* migration-monitor: what a table is now */
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') AS "default", a.attnotnull AS not_null,
       a.attgenerated <> '' AS generated, a.attidentity::text AS identity,
       t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace AS type_of_schema
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum"""

KEYS = """/* migration-monitor: by which columns a row of it can be known */
SELECT (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS names
  FROM pg_catalog.pg_index i
 WHERE i.indrelid = pg_catalog.to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
   AND i.indexprs IS NULL AND i.indnkeyatts = i.indnatts
 ORDER BY i.indisprimary DESC, i.indnatts, i.indexrelid"""


@dataclass(frozen=True, slots=True)
class Column:
    """As the catalogue has it now."""

    name: str
    type: str
    default: str
    not_null: bool
    generated: bool
    identity: str
    type_of_schema: bool

    @property
    def quoted(self) -> str:
        return quote_identifier(self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """As the catalogue has it now; it may have no column at all."""

    label: str
    oid: int
    partitioned: bool
    columns: dict[str, Column]

    @property
    def alone(self) -> str:
        """Without those that inherit from it: a partitioned one is nothing without."""
        return self.label if self.partitioned else f"ONLY {self.label}"


async def table(connection: Connection, label: str) -> Table | None:
    """None when there is no such table."""
    r = await connection.fetchrow(RELATION, label)
    if r is None:
        return None
    columns = {c["name"]: Column(**c) for c in await connection.fetch(COLUMNS, label)}
    return Table(label, r["oid"], r["partitioned"], columns)


async def label_of(connection: Connection, oid: int | None) -> str:
    """What the table is called now; "" when it is gone."""
    return str(await connection.fetchval(LABEL, oid) or "")


async def key_within(connection: Connection, label: str, names: Sequence[str]) -> tuple[str, ...]:
    """A key of the table made only of these columns, its primary key first; () if there is none."""
    for r in await connection.fetch(KEYS, label):
        if r["names"] and set(r["names"]) <= set(names):
            return tuple(r["names"])
    return ()
