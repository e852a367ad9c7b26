"""sqlx-cli: `VERSION_NAME.up.sql` with `.down.sql` beside it; a row for each version."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.dbmate import version_of
from monitor.history.files import numbered
from monitor.history.rows import Rows, deleted
from monitor.history.tool import Place, Script, Tool
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<version>\d+)_(?P<name>.*)\.down\.sql")


def _scripts(place: Place) -> Sequence[Script]:
    return numbered(place.directory, _FILE) if place.directory is not None else ()


def _key_of(migration: str) -> str:
    digits = version_of(migration)
    return str(int(digits)) if digits.isdigit() else digits


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    failed = (
        "(SELECT 'migration ' || f.version || ' failed half-way' "
        f"FROM {place.books} f WHERE NOT f.success LIMIT 1)"
    )
    rows = Rows(
        "r.version = $1::text::bigint",
        ("r.installed_on", "r.version"),
        "r.version",
        "r.success",
        failed,
        "r.installed_on",
    )
    return deleted("sqlx", place, rows, _key_of(key))


SQLX = Tool(
    "sqlx",
    reads="`VERSION_NAME.down.sql`",
    marks="its row is deleted",
    proven="the table as documented",
    table="_sqlx_migrations",
    scripts=_scripts,
    key_of=_key_of,
    books=_books,
)
