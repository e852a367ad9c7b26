"""For `check`: what else a page has when it has not what is configured: like names, the preset that fits.

A sink that keeps more than the probe's own does. Names are shown as they are: they can hold letters,
digits, `_` and `:` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from monitor.errors import SourceError
from monitor.sources.exposition import Line, Sieve, declared, lines
from monitor.sources.fits import counting, written
from monitor.sources.presets import AUTO
from monitor.sources.series import NOT_THERE, rates_of, timed_on, times_of

MAX_NAMES = 20_000
LONGEST_NAME = 100
NEAREST = 3

MARK = b"\n# SURVEY\n"
_NAME = re.compile(rb"\n([a-zA-Z_:][a-zA-Z0-9_:]*)[{ \t]")
_MARKED = re.compile(rb"^# NAME (\S+)$", re.M)


class Survey:
    """Keeps what the probe would, and beside it each name once and the lines of all presets."""

    def __init__(self, wanted: Iterable[str], also: Iterable[str], most: int) -> None:
        rates = [s for way in rates_of(AUTO, None, None, "") for s in way.selectors]
        times = [t.ending(end) for t in times_of(AUTO, None, None, "") for end in ("_bucket", "_count")]
        self._own = Sieve(wanted, most)
        self._presets: Sieve | None = Sieve({*also, *(s.name for s in (*rates, *times))}, most)
        self._names: dict[bytes, None] = {}
        self._rest = b"\n"

    def take(self, piece: bytes) -> None:
        """The next piece of the page."""
        self._own.take(piece)
        try:
            if self._presets is not None:
                self._presets.take(piece)
        except SourceError:
            self._presets = None  # too many for a guess
        block = self._rest + piece
        if len(self._names) < MAX_NAMES:
            self._names |= dict.fromkeys(_NAME.findall(block))
        self._rest = block[max(block.rfind(b"\n"), 0) :][:LONGEST_NAME]

    def body(self) -> bytes:
        """The probe's own lines, and after a mark the rest, each name in a comment of its own."""
        self._names |= dict.fromkeys(_NAME.findall(self._rest))
        names = b"".join(b"\n# NAME " + name for name in self._names if len(name) <= LONGEST_NAME)
        rest = b"" if self._presets is None else self._presets.body()
        return self._own.body() + MARK + rest + names


@dataclass(frozen=True, slots=True)
class Around:
    """What else a page has: names, lines of the presets, and what it declares."""

    url: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]
    declared: frozenset[str]

    def nearest(self, name: str) -> str:
        """`; the nearest names of the page are …`."""
        if not self.names:
            return "; the page has no sample at all"
        found = get_close_matches(name.lstrip("*"), self.names, NEAREST, 0.5)
        shown = ", ".join(f"`{near}`" for near in found)
        return f"; the nearest names of the page: {shown}" if found else "; the page has no name like it"

    def fitting_rate(self) -> str:
        """`; `preset: express` fits this page`, or "" when none does."""
        found = written(counting(rates_of(AUTO, None, None, self.url), self.lines))
        return f"; {found} fits this page" if found else ""

    def fitting_times(self) -> str:
        """The same of durations, with the line to write."""
        ways = times_of(AUTO, None, None, self.url)
        for suffix, key in (("_bucket", "quantile: 0.95"), ("_count", "mean: true")):
            best = timed_on(ways, self.lines, suffix)
            if best.fit(self.lines, suffix) > NOT_THERE:
                return f"; `preset: {best.preset}, {key}` fits this page"
        return ""

    def instead_of_buckets(self, base: str) -> str:
        """What to write when there is no histogram of that name, but a summary, or only sum and count."""
        if any(line.name == base and "quantile" in line.labels for line in self.lines):
            return f"; `{base}` is a summary: write `value: '{base}{{quantile=\"0.95\"}}'`"
        if f"{base}_sum" in self.names and f"{base}_count" in self.names:
            return f"; `{base}` has no buckets, only sum and count: write `mean: {base}` for the quantile"
        return ""


def parted(kept: bytes, url: str) -> tuple[bytes, Around]:
    """The probe's own lines of what a Survey kept, and the rest."""
    own, _, rest = kept.partition(MARK)
    names = tuple(name.decode() for name in _MARKED.findall(rest))
    try:
        found = tuple(lines(rest))
    except SourceError:
        found = ()  # of a preset that nobody asked for
    return own, Around(url, names, found, declared(rest))
