"""Samples of a few metrics out of a text exposition page (Prometheus 0.0.4 and OpenMetrics).

`Sieve` keeps the lines of the wanted names while a page comes in, so that neither a page of 60 MB nor
its parsing holds anything up; `lines` parses what was kept. Raises SourceError; never repeats the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.errors import SourceError
from monitor.sources.selectors import Selector, unescape

MAX_KEPT = 1 << 20
"""Bytes of kept lines: some ten thousand series."""

MAX_PAGE = 64 << 20
"""Bytes of a page that are read."""

MAX_LINE = 1 << 16
"""Bytes of a line: a label may hold a statement, not a document."""

_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)')
_REST = re.compile(r"\s+([^\s#]+)(?:\s+([-+0-9.eE]+))?\s*(?:#.*)?")
_SAMPLE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_DECLARED = re.compile(rb"^# (?:TYPE|HELP) (\S+)", re.M)
_ENDINGS = ("_total", "_bucket", "_count", "_sum", "_created")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One sample: `series` is its name and labels as written, `timestamp` as written or None."""

    name: str
    series: str
    labels: dict[str, str]
    value: float
    timestamp: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a page has of the wanted names: samples, and what it declares with or without one."""

    lines: tuple[Line, ...]
    declared: frozenset[str] = frozenset()

    def of(self, selectors: Iterable[Selector]) -> list[Line]:
        """The lines that any of the selectors holds for."""
        wanted = tuple(selectors)
        return [line for line in self.lines if any(s.holds(line.name, line.labels) for s in wanted)]

    def declares(self, selectors: Iterable[Selector]) -> bool:
        """Whether one of these metrics is named, by HELP or TYPE."""
        names = [Selector(family) for s in selectors for family in families(s.name)]
        return any(name.names(there) for name in names for there in self.declared)


class Sieve:
    """Keeps of a page, as it comes in pieces, the samples of some names and where these are declared.

    A name that begins with `*` stands for every name that ends so.
    """

    def __init__(self, names: Iterable[str], most: int = MAX_PAGE) -> None:
        self._wanted = _pattern(names)
        self._most = most
        self._read, self._size = 0, 0
        self._rest = b"\n"  # each line is found by the line break before it
        self._kept: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """The next piece of the page."""
        if self._read < len(BOM) and (self._rest[1:] + piece).startswith(BOM):
            raise SourceError("malformed", "the page begins with a byte order mark")
        self._read += len(piece)
        if self._read > self._most:
            raise SourceError("too_large", f"the page is over {self._most >> 20} MiB: raise `max_page`")
        whole, line_break, rest = piece.rpartition(b"\n")
        if line_break:
            self._keep(self._rest + whole)
            self._rest = line_break + rest
        elif len(self._rest) + len(rest) > MAX_LINE:
            raise SourceError("malformed", f"a line of the page is over {MAX_LINE} bytes")
        else:
            self._rest += rest

    def body(self) -> bytes:
        """The kept lines."""
        self._keep(self._rest)
        self._rest = b"\n"
        return b"".join(self._kept)

    def _keep(self, block: bytes) -> None:
        found = self._wanted.findall(block)
        self._size += sum(map(len, found))
        if self._size > MAX_KEPT:
            text = f"these metrics are over {MAX_KEPT >> 20} MiB of the page: let it have fewer series"
            raise SourceError("too_large", text)
        self._kept += found


def lines(kept: bytes) -> list[Line]:
    """The samples of what a Sieve kept, in the page's order. A series twice is an error."""
    try:
        text = kept.decode("utf-8")
    except UnicodeDecodeError as e:
        raise SourceError("not_utf8", "the page is not UTF-8") from e
    found = [_parse(line.rstrip("\r")) for line in text.split("\n") if line and line[0] != "#"]
    if len({(line.name, tuple(sorted(line.labels.items()))) for line in found}) < len(found):
        raise SourceError("duplicate_series", "the page has a series twice")
    return found


def declared(kept: bytes) -> frozenset[str]:
    """The names that the page says it has, whether or not there is a sample of them."""
    return frozenset(name.decode("utf-8", "replace") for name in _DECLARED.findall(kept))


def families(name: str) -> tuple[str, ...]:
    """The names under which a sample's metric may be declared: a counter's with and without `_total`."""
    return (name, *(name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)))


def _pattern(names: Iterable[str]) -> re.Pattern[bytes]:
    samples = dict.fromkeys(names)
    declarations = dict.fromkeys(family for name in samples for family in families(name))
    line = rf"(?:{_any(samples)})[{{ \t][^\n]*|# (?:TYPE|HELP) (?:{_any(declarations)})[ \t\r][^\n]*"
    return re.compile(rf"\n(?:{line})".encode())


def _any(names: Iterable[str]) -> str:
    return "|".join(rf"[a-zA-Z0-9_:]*{re.escape(n[1:])}" if n[0] == "*" else re.escape(n) for n in names)


def _parse(line: str) -> Line:
    name = _SAMPLE.match(line)
    if name is None:
        raise SourceError("malformed", "a line of the page can't be read")
    labels: dict[str, str] = {}
    position = name.end()
    brace = re.compile(r"\s*\{").match(line, position)
    if brace is not None:
        position = _labels(line, brace.end(), labels)
    rest = _REST.fullmatch(line, position)
    if rest is None:
        raise SourceError("malformed", "a line of the page can't be read")
    timestamp = None if rest[2] is None else _float(rest[2])
    return Line(name[0], line[:position], labels, _float(rest[1]), timestamp)


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
