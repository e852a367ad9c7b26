"""Flyway: `U<version>__<name>.sql` undoes `V<version>__<name>.sql`; a history that only grows.

Community refuses row types it does not know, but honours a `DELETE` row: the migration is pending again.
The paid editions write `UNDO_SQL`. A repeatable migration has no version, runs again after every deploy
that changed it, and is no later one, as for Flyway's own undo. Two undo rows for one application would be
corrupt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from monitor.history.files import matching
from monitor.history.rows import MARK
from monitor.history.sections import without_template
from monitor.history.tool import Place, Script, Section, Tool, ToolKeys, refused
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_FILE = re.compile(r"(?P<kind>[UV])(?P<version>[0-9][0-9._]*)__(?P<name>.*)\.sql")

TEAMS = "teams"


class FlywayKeys(ToolKeys):
    """Which rows its edition knows."""

    edition: Literal["community", "teams"] = Field("community", description="of Flyway")


UNDONE = "('DELETE', 'UNDO_SQL', 'UNDO_JDBC', 'UNDO_SCRIPT', 'UNDO_SPRING_JDBC')"


def _scripts(place: Place) -> Sequence[Script]:
    """Every version, with its undo file or where that would be."""
    if place.directory is None:
        return ()
    found: dict[str, Script] = {}
    for path, m in matching(place.directory, _FILE):  # U before V
        version = m["version"].replace("_", ".")
        if version in found:
            if m["kind"] == "U":
                raise refused(f"{found[version].path.name} undoes the same version", str(path))
            continue
        stem = f"{m['version']}__{m['name']}"
        names = (
            version,
            m["version"],
            f"V{m['version']}",
            f"V{version}",
            f"V{stem}",
            f"U{stem}",
            f"V{stem}.sql",
            m["name"],
        )
        order = tuple(int(part) for part in version.split(".") if part)
        found[version] = Script(version, names, path.with_name(f"U{stem}.sql"), order)
    return sorted(found.values(), key=lambda s: s.order)


def down(data: bytes, _: Script) -> Section:
    """The whole file. Raises Unusable for a placeholder."""
    return without_template(Section(data), b"${", "a placeholder")


def _key_of(migration: str) -> str:
    match = re.match(r"[UV]?([0-9][0-9._]*?)(?:__|\.sql|$)", migration)
    return match[1].replace("_", ".") if match else migration


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    books = place.books
    last = (
        f"SELECT l.installed_rank, l.type FROM {books} l WHERE l.version = $1::text AND l.success "
        "ORDER BY l.installed_rank DESC LIMIT 1"
    )
    undone = (
        f"EXISTS (SELECT FROM {books} u WHERE u.version = n.version AND u.type IN {UNDONE} "
        "AND u.installed_rank > n.installed_rank)"
    )
    state = f"""{MARK}
SELECT EXISTS (SELECT FROM ({last}) m WHERE m.type NOT IN {UNDONE}) AS applied,
       (SELECT n.version FROM {books} n, ({last}) m
         WHERE n.installed_rank > m.installed_rank AND n.version IS NOT NULL AND n.success
           AND n.type NOT IN {UNDONE} AND NOT {undone}
         ORDER BY n.installed_rank DESC LIMIT 1) AS newer,
       coalesce((SELECT 'migration ' || coalesce(f.version, f.description) || ' failed: repair it'
          FROM {books} f WHERE NOT f.success LIMIT 1), '') AS trouble"""
    kind = "UNDO_SQL" if place.own.get("edition") == TEAMS else "DELETE"
    write = f"""{MARK}
INSERT INTO {books} (installed_rank, version, description, type, script, checksum, installed_by,
       installed_on, execution_time, success)
SELECT (SELECT pg_catalog.max(x.installed_rank) + 1 FROM {books} x), r.version, r.description, $2::text,
       r.script, r.checksum, current_user, pg_catalog.now(), 0, true
  FROM {books} r JOIN ({last}) m ON m.installed_rank = r.installed_rank
 WHERE m.type NOT IN {UNDONE}"""
    table = BookTable(books, ("SELECT", "INSERT", "UPDATE"))  # UPDATE: to lock it
    return Bookkeeping("flyway", key, (table,), state, (key,), (BookWrite(write, (key, kind), 1),))


FLYWAY = Tool(
    "flyway",
    reads="`U<version>__NAME.sql`; a placeholder is refused",
    marks="a row of type `DELETE` (`edition: teams`: `UNDO_SQL`) is added",
    proven="the table as documented",
    table="flyway_schema_history",
    scripts=_scripts,
    down=down,
    key_of=_key_of,
    books=_books,
    keys=FlywayKeys,
)
