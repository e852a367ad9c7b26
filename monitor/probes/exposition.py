"""Samples of a few metrics out of a text exposition page (Prometheus 0.0.4 and OpenMetrics).

The page is searched for the names first and only their lines are parsed: a full parse of 1 MB
blocks the loop for hundreds of milliseconds. Raises SourceError; never repeats the page's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from monitor.errors import SourceError
from monitor.probes.selectors import unescape

_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)')
_REST = re.compile(r"\s+([^\s#]+)(?:\s+([-+0-9.eE]+))?\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Line:
    """One sample: `series` is its name and labels as written, `timestamp` as written or None."""

    name: str
    series: str
    labels: dict[str, str]
    value: float
    timestamp: float | None = None


def lines(page: bytes, names: Iterable[str]) -> list[Line]:
    """The samples of these metric names, in the order of the names. A series twice is an error."""
    if page.startswith(b"\xef\xbb\xbf"):
        raise SourceError("malformed", "the page begins with a byte order mark")
    found = [_parse(name, line) for name in dict.fromkeys(names) for line in _cut(page, name.encode())]
    if len({(line.name, tuple(sorted(line.labels.items()))) for line in found}) < len(found):
        raise SourceError("duplicate_series", "the page has a series twice")
    return found


def _cut(page: bytes, name: bytes) -> Iterator[str]:
    start = 0
    while (at := page.find(name, start)) >= 0:
        start = at + len(name)
        if (at and page[at - 1] != 0x0A) or page[start : start + 1] not in (b"{", b" ", b"\t"):
            continue
        end = page.find(b"\n", start)
        end = len(page) if end < 0 else end
        try:
            yield page[at:end].decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as e:
            raise SourceError("not_utf8", "the page is not UTF-8") from e
        start = end


def _parse(name: str, line: str) -> Line:
    labels: dict[str, str] = {}
    position = len(name)
    brace = re.compile(r"\s*\{").match(line, position)
    if brace is not None:
        position = _labels(line, brace.end(), labels)
    rest = _REST.fullmatch(line, position)
    if rest is None:
        raise SourceError("malformed", "a line of the page can't be read")
    return Line(name, line[:position], labels, _float(rest[1]), None if rest[2] is None else _float(rest[2]))


def _labels(line: str, position: int, into: dict[str, str]) -> int:
    """Reads `a="b",c="d"}` from `position`; returns the position after the brace."""
    while match := _LABEL.match(line, position):
        if match[1] in into:
            raise SourceError("malformed", "a line of the page has a label twice")
        into[match[1]] = unescape(match[2]) if "\\" in match[2] else match[2]
        position = match.end()
        if not match[3]:
            break
    end = re.compile(r"\s*\}").match(line, position)
    if end is None:
        raise SourceError("malformed", "the labels of a line can't be read")
    return end.end()


def _float(text: str) -> float:
    if "_" in text:  # Python reads 1_000, the format does not
        raise SourceError("malformed", "a value of the page is not a number")
    try:
        return float(text)
    except ValueError as e:
        raise SourceError("malformed", "a value of the page is not a number") from e
