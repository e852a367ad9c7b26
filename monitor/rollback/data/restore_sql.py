"""What is asked and sent to put kept data back: the facts of a table, and the statements that fill it.

Values already there win unless told otherwise; null, or a default that every row has, is no value.
This file executes nothing that changes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.pg import MARK, Connection, quote_identifier
from monitor.rollback.data.atrisk import CONSTANT

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

WHERE_COLUMN = """/* migration-monitor: where a quarantined column is */
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE a.attname = $1 AND NOT a.attisdropped AND a.attinhcount = 0
   AND CASE WHEN pg_catalog.to_regclass($2) IS NOT NULL THEN c.oid = pg_catalog.to_regclass($2)
            ELSE NOT EXISTS (SELECT FROM migration_monitor_salvage.manifest m
                              WHERE m.kept_column = $1 AND m.dropped_at IS NULL
                                AND pg_catalog.to_regclass(m.source) = c.oid) END
 LIMIT 1"""
"""In its table; in another one only if that table is not there (the rollback renamed it), and never the
column of the same name that a rollback put aside in the other one."""


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


async def columns(connection: Connection, label: str) -> dict[str, Column]:
    """By name; {} when there is no such table."""
    return {r["name"]: Column(**r) for r in await connection.fetch(COLUMNS, label)}


async def key_within(connection: Connection, label: str, names: Sequence[str]) -> tuple[str, ...]:
    """A key of the table made only of these columns, its primary key first; () if there is none."""
    for r in await connection.fetch(KEYS, label):
        if r["names"] and set(r["names"]) <= set(names):
            return tuple(r["names"])
    return ()


def ambiguous(place: str, keys: Sequence[str]) -> str:
    """Whether two rows of the copy have one key: a table and those that inherit from it share none."""
    names = [quote_identifier(k) for k in keys]
    known = " AND ".join(f"{n} IS NOT NULL" for n in names)
    twice = f"{place} WHERE {known} GROUP BY {', '.join(names)} HAVING count(*) > 1"
    return f"{MARK} SELECT EXISTS (SELECT FROM {twice})"


def empty(column: Column) -> str:
    """Whether the row `t` says nothing in that column."""
    value = f"t.{column.quoted}"
    if CONSTANT.fullmatch(column.default):
        return f"({value} IS NULL OR {value}::text IS NOT DISTINCT FROM ({column.default})::text)"
    return f"{value} IS NULL"


def _null_says_nothing(column: Column) -> bool:
    """A null comes back only where it may and where it means something: not where rows have it anyway."""
    return column.not_null or not column.default


def _differs(column: Column, kept: str) -> str:
    unequal = f"{kept}::text IS DISTINCT FROM t.{column.quoted}::text"
    return f"{unequal} AND {kept} IS NOT NULL" if _null_says_nothing(column) else unequal


Columns = Mapping[str, Column]


def told_as_text(have: Column, want: Column) -> bool:
    """Whether the copy holds as text what is of a type of the schema: salvage.py says why."""
    return have.type == "text" and want.type_of_schema


def kept_value(copied: Columns, there: Columns, name: str) -> str:
    """The copy's value, as the column is now."""
    have, want = copied[name], there[name]
    return f"s.{have.quoted}::{want.type}" if told_as_text(have, want) else f"s.{have.quoted}"


def join(copied: Columns, there: Columns, keys: Sequence[str]) -> str:
    return " AND ".join(f"t.{quote_identifier(k)} = {kept_value(copied, there, k)}" for k in keys)


def fill_column(source: str, place: str, column: Column, kept: str, on: str, *, overwrite: bool) -> str:
    """From a copy that is joined by key: `kept` is its value, `on` says which row it belongs to."""
    only = "" if overwrite else f" AND {empty(column)}"
    return (
        f"{MARK} UPDATE {source} t SET {column.quoted} = {kept} FROM {place} s"
        f" WHERE {on} AND {_differs(column, kept)}{only}"
    )


def count_column(source: str, place: str, column: Column, kept: str, on: str, key: str) -> str:
    """Values of the copy; those whose row is gone; those that are there already."""
    gone = f"t.{quote_identifier(key)} IS NULL"
    value = f"{kept} IS NOT NULL" if _null_says_nothing(column) else "true"
    return (
        f"{MARK} SELECT count(*) AS rows, count(*) FILTER (WHERE {gone}) AS missing,"
        f" count(*) FILTER (WHERE NOT {gone} AND NOT ({_differs(column, kept)})) AS same"
        f" FROM {place} s LEFT JOIN {source} t ON {on} WHERE {value}"
    )


def fill_beside(source: str, aside: str, column: Column, *, overwrite: bool) -> str:
    """From a quarantined column of the same row."""
    only = "" if overwrite else f" AND {empty(column)}"
    kept = f"t.{quote_identifier(aside)}"
    return (
        f"{MARK} UPDATE {source} t SET {column.quoted} = {kept}"
        f" WHERE {kept} IS NOT NULL AND {kept}::text IS DISTINCT FROM t.{column.quoted}::text{only}"
    )


def count_beside(source: str, aside: str, column: Column) -> str:
    kept = f"t.{quote_identifier(aside)}"
    same = f"{kept}::text IS NOT DISTINCT FROM t.{column.quoted}::text"
    return (
        f"{MARK} SELECT count({kept}) AS rows, 0::bigint AS missing,"
        f" count({kept}) FILTER (WHERE {same}) AS same FROM {source} t"
    )


def fill_table(source: str, place: str, copied: Columns, there: Columns, names: Sequence[str]) -> str:
    """Rows whose key is there already stay as they are."""
    listed = ", ".join(quote_identifier(n) for n in names)
    values = ", ".join(kept_value(copied, there, n) for n in names)
    return (
        f"{MARK} INSERT INTO {source} ({listed}) OVERRIDING SYSTEM VALUE"
        f" SELECT {values} FROM {place} s ON CONFLICT DO NOTHING"
    )


ADVANCE = """/* migration-monitor: sequences go on behind what was put back */
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence($1, $2), {highest})
  FROM (SELECT 1) one
 WHERE pg_catalog.pg_get_serial_sequence($1, $2) IS NOT NULL AND {highest} >
       coalesce(pg_catalog.pg_sequence_last_value(
           pg_catalog.pg_get_serial_sequence($1, $2)::pg_catalog.regclass), 0)"""


def advance(source: str, column: Column) -> str:
    """Takes the table's label and the column's name as parameters."""
    return ADVANCE.format(highest=f"(SELECT max({column.quoted}) FROM {source})")


def tag_count(tag: Any) -> int:
    """`UPDATE 12` -> 12."""
    return int(str(tag).rsplit(" ", 1)[-1])
