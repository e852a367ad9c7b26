"""What is asked and sent to put kept data back: statements that count, and those that fill.

Values already there win unless told otherwise; null, or a default that every row has, is no value. They are
compared as their types write them. `s` is a row of the copy, `t` one of the table. Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.pg import MARK, quote_identifier
from monitor.plan.rows_at_risk import CONSTANT
from monitor.salvage.current_table import Column
from monitor.salvage.values_as_text import read, written

Columns = Mapping[str, Column]


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
        default = f"({column.default})::{column.type}"
        return f"({value} IS NOT DISTINCT FROM NULL OR {_same(value, default)})"
    return f"{value} IS NOT DISTINCT FROM NULL"


def _same(one: str, other: str) -> str:
    return f"{written(one)} IS NOT DISTINCT FROM {written(other)}"


def _null_says_nothing(column: Column) -> bool:
    """A null comes back only where it may and where it means something: not where rows have it anyway."""
    return column.not_null or not column.default


def _differs(column: Column, kept: str) -> str:
    unequal = f"NOT ({_same(kept, f't.{column.quoted}')})"
    return f"{unequal} AND {kept} IS DISTINCT FROM NULL" if _null_says_nothing(column) else unequal


def told_as_text(have: Column, want: Column) -> bool:
    """Whether the copy holds as text what is of a type of the schema: copying.py says why."""
    return have.type == "text" and want.type_of_schema


def kept_value(copied: Columns, there: Columns, name: str) -> str:
    """The copy's value, as the column is now."""
    have, want = copied[name], there[name]
    return read(f"s.{have.quoted}", want.type) if told_as_text(have, want) else f"s.{have.quoted}"


def join(copied: Columns, there: Columns, keys: Sequence[str]) -> str:
    return " AND ".join(f"t.{quote_identifier(k)} = {kept_value(copied, there, k)}" for k in keys)


def same_row(copied: Columns, there: Columns, names: Sequence[str]) -> str:
    """Whether the row of the table says in all these columns what that of the copy says."""
    return (
        " AND ".join(_same(kept_value(copied, there, n), f"t.{quote_identifier(n)}") for n in names) or "true"
    )


def writable(column: Column, kept: str, *, overwrite: bool) -> str:
    """Whether the value would be put there."""
    only = "" if overwrite else f" AND {empty(column)}"
    return f"({_differs(column, kept)}{only})"


def fill_column(source: str, place: str, column: Column, kept: str, on: str, which: str) -> str:
    """From a copy that is joined by key: `kept` is its value, `on` says which row it belongs to."""
    return f"{MARK} UPDATE {source} t SET {column.quoted} = {kept} FROM {place} s WHERE {on} AND {which}"


def count_column(source: str, place: str, column: Column, kept: str, on: str, key: str, doubt: str) -> str:
    """Values of the copy; those whose row is gone; those that are there already; those in doubt."""
    gone = f"t.{quote_identifier(key)} IS NULL"
    value = f"{kept} IS DISTINCT FROM NULL" if _null_says_nothing(column) else "true"
    return (
        f"{MARK} SELECT count(*) AS rows, count(*) FILTER (WHERE {gone}) AS missing,"
        f" count(*) FILTER (WHERE NOT {gone} AND NOT ({_differs(column, kept)})) AS same,"
        f" count(*) FILTER (WHERE NOT {gone} AND {doubt}) AS doubtful"
        f" FROM {place} s LEFT JOIN {source} t ON {on} WHERE {value}"
    )


def fill_beside(source: str, aside: str, column: Column, which: str) -> str:
    """From a quarantined column of the same row, where it holds a value."""
    kept = f"t.{quote_identifier(aside)}"
    told = f"{kept} IS DISTINCT FROM NULL AND {which}"
    return f"{MARK} UPDATE {source} t SET {column.quoted} = {kept} WHERE {told}"


def count_beside(source: str, aside: str, column: Column, doubt: str) -> str:
    kept = f"t.{quote_identifier(aside)}"
    known = f"{kept} IS DISTINCT FROM NULL"
    return (
        f"{MARK} SELECT count(*) FILTER (WHERE {known}) AS rows, 0::bigint AS missing,"
        f" count(*) FILTER (WHERE {known} AND {_same(kept, f't.{column.quoted}')}) AS same,"
        f" count(*) FILTER (WHERE {known} AND {doubt}) AS doubtful FROM {source} t"
    )


def fill_table(source: str, place: str, copied: Columns, there: Columns, names: Sequence[str]) -> str:
    """Rows whose key is there already stay as they are. $1: the rows of the copy that are left out."""
    listed = ", ".join(quote_identifier(n) for n in names)
    values = ", ".join(kept_value(copied, there, n) for n in names)
    into = (
        f"{MARK} INSERT INTO {source} ({listed}) OVERRIDING SYSTEM VALUE"
        if names
        else f"{MARK} INSERT INTO {source}"
    )
    return f"{into} SELECT {values} FROM {place} s WHERE {LEFT_OUT} ON CONFLICT DO NOTHING"


LEFT_OUT = "s.ctid <> ALL ($1::text[]::pg_catalog.tid[])"
"""A copy is a plain table that nobody writes: its rows are known by where they are."""


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
