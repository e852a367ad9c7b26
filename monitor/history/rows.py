"""Books that are one row for each applied migration: how they are asked and how a row is taken out.

SQL only, every value a parameter. What `applied` and `newer` mean is in ports/history.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.history.tool import Place
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_ROW = re.compile(r"\br\.")

MARK = "/* migration-monitor: the migration tool's table */"


@dataclass(frozen=True, slots=True)
class Rows:
    """The shape of such a table. `key` compares `r` with the parameter $1; `order` are columns of `r` that
    say in which order migrations were applied; `live` is the condition under which a row counts."""

    key: str
    order: tuple[str, ...]
    label: str
    live: str = "true"
    trouble: str = "''"  # a text: why the tool would refuse
    applied_at: str = ""  # of `r`, with its time zone: when the migration began or was applied


def state_of(place: Place, rows: Rows) -> str:
    """The question about one migration."""
    mine, other = _of(rows, "m"), _of(rows, "n")
    later = f"({', '.join(_columns(rows, 'n'))}) > ({', '.join(_columns(rows, 'm'))})"
    latest = ", ".join(f"{c} DESC" for c in _columns(rows, "n"))
    return f"""{MARK}
SELECT EXISTS (SELECT FROM {place.books} m WHERE {mine}) AS applied,
       (SELECT {_as(rows.label, "n")}::text
          FROM {place.books} n, {place.books} m
         WHERE {mine} AND {_as(rows.live, "n")} AND NOT ({other}) AND {later}
         ORDER BY {latest} LIMIT 1) AS newer,
       coalesce({rows.trouble}, '') AS trouble"""


def moment_of(place: Place, rows: Rows) -> str:
    """The question when it was applied; "" where that can't be known."""
    if not rows.applied_at:
        return ""
    return f"SELECT pg_catalog.max({_as(rows.applied_at, 'm')}) FROM {place.books} m WHERE {_of(rows, 'm')}"


def deletion(place: Place, rows: Rows, key: str) -> BookWrite:
    """The row goes, and exactly one."""
    live = "" if rows.live == "true" else f" AND {rows.live}"
    sql = f"{MARK} DELETE FROM {place.books} AS r WHERE {rows.key}{live}"
    return BookWrite(sql, (key,), 1)


def deleted(tool: str, place: Place, rows: Rows, key: str) -> Bookkeeping:
    """The books of a tool that forgets a migration by deleting its row."""
    table = BookTable(place.books, ("SELECT", "DELETE"))
    write, moment = deletion(place, rows, key), moment_of(place, rows)
    return Bookkeeping(tool, key, (table,), state_of(place, rows), (key,), (write,), moment)


def _of(rows: Rows, alias: str) -> str:
    return f"{_as(rows.key, alias)} AND {_as(rows.live, alias)}"


def _columns(rows: Rows, alias: str) -> list[str]:
    return [_as(column, alias) for column in rows.order]


def _as(expression: str, alias: str) -> str:
    return _ROW.sub(f"{alias}.", expression)
