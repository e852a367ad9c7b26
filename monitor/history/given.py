"""Tools whose SQL is always given by --rollback; only their tables are known to us."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.history.dbmate import version_of
from monitor.history.rows import Rows, deleted
from monitor.history.tool import Place, Script, Tool, Unusable
from monitor.ports.history import Bookkeeping, BookTable

Books = Callable[[Place, str, Sequence[Script]], Bookkeeping]

GIVEN = "`--rollback`"


def _deleting(tool: str, rows: Rows) -> Books:
    return lambda place, key, _: deleted(tool, place, rows, key)


def _django_books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    name = re.sub(r"[/ ]", ".", key, count=1)
    if "." not in name:
        raise Unusable(f"{key} names no app: write the migration as APP.NAME, as shop.0002_email")
    rows = Rows(
        "r.app || '.' || r.name = $1::text", ("r.id",), "(r.app || '.' || r.name)", applied_at="r.applied"
    )
    return deleted("django", place, rows, name)


def _knex_books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    lock = f'{place.schema}.{place.table[:-1]}_lock"'
    locked = (
        "(SELECT 'knex holds its own lock: a deploy is under way, or died' "
        f"FROM {lock} k WHERE k.is_locked = 1 LIMIT 1)"
    )
    rows = Rows(
        r"(r.name = $1::text OR pg_catalog.regexp_replace(r.name, '[.][cm]?[jt]s$', '') = $1::text)",
        ("r.id",), "r.name", trouble=locked, applied_at="r.migration_time",
    )  # fmt: skip
    books = deleted("knex", place, rows, key)
    return replace(books, tables=(*books.tables, BookTable(lock, ("SELECT",))))


DJANGO = Tool(
    "django",
    reads=f"{GIVEN} with `manage.py sqlmigrate APP NAME --backwards`",
    marks="its row is deleted; the migration is called `APP.NAME`",
    proven="Django 5.2.19",
    table="django_migrations",
    books=_django_books,
)

KNEX = Tool(
    "knex",
    reads=GIVEN,
    marks="its row is deleted",
    proven="knex 3.3.0",
    table="knex_migrations",
    books=_knex_books,
)

RAILS = Tool(
    "rails",
    reads=GIVEN,
    marks="its row is deleted",
    proven="the table as documented",
    key_of=version_of,
    books=_deleting("rails", Rows("r.version = $1::text", ('r.version COLLATE "C"',), "r.version")),
)

ECTO = Tool(
    "ecto",
    reads=GIVEN,
    marks="its row is deleted",
    proven="the table as documented",
    key_of=version_of,
    books=_deleting(
        "ecto",
        Rows(
            "r.version = $1::text::bigint",
            ("r.inserted_at", "r.version"),
            "r.version",
            applied_at="r.inserted_at AT TIME ZONE 'UTC'",
        ),
    ),
)

SUPABASE = Tool(
    "supabase",
    reads=GIVEN,
    marks="its row is deleted, as `supabase migration repair --status reverted` does",
    proven="the table as documented",
    schema="supabase_migrations",
    key_of=version_of,
    books=_deleting("supabase", Rows("r.version = $1::text", ('r.version COLLATE "C"',), "r.version")),
)
