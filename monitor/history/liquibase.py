"""Liquibase formatted SQL: the `--rollback` lines of a changeset; its row goes under Liquibase's own lock.

A changeset is called `file::id::author`, as Liquibase calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.history.files import MOST_FILES, read
from monitor.history.rows import MARK, Rows, deletion, state_of
from monitor.history.sections import lines_of, without_template
from monitor.history.tool import Place, Script, Section, Tool, Unusable, refused
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_HEADER = re.compile(r"\s*--\s*liquibase\s+formatted\s+sql", re.IGNORECASE)
_CHANGESET = re.compile(
    r'\s*--\s*changeset\s+(?:"(?P<qa>[^"]+)"|(?P<a>[^:"]+?)):\s*(?:"(?P<qi>[^"]+)"|(?P<i>\S+))(?P<rest>.*)',
    re.IGNORECASE,
)
_ROLLBACK = re.compile(r"\s*--\s*rollback(?: (?P<sql>.*)|\s*)$", re.IGNORECASE)
_BLOCK = re.compile(r"\s*/\*\s*liquibase\s+rollback\s*$", re.IGNORECASE)
_DELIMITER = re.compile(r"\b(?:rollbackEndDelimiter|endDelimiter):(\S+)", re.IGNORECASE)

ROWS = Rows(
    "r.id = split_part($1::text, '::', 2) AND r.author = split_part($1::text, '::', 3) "
    "AND (r.filename = split_part($1::text, '::', 1) "
    "OR pg_catalog.right(r.filename, pg_catalog.length(split_part($1::text, '::', 1)) + 1) "
    "= '/' || split_part($1::text, '::', 1))",
    ("r.dateexecuted", "r.orderexecuted"), "r.id",
)  # fmt: skip


@dataclass(slots=True)
class _Changeset:
    id: str
    author: str
    line: int
    delimiter: str = ""
    parts: list[tuple[int, bytes]] = field(default_factory=list)  # (line, slice) of its rollback


def _changesets(data: bytes) -> Iterator[_Changeset]:
    """Each changeset with the slices of its rollback, in the order of the file."""
    current: _Changeset | None = None
    block = False
    for number, start, end, text in lines_of(data):
        if block and current is not None:
            block = text.strip() != "*/"
            if block:
                current.parts.append((number, data[start:end].rstrip(b"\r\n")))
        elif (match := _CHANGESET.match(text)) is not None:
            if current is not None:
                yield current
            other = _DELIMITER.search(match["rest"])
            current = _Changeset(
                match["qi"] or match["i"],
                match["qa"] or match["a"].strip(),
                number,
                other[1] if other else "",
            )
        elif _BLOCK.match(text) and current is not None:
            block = True
        elif (line := _ROLLBACK.match(text)) is not None and current is not None:
            current.parts.append((number, (line["sql"] or "").encode()))
    if current is not None:
        yield current


def _scripts(place: Place) -> Sequence[Script]:
    if place.directory is None:
        return ()
    found = []
    for path in _files(place.directory):
        data = read(path)
        if not _HEADER.match(data[:200].decode("utf-8", "replace").lstrip("\ufeff")):
            continue
        name = path.relative_to(place.directory).as_posix()
        sets = list(_changesets(data))
        for c in sets:
            alone = (path.stem, name) if len(sets) == 1 else ()
            key = f"{name}::{c.id}::{c.author}"
            found.append(Script(key, (key, c.id, f"{c.author}:{c.id}", *alone), path, (), key))
    return found


def _files(directory: Path) -> list[Path]:
    found = sorted(directory.rglob("*.sql"))
    if not directory.is_dir() or len(found) > MOST_FILES:
        raise refused("is no directory of changelogs", str(directory))
    return found


def down(data: bytes, script: Script) -> Section:
    """The rollback lines of one changeset, joined by newlines. Raises Unusable."""
    if script.key.count("::") != 2:
        raise Unusable(f"{script.key} has more than two `::`: give the rollback by --rollback")
    _, id, author = script.key.split("::")
    c = next(c for c in _changesets(data) if (c.id, c.author) == (id, author))
    body = b"\n".join(part for _, part in c.parts)
    first = body.decode("utf-8", "replace").strip().lower()
    if not first:
        raise Unusable(f"changeset {author}:{id} has no --rollback: it is irreversible", c.line)
    line = c.parts[0][0]
    if first.startswith(("not required", "empty")):
        raise Unusable("the changeset says that it needs no rollback: there is nothing to execute", line)
    if "changesetid:" in first:
        raise Unusable("the rollback runs another changeset again: give its SQL by --rollback", line)
    if c.delimiter not in {"", ";"}:
        raise Unusable(f"the end delimiter {c.delimiter} is not SQL: give the rollback by --rollback", c.line)
    section = Section(body, tuple(number for number, _ in c.parts))
    return without_template(section, b"${", "a property")


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    if key.count("::") != 2:
        raise Unusable(f"{key} names no changeset: write it as FILE::ID::AUTHOR, or set `dir`")
    lock = place.beside("databasechangeloglock")
    held = (
        "(SELECT 'Liquibase holds its own lock (databasechangeloglock): a deploy is under way, or died' "
        f"FROM {lock} k WHERE k.locked LIMIT 1)"
    )
    rows = Rows(ROWS.key, ROWS.order, ROWS.label, trouble=held)
    take = (
        f"{MARK} UPDATE {lock} AS k SET locked = true, lockedby = 'migration-monitor', "
        "lockgranted = pg_catalog.now() WHERE k.id = 1 AND NOT k.locked"
    )
    free = (
        f"{MARK} UPDATE {lock} AS k SET locked = false, lockedby = NULL, lockgranted = NULL "
        "WHERE k.id = 1 AND k.locked AND k.lockedby = 'migration-monitor'"
    )
    tables = (BookTable(place.books, ("SELECT", "DELETE")), BookTable(lock, ("SELECT", "UPDATE")))
    writes = (BookWrite(take, (), 1), deletion(place, rows, key), BookWrite(free, (), 1))
    return Bookkeeping("liquibase", key, tables, state_of(place, rows), (key,), writes)


LIQUIBASE = Tool(
    "liquibase",
    reads="the changeset's `--rollback` lines, or its `/* liquibase rollback` block, in formatted SQL",
    marks="its row is deleted, under `databasechangeloglock`",
    proven="the table as documented",
    table="databasechangelog",
    scripts=_scripts,
    down=down,
    books=_books,
)
