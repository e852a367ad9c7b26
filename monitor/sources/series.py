"""What to read of a page: the selectors of a configuration, or of the preset that the page fits.

Compiled once, at construction; which of several ways is taken is asked of each page. Raises OperatorError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from monitor.errors import OperatorError
from monitor.sources.exposition import Line
from monitor.sources.presets import AUTO, PRESETS, Counted
from monitor.sources.scale import factor
from monitor.sources.selectors import Matcher, Selector, selector
from monitor.units import unit_of_name

Texts: TypeAlias = str | Sequence[str]
"""One selector or several, which are added up."""


NOT_THERE, SERIES, STATUS, WHOLE = range(4)
"""How well a page fits: it has nothing, the series, these with the label of the status, and of the path."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One way to count. `status`, `path`: labels that it goes by, "" for none; `preset`: whose it is."""

    requests: tuple[Selector, ...]
    errors: tuple[Selector, ...]
    status: str = ""
    path: str = ""
    preset: str = ""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return (*self.requests, *self.errors)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the requests."""
        return tuple(dict.fromkeys(s.name for s in self.requests))

    def fit(self, found: Iterable[Line]) -> int:
        """How well the page fits: NOT_THERE to WHOLE."""
        mine = [line.labels for line in found if any(s.holds(line.name, line.labels) for s in self.requests)]
        if not mine or (self.status and not _has(mine, self.status)):
            return SERIES if mine else NOT_THERE
        return WHOLE if not self.path or _has(mine, self.path) else STATUS


@dataclass(frozen=True, slots=True)
class Times:
    """One way to keep durations: the name before `_bucket`, `_sum`, `_count`; `scale` to milliseconds."""

    base: Selector
    scale: float
    path: str = ""
    preset: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The one name, before its endings."""
        return (self.base.name,)

    def ending(self, suffix: str) -> Selector:
        """`_bucket`, `_sum` or `_count`, with the same conditions."""
        return Selector(f"{self.base.name}{suffix}", self.base.matchers)

    def fit(self, found: Iterable[Line], suffix: str) -> int:
        """How well the page fits: NOT_THERE to WHOLE."""
        wanted = self.ending(suffix)
        mine = [line.labels for line in found if wanted.holds(line.name, line.labels)]
        if not mine:
            return NOT_THERE
        return WHOLE if not self.path or _has(mine, self.path) else STATUS


def selectors_of(texts: Texts) -> tuple[Selector, ...]:
    """The selectors of one text or several. Raises OperatorError."""
    return tuple(map(selector, (texts,) if isinstance(texts, str) else texts))


def _has(labels: Iterable[Mapping[str, str]], label: str) -> bool:
    return any(label in of_line for of_line in labels)


def rates_of(preset: str | None, requests: Texts | None, errors: Texts | None, url: str) -> tuple[Rate, ...]:
    """The ways to count of a configuration, in the order in which they are tried; () if it has none."""
    if preset is not None:
        return tuple(
            rate
            for name in _named(preset)
            for way in PRESETS[name].counted
            for rate in _rates(name, way, url)
        )
    if requests is not None and errors is not None:
        return (Rate(selectors_of(requests), selectors_of(errors)),)
    return ()


def times_of(preset: str | None, name: str | None, unit: str | None, url: str) -> tuple[Times, ...]:
    """The durations of a configuration: of a preset, or of one name."""
    if preset is not None:
        return tuple(
            Times(_without_us(way.name, way.path, url), _scale(way.name, way.unit), way.path, known)
            for known in _named(preset)
            for way in PRESETS[known].timed
        )
    if name is None:
        return ()
    wanted = selector(name)
    base = Selector(wanted.name.removesuffix("_bucket"), wanted.matchers)
    return (Times(base, _scale(base.name, unit)),)


def counted_on(ways: Sequence[Rate], found: Sequence[Line]) -> Rate:
    """The way that the page fits best; of equals the first."""
    possible = ways if len(ways) == 1 else there(ways, found)
    return max(possible, key=lambda way: way.fit(found)) if len(possible) > 1 else possible[0]


def there(ways: Sequence[Rate], found: Sequence[Line]) -> Sequence[Rate]:
    """Those of which the page has a name; all where it has none."""
    names = {line.name for line in found}
    return [way for way in ways if any(s.names(n) for s in way.requests for n in names)] or ways


def timed_on(ways: Sequence[Times], found: Sequence[Line], suffix: str) -> Times:
    """The same of durations, by their `_bucket` or `_count`."""
    possible = ways if len(ways) == 1 else kept_there(ways, found, suffix)
    return max(possible, key=lambda way: way.fit(found, suffix)) if len(possible) > 1 else possible[0]


def kept_there(ways: Sequence[Times], found: Sequence[Line], suffix: str) -> Sequence[Times]:
    """Those of which the page has a name; all where it has none."""
    names = {line.name for line in found}
    return [way for way in ways if any(way.ending(suffix).names(n) for n in names)] or ways


def _named(preset: str) -> tuple[str, ...]:
    if preset == AUTO:
        return tuple(PRESETS)
    if preset not in PRESETS:
        raise OperatorError(f"{preset!r} is not a preset: write one of {', '.join((AUTO, *PRESETS))}")
    return (preset,)


def _rates(name: str, way: Counted, url: str) -> Iterator[Rate]:
    """One for each label that may hold the status; one in all where no status says what failed."""
    requests = tuple(_without_us(text, way.path, url) for text in way.requests)
    apart = tuple(_without_us(text, way.path, url) for text in way.errors)
    for label in way.status:
        failed = selector(f'x{{{label}=~"{way.failing}"}}').matchers
        of_status = tuple(Selector(s.name, (*s.matchers, *failed)) for s in requests)
        yield Rate(requests, (*of_status, *apart), label, way.path, name)
    if not way.status:
        yield Rate(requests, apart, "", way.path, name)


def _without_us(text: str, path: str, url: str) -> Selector:
    """A selector that leaves out our own reads of the page at `url`, where a label says the path."""
    wanted = selector(text)
    if not path:
        return wanted
    page = urlsplit(url).path.rstrip("/")
    ours = re.compile(f"{re.escape(page)}/?" if page else "/")  # an empty label is no path: it says nothing
    return Selector(wanted.name, (*wanted.matchers, Matcher(path, "!~", ours)))


def _scale(name: str, unit: str | None) -> float:
    """To milliseconds. The name's unit holds where none is declared."""
    told = unit or unit_of_name(name.partition("{")[0])
    if not told:
        raise OperatorError(f"the name {name!r} says no unit: add `unit: s`, `ms` or `us`")
    return factor(told)
