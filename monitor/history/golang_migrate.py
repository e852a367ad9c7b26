"""golang-migrate: a file for each direction, and one row that is the current version.

After a rollback the row holds the version before, or there is none. `dirty` stops the tool, and us.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import matching
from monitor.history.rows import MARK
from monitor.history.tool import Place, Script, Tool, Unusable, refused
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_FILE = re.compile(r"(?P<version>[0-9]+)_(?P<name>.*)\.(?P<direction>down|up)\.(?:.*)")


def _scripts(place: Place) -> Sequence[Script]:
    """Every version, whether it has a down file or only an up file."""
    if place.directory is None:
        return ()
    found: dict[int, Script] = {}
    for path, m in sorted(matching(place.directory, _FILE), key=lambda f: f[1]["direction"]):
        version = int(m["version"])
        if m["direction"] == "up" and version in found:
            continue
        if version in found:  # which of them the tool would take nobody can say: it refuses, too
            raise refused(f"{found[version].path.name} goes back from the same version", str(path))
        down = path.with_name(path.name.replace(".up.", ".down.")) if m["direction"] == "up" else path
        stem = f"{m['version']}_{m['name']}"
        names = tuple({m["version"], str(version), stem, m["name"], f"{stem}.up.sql"} - {""})
        found[version] = Script(str(version), names, down, (version,))
    return [found[version] for version in sorted(found)]


def _key_of(migration: str) -> str:
    return migration.partition("_")[0]


def _books(place: Place, key: str, scripts: Sequence[Script]) -> Bookkeeping:
    if not any(s.key == key for s in scripts):
        raise Unusable(f"the version before {key} is not known: `dir` must hold the migration's files")
    before = [int(s.key) for s in scripts if int(s.key) < int(key)]
    state = f"""{MARK}
SELECT coalesce(pg_catalog.bool_or(r.version = $1::text::bigint), false) AS applied,
       pg_catalog.max(r.version) FILTER (WHERE r.version > $1::text::bigint)::text AS newer,
       CASE WHEN pg_catalog.bool_or(r.dirty) THEN 'the table is marked dirty: a migration failed half-way'
            WHEN pg_catalog.count(*) > 1 THEN 'the table has more than one row' ELSE '' END AS trouble
  FROM {place.books} r"""
    at = f"{place.books} AS r SET version = $2::text::bigint"
    ours = "r.version = $1::text::bigint AND NOT r.dirty"
    write = (
        BookWrite(f"{MARK} UPDATE {at} WHERE {ours}", (key, str(max(before))), 1)
        if before
        else BookWrite(f"{MARK} DELETE FROM {place.books} AS r WHERE {ours}", (key,), 1)
    )
    table = BookTable(place.books, ("SELECT", "UPDATE" if before else "DELETE"))
    return Bookkeeping("golang-migrate", key, (table,), state, (key,), (write,))


GOLANG_MIGRATE = Tool(
    "golang-migrate",
    reads="`VERSION_NAME.down.sql`",
    marks="the row gets the version before, by the files; without one it goes",
    proven="the table as documented",
    scripts=_scripts,
    key_of=_key_of,
    books=_books,
)
