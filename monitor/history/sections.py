"""Finding the down section of a file by its marker lines. Every section is an exact slice of the bytes."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.history.tool import Section, Unusable


def lines_of(data: bytes) -> Iterator[tuple[int, int, int, str]]:
    """Each line as (number from 1, start, end, text); `end` is behind its newline."""
    start = 0
    for number, raw in enumerate(_split(data), 1):
        yield number, start, start + len(raw), raw.decode("utf-8", "replace").rstrip("\r\n")
        start += len(raw)


def _split(data: bytes) -> list[bytes]:
    """By newlines only: a carriage return inside a line is no end of it."""
    return [part + b"\n" for part in data.split(b"\n")[:-1]] + [data.split(b"\n")[-1]]


def after(data: bytes, line: int, start: int, end: int | None = None) -> Section:
    """The slice that begins on `line` at byte `start`. Raises Unusable when it holds nothing."""
    found = data[start : len(data) if end is None else end]
    if not found.strip():
        raise Unusable("the down section is empty: there is nothing to execute", max(1, line - 1))
    return Section(found, (line,))


def without_template(section: Section, opening: bytes, what: str) -> Section:
    """Raises Unusable at the first `opening`: its value is not in the file."""
    at = section.sql.find(opening)
    if at < 0:
        return section
    line = section.sql.count(b"\n", 0, at) + 1
    known = min(line, len(section.lines))
    raise Unusable(
        f"{what} can't be filled in here: render the SQL and give it by --rollback",
        section.lines[known - 1] + line - known,
    )
