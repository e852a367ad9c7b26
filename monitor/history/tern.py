"""tern: the down SQL is below a magic line; one row holds the number of the current migration."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import numbered
from monitor.history.rows import MARK
from monitor.history.sections import after, lines_of, without_template
from monitor.history.tool import Place, Script, Section, Tool, Unusable
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_FILE = re.compile(r"(?P<version>\d+)_(?P<name>.+)\.sql")
_MAGIC = "---- create above / drop below ----"


def _scripts(place: Place) -> Sequence[Script]:
    return numbered(place.directory, _FILE) if place.directory is not None else ()


def down(data: bytes, _: Script) -> Section:
    """What is below the magic line. Raises Unusable."""
    for number, _start, end, text in lines_of(data):
        if text.strip() == _MAGIC:
            return without_template(after(data, number + 1, end), b"{{", "a template")
    raise Unusable(f"there is no line `{_MAGIC}`: the migration is irreversible")


def _key_of(migration: str) -> str:
    digits = migration.partition("_")[0]
    return str(int(digits)) if digits.isdigit() else digits


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    number = _key_of(key)
    if not number.isdigit() or int(number) == 0:
        raise Unusable(f"{key} is no number of a migration: give one such as 003")
    state = f"""{MARK}
SELECT coalesce(pg_catalog.bool_or(r.version = $1::text::int), false) AS applied,
       pg_catalog.max(r.version) FILTER (WHERE r.version > $1::text::int)::text AS newer,
       CASE WHEN pg_catalog.count(*) > 1 THEN 'the table has more than one row' ELSE '' END AS trouble
  FROM {place.books} r"""
    sql = f"{MARK} UPDATE {place.books} AS r SET version = $2::text::int WHERE r.version = $1::text::int"
    write = BookWrite(sql, (number, str(int(number) - 1)), 1)
    table = BookTable(place.books, ("SELECT", "UPDATE"))
    return Bookkeeping("tern", number, (table,), state, (number,), (write,))


TERN = Tool(
    "tern",
    reads=f"the file's part below `{_MAGIC}`",
    marks="the row's number is lowered by one",
    proven="the table as documented",
    table="schema_version",
    scripts=_scripts,
    down=down,
    key_of=_key_of,
    books=_books,
)
