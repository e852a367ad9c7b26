"""goose: `-- +goose Up` and `-- +goose Down` in one file; a row for each applied version.

Annotations are comments to PostgreSQL, so the section is taken as it stands; its own grammar splits it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.history.dbmate import version_of
from monitor.history.files import numbered
from monitor.history.rows import Rows, deleted
from monitor.history.sections import after, lines_of
from monitor.history.tool import Place, Script, Section, Tool, Unusable
from monitor.ports.history import Bookkeeping

_FILE = re.compile(r"(?P<version>0*[1-9]\d*)_(?P<name>.*)\.sql")
_ANNOTATION = re.compile(r"--\s*\+goose\s+(.*?)\s*$", re.IGNORECASE)

ROWS = Rows("r.version_id = $1::text::bigint", ("r.id",), "r.version_id", "r.is_applied AND r.version_id > 0")


def _scripts(place: Place) -> Sequence[Script]:
    return numbered(place.directory, _FILE) if place.directory is not None else ()


def down(data: bytes, _: Script) -> Section:
    """From behind `+goose Down` to the end. Raises Unusable."""
    found: dict[str, tuple[int, int]] = {}
    for number, _start, end, text in lines_of(data):
        if not (text.strip().startswith("--") and "+goose" in text.lower()):
            continue
        if text[:1].isspace():
            raise Unusable("a +goose annotation must begin its line", number)
        name = match[1].lower() if (match := _ANNOTATION.match(text)) else ""
        if name.startswith("envsub on"):
            raise Unusable(
                "ENVSUB puts environment variables into the SQL: give the rollback by --rollback", number
            )
        if name in {"up", "down"}:
            if name in found:
                raise Unusable(f"a second +goose {name.title()}", number)
            found[name] = (number, end)
    if "up" not in found or "down" not in found:
        missing = "Down section: the migration is irreversible" if "up" in found else "Up section"
        raise Unusable(f"there is no +goose {missing}")
    if found["down"] < found["up"]:
        raise Unusable("+goose Down stands before +goose Up", found["down"][0])
    return after(data, found["down"][0] + 1, found["down"][1])


def _key_of(migration: str) -> str:
    digits = version_of(migration)
    return str(int(digits)) if digits.isdigit() else digits


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    return deleted("goose", place, ROWS, _key_of(key))


GOOSE = Tool(
    "goose",
    reads="the file's section after `-- +goose Down`",
    marks="its row is deleted",
    proven="the table as documented",
    table="goose_db_version",
    scripts=_scripts,
    down=down,
    key_of=_key_of,
    books=_books,
)
