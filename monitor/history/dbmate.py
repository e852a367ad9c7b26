"""dbmate: both directions in one file, `-- migrate:up` and `-- migrate:down`; a row for each version."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.files import numbered
from monitor.history.rows import Rows, deleted
from monitor.history.sections import after, lines_of
from monitor.history.tool import Place, Script, Section, Tool, Unusable
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<version>\d+)(?P<name>.*)\.sql")
_MARKER = re.compile(r"--\s*migrate:(up|down)(?:\s*$|\s+\S+)")

ROWS = Rows("r.version = $1::text", ('r.version COLLATE "C"',), "r.version")


def _scripts(place: Place) -> Sequence[Script]:
    return numbered(place.directory, _FILE) if place.directory is not None else ()


def down(data: bytes, _: Script) -> Section:
    """From behind `migrate:down` to the end. Raises Unusable."""
    found: dict[str, tuple[int, int]] = {}
    for number, _start, end, text in lines_of(data):
        if (marker := _MARKER.match(text)) is None:
            continue
        which = marker[1]
        if which in found:
            raise Unusable(f"a second migrate:{which} section: give the rollback by --rollback", number)
        if which == "down" and "up" not in found:
            raise Unusable("migrate:down stands before migrate:up", number)
        found[which] = (number, end)
    if "down" not in found:
        raise Unusable("there is no migrate:down section: the migration is irreversible")
    return after(data, found["down"][0] + 1, found["down"][1])


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    return deleted("dbmate", place, ROWS, key)


def version_of(migration: str) -> str:
    """The digits that a migration's name begins with, else all of it."""
    digits = re.match(r"\d+", migration)
    return digits[0] if digits else migration


DBMATE = Tool(
    "dbmate",
    reads="the file's section after `-- migrate:down`",
    marks="its row is deleted",
    proven="dbmate 2.36.0",
    scripts=_scripts,
    down=down,
    key_of=version_of,
    books=_books,
)
