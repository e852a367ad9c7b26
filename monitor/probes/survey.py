"""For `check`: what else a page has, when it has not what is configured: the nearest names, the preset that fits.

One more read of the page, which keeps its names and the lines of all presets. Names are shown as they are:
they can hold letters, digits, `_` and `:` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from monitor.probes.exposition import Line, Sieve
from monitor.probes.series import AUTO, NOT_THERE, STATUS, counted_on, rates_of, timed_on, times_of

MAX_NAMES = 20_000
LONGEST_NAME = 100
NEAREST = 3

_NAME = re.compile(rb"\n([a-zA-Z_:][a-zA-Z0-9_:]*)[{ \t]")
_MARKED = re.compile(rb"^# NAME (\S+)$", re.M)


class Survey:
    """A sink that keeps each name once, and the lines of all presets and of `also`."""

    def __init__(self, also: Iterable[str], most: int) -> None:
        rates = [s for way in rates_of(AUTO, None, None, "") for s in way.selectors]
        times = [t.ending(end) for t in times_of(AUTO, None, None, "") for end in ("_bucket", "_count")]
        self._sieve = Sieve({*also, *(s.name for s in (*rates, *times))}, most)
        self._names: dict[bytes, None] = {}
        self._rest = b"\n"

    def take(self, piece: bytes) -> None:
        self._sieve.take(piece)
        block = self._rest + piece
        if len(self._names) < MAX_NAMES:
            self._names |= dict.fromkeys(_NAME.findall(block))
        self._rest = block[block.rfind(b"\n") :][:LONGEST_NAME]

    def body(self) -> bytes:
        """The kept lines, and each name in a comment of its own."""
        names = b"".join(b"\n# NAME " + name for name in self._names if len(name) <= LONGEST_NAME)
        return self._sieve.body() + names


def names_of(kept: bytes) -> list[str]:
    """The names that a Survey found."""
    return [name.decode() for name in _MARKED.findall(kept)]


def nearest(name: str, names: Sequence[str]) -> str:
    """`; the nearest names are …`, or that there is nothing near; "" of a page without a sample."""
    if not names:
        return "; the page has no sample at all"
    found = get_close_matches(name.lstrip("*"), names, NEAREST, 0.5)
    shown = ", ".join(f"`{near}`" for near in found)
    return (
        f"; the nearest names of the page are {shown}" if found else "; the page has nothing of a like name"
    )


def fitting_rate(found: Sequence[Line], url: str) -> str:
    """`; `preset: express` fits this page`, or "" when none does."""
    best = counted_on(rates_of(AUTO, None, None, url), found)
    return f"; `preset: {best.preset}` fits this page" if best.fit(found) >= STATUS else ""


def fitting_times(found: Sequence[Line], url: str) -> str:
    """The same of durations, with the line to write."""
    ways = times_of(AUTO, None, None, url)
    for suffix, key in (("_bucket", "quantile: 0.95"), ("_count", "mean: true")):
        best = timed_on(ways, found, suffix)
        if best.fit(found, suffix) > NOT_THERE:
            return f"; `preset: {best.preset}, {key}` fits this page"
    return ""


def instead_of_buckets(base: str, names: Sequence[str], found: Sequence[Line]) -> str:
    """What to write when there is no histogram of that name, but a summary, or only sum and count."""
    summary = [line for line in found if line.name == base and "quantile" in line.labels]
    if summary:
        return f"; `{base}` is a summary: write `value: '{base}{{quantile=\"0.95\"}}'`"
    if f"{base}_sum" in names and f"{base}_count" in names:
        return f"; `{base}` has no buckets, only sum and count: write `mean: {base}` instead of the quantile"
    return ""
