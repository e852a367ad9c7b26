"""Which library a page is of: for `preset: auto`, and for `check` where a page is not what it was said to be.

Libraries that read the same series are one answer, as are those that share the names of SHARED. Of what is
left, nobody but the person knows which counter is meant: an application's own, or that of a proxy before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from monitor.errors import SourceError
from monitor.ports import Finding, note
from monitor.sources.exposition import Line
from monitor.sources.presets import SHARED
from monitor.sources.series import STATUS, Rate, Times, kept_there, there

W = TypeVar("W", Rate, Times)


@dataclass(frozen=True, slots=True)
class Library:
    """A library whose series the page has: its preset, and the names that it goes by there."""

    preset: str
    names: tuple[str, ...]

    def is_of(self, other: Library) -> bool:
        """Whether both read the same, or names that one library has side by side."""
        shared = {*self.names, *other.names} <= SHARED
        return shared or self.preset == other.preset or bool(set(self.names) & set(other.names))


def counting(ways: Sequence[Rate], found: Sequence[Line]) -> list[Library]:
    """The libraries whose requests, and which of them failed, the page tells; the best fit first."""
    fits = [(way.fit(found), way) for way in there(ways, found)]
    best = sorted((fit for fit in fits if fit[0] >= STATUS), key=lambda fit: -fit[0])
    return [Library(way.preset, way.names) for _, way in best]


def timing(ways: Sequence[Times], found: Sequence[Line], suffix: str) -> list[Library]:
    """The same of durations."""
    fits = [(way.fit(found, suffix), way) for way in kept_there(ways, found, suffix)]
    best = sorted((fit for fit in fits if fit[0] >= STATUS), key=lambda fit: -fit[0])
    return [Library(way.preset, way.names) for _, way in best]


class Taken:
    """Which library `auto` has taken at each address. It stays with it as long as the page has it, so that a
    counter that begins in the middle of a watch changes nothing.
    """

    def __init__(self) -> None:
        self._presets: dict[str, str] = {}

    def at(self, url: str, ways: Sequence[W], fitting: Callable[[Sequence[W]], list[Library]]) -> Sequence[W]:
        """Its ways; all where the page fits none. Raises SourceError when nobody can say which it is."""
        taken = [way for way in ways if way.preset == self._presets.get(url)]
        if taken and fitting(taken):
            return taken
        libraries = fitting(ways)
        if not libraries:
            return ways
        refuse_several(libraries)
        self._presets[url] = libraries[0].preset
        return [way for way in ways if way.preset == libraries[0].preset]


def refuse_several(libraries: Sequence[Library]) -> None:
    """Raises SourceError `ambiguous_preset` when the page counts or times several things."""
    if len(apart := _apart(libraries)) > 1:
        several = " and ".join(f"{lib.preset} ({', '.join(lib.names)})" for lib in apart)
        text = f"the page has series of {several}, which may count different requests"
        raise SourceError("ambiguous_preset", f"{text}: write {written(apart)}")


def found_by_auto(library: Library) -> Finding:
    """The note that says which one `auto` has taken."""
    return note(f"`preset: auto` reads this page as `{library.preset}`, by {', '.join(library.names)}")


def times_by_auto(library: Library) -> Finding:
    """The same of durations, whose names alone tell no library from another."""
    return note(f"`preset: auto` reads the durations of {', '.join(library.names)}")


def written(libraries: Sequence[Library]) -> str:
    """What to write for them: `preset: flask`, or one for each thing that is counted; "" for none."""
    return " or ".join(f"`preset: {library.preset}`" for library in _apart(libraries))


def _apart(libraries: Sequence[Library]) -> list[Library]:
    """One for each thing that is counted."""
    apart: list[Library] = []
    for library in libraries:
        if not any(library.is_of(other) for other in apart):
            apart.append(library)
    return apart
