"""yoyo with SQL files: `NAME.rollback.sql` beside `NAME.sql`; a row, and a log that only grows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import matching
from monitor.history.rows import MARK, Rows, deletion, moment_of, state_of
from monitor.history.tool import Place, Script, Tool
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_FILE = re.compile(r"(?P<name>.+)\.rollback\.sql")

ROWS = Rows(
    "r.migration_id = $1::text", ("r.applied_at_utc", 'r.migration_id COLLATE "C"'), "r.migration_id",
    applied_at="r.applied_at_utc AT TIME ZONE 'UTC'",
)  # fmt: skip


def _scripts(place: Place) -> Sequence[Script]:
    if place.directory is None:
        return ()
    return [
        Script(m["name"], (m["name"], f"{m['name']}.sql", m["name"].partition(".")[0]), path, (m["name"],))
        for path, m in matching(place.directory, _FILE)
    ]


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    log = place.beside("_yoyo_log")
    noted = f"""{MARK}
INSERT INTO {log} (id, migration_hash, migration_id, operation, username, hostname, comment, created_at_utc)
SELECT pg_catalog.gen_random_uuid()::text, r.migration_hash, r.migration_id, 'rollback', 'migration-monitor',
       '', 'rolled back by migration-monitor', pg_catalog.clock_timestamp() AT TIME ZONE 'UTC'
  FROM {place.books} r WHERE {ROWS.key}"""
    tables = (BookTable(place.books, ("SELECT", "DELETE")), BookTable(log, ("INSERT",)))
    writes = (BookWrite(noted, (key,), 1), deletion(place, ROWS, key))
    return Bookkeeping("yoyo", key, tables, state_of(place, ROWS), (key,), writes, moment_of(place, ROWS))


def _key_of(migration: str) -> str:
    return migration.removesuffix(".sql").removesuffix(".rollback")


YOYO = Tool(
    "yoyo",
    reads="`NAME.rollback.sql`",
    marks="its row is deleted, and logged",
    proven="yoyo 9.0.0",
    table="_yoyo_migration",
    scripts=_scripts,
    key_of=_key_of,
    books=_books,
)
