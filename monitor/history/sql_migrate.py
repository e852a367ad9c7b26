"""sql-migrate: `-- +migrate Up` and `-- +migrate Down` in one file; the file's name is the row's id."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import matching
from monitor.history.rows import Rows, deleted
from monitor.history.sections import after, lines_of
from monitor.history.tool import Place, Script, Section, Tool, Unusable
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<name>.+)\.sql")
_PREFIX = "-- +migrate "

ROWS = Rows("r.id = $1::text", ("r.applied_at", 'r.id COLLATE "C"'), "r.id", applied_at="r.applied_at")


def _scripts(place: Place) -> Sequence[Script]:
    if place.directory is None:
        return ()
    return [
        Script(path.name, (path.name, m["name"], m["name"].partition("_")[0], m["name"].partition("-")[0]),
               path, (path.name,))
        for path, m in matching(place.directory, _FILE)
    ]  # fmt: skip


def down(data: bytes, _: Script) -> Section:
    """From behind `+migrate Down` to the next direction or the end. Raises Unusable."""
    begins: tuple[int, int] | None = None
    ends: int | None = None
    for number, start, end, text in lines_of(data):
        if not text.startswith(_PREFIX):
            continue
        command = text.removeprefix(_PREFIX).split()[:1]
        if command == ["Down"]:
            if begins is not None:
                raise Unusable("a second +migrate Down", number)
            begins = (number, end)
        elif command == ["Up"] and begins is not None and ends is None:
            ends = start
    if begins is None:
        raise Unusable("there is no +migrate Down section: the migration is irreversible")
    return after(data, begins[0] + 1, begins[1], ends)


def _key_of(migration: str) -> str:
    return migration if migration.endswith(".sql") else f"{migration}.sql"


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    return deleted("sql-migrate", place, ROWS, key)


SQL_MIGRATE = Tool(
    "sql-migrate",
    reads="the file's section after `-- +migrate Down`",
    marks="its row is deleted",
    proven="the table as documented",
    table="gorp_migrations",
    scripts=_scripts,
    down=down,
    key_of=_key_of,
    books=_books,
)
