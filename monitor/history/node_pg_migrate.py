"""node-pg-migrate with SQL files: `-- Up Migration` and `-- Down Migration`, in either order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import numbered
from monitor.history.rows import Rows, deleted
from monitor.history.sections import after, lines_of
from monitor.history.tool import Place, Script, Section, Tool, Unusable
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<version>\d+)[_-](?P<name>.*)\.sql")
_MARKER = re.compile(r"\s*--[\s-]*(up|down)\s+migration", re.IGNORECASE)

ROWS = Rows("r.name = $1::text", ("r.id",), "r.name")


def _scripts(place: Place) -> Sequence[Script]:
    if place.directory is None:
        return ()
    found = numbered(place.directory, _FILE)
    return [Script(s.path.stem, s.names, s.path, s.order) for s in found]


def down(data: bytes, _: Script) -> Section:
    """From behind the down marker to the up marker or the end. Raises Unusable."""
    found: dict[str, tuple[int, int, int]] = {}
    for number, start, end, text in lines_of(data):
        if (marker := _MARKER.match(text)) is not None:
            found.setdefault(marker[1].lower(), (number, start, end))
    if "down" not in found:
        raise Unusable("there is no Down Migration section: the migration is irreversible")
    number, start, end = found["down"]
    up = found.get("up", (0, 0, 0))[1]
    return after(data, number + 1, end, up if up > start else None)


def _key_of(migration: str) -> str:
    return re.sub(r"\.(?:sql|[cm]?[jt]s)$", "", migration)


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    return deleted("node-pg-migrate", place, ROWS, key)


NODE_PG_MIGRATE = Tool(
    "node-pg-migrate",
    reads="an SQL file's section after `-- Down Migration`",
    marks="its row is deleted",
    proven="node-pg-migrate 9.0.0",
    table="pgmigrations",
    scripts=_scripts,
    down=down,
    key_of=_key_of,
    books=_books,
)
