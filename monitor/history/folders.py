"""Tools with a folder for each migration and its `down.sql` in it: diesel, and Prisma by convention."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.history.files import listed
from monitor.history.rows import MARK, Rows, deleted, moment_of, state_of
from monitor.history.tool import Place, Rendered, Script, Section, Tool
from monitor.history.wrapper import without_transactions
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

DIESEL_ROWS = Rows("r.version = $1::text", ("r.run_on", 'r.version COLLATE "C"'), "r.version")

PRISMA_ROWS = Rows(
    "r.migration_name = $1::text", ("r.started_at", 'r.migration_name COLLATE "C"'), "r.migration_name",
    "r.finished_at IS NOT NULL AND r.rolled_back_at IS NULL",
)  # fmt: skip


def _folders(place: Place) -> list[Script]:
    """Each folder's name, the part before its first underscore, and the part behind it, are names of it."""
    if place.directory is None:
        return []
    found = []
    for folder in (p for p in listed(place.directory) if p.is_dir()):
        version, _, name = folder.name.partition("_")
        names = tuple({folder.name, version, name} - {""})
        found.append(Script(folder.name, names, folder / "down.sql", (folder.name,), folder.name))
    return found


def diesel_version(migration: str) -> str:
    """`2026-01-02-030405_create_users` is 20260102030405 in the table."""
    return migration.partition("_")[0].replace("-", "")


def _diesel_scripts(place: Place) -> Sequence[Script]:
    found = []
    for s in _folders(place):
        key = diesel_version(s.key)
        found.append(Script(key, tuple({*s.names, key}), s.path, s.order, s.label))
    return found


def _diesel_books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    return deleted("diesel", place, DIESEL_ROWS, key)


def _prisma_books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    """The row stays and gets its time; `migrate` passes over rows that have one."""
    failed = (
        "(SELECT 'migration ' || f.migration_name || ' failed half-way' "
        f"FROM {place.books} f WHERE f.finished_at IS NULL AND f.rolled_back_at IS NULL LIMIT 1)"
    )
    rows = Rows(
        PRISMA_ROWS.key, PRISMA_ROWS.order, PRISMA_ROWS.label, PRISMA_ROWS.live, failed, "r.started_at"
    )
    sql = (
        f"{MARK} UPDATE {place.books} AS r SET rolled_back_at = pg_catalog.now() "
        f"WHERE {rows.key} AND {rows.live}"
    )
    table = BookTable(place.books, ("SELECT", "UPDATE"))
    write = BookWrite(sql, (key,), 1)
    moment = moment_of(place, rows)
    return Bookkeeping("prisma", key, (table,), state_of(place, rows), (key,), (write,), moment)


def _prisma_down(data: bytes, _: Script) -> Section:
    """`migrate diff` puts a transaction around each enum that it changes, and leaves the rest outside."""
    return Section(without_transactions(data))


DIESEL = Tool(
    "diesel",
    reads="`VERSION_NAME/down.sql`",
    marks="its row is deleted",
    proven="the table as documented",
    table="__diesel_schema_migrations",
    scripts=_diesel_scripts,
    key_of=diesel_version,
    books=_diesel_books,
)

PRISMA = Tool(
    "prisma",
    reads="`NAME/down.sql`, which you make with `prisma migrate diff`",
    marks="its row gets `rolled_back_at`",
    proven="the table as documented",
    table="_prisma_migrations",
    scripts=_folders,
    down=_prisma_down,
    rendered=lambda sql: Rendered(Section(without_transactions(sql))),
    books=_prisma_books,
)
