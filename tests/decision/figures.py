"""What the results of a cell come to: counts, shares and times. Values that are written down and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import comb
from statistics import median
from typing import Any

from tests.decision.cells import INCIDENT, RULES, Cell, Result

TRUE_AFTER = 300
"""Seconds of a breach before which nothing may act."""

ENOUGH_ERRORS = 20
"""An incident that brought fewer can't be told from a bad moment."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule in one cell. `before`: before the incident began. `early`: within TRUE_AFTER of its
    begin, where no blip came right before it: that and the incident can't be told apart.

    `found`: at or after its begin; `loud`: of those with ENOUGH_ERRORS. `median`: of those that are found,
    seconds from its begin.
    """

    fired: int = 0
    before: int = 0
    early: int = 0
    found: int = 0
    loud: int = 0
    median: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one cell: `many` worlds, of which `loud` had ENOUGH_ERRORS; rules by name."""

    many: int
    loud: int
    rules: Mapping[str, Fired] = field(default_factory=dict)
    cleared: Sequence[int] = ()
    succeeded: int = 0

    def per_thousand(self, rule: str) -> float:
        """Firings of a rule in a thousand worlds."""
        return 1000 * self.rules[rule].fired / self.many


def figures(cell: Cell, results: Sequence[Result]) -> Figures:
    loud = [r for r in results if r.errors >= ENOUGH_ERRORS]
    names = [name for name in RULES if results and name in results[0].fired]
    return Figures(
        len(results),
        len(loud),
        {name: _fired(name, results, loud, cell.what == INCIDENT) for name in names},
        sorted(r.cleared for r in results if r.cleared is not None),
        sum(r.succeeded for r in results),
    )


def _fired(name: str, results: Sequence[Result], loud: Sequence[Result], broken: bool) -> Fired:
    at = _times(name, results)
    if not broken:
        return Fired(len(at))
    found = [t for t in at if t >= 0]
    return Fired(
        len(at),
        sum(t < 0 for t in at),
        sum(0 <= t < TRUE_AFTER for t in _times(name, [r for r in results if not r.blip])),
        len(found),
        sum(t >= 0 for t in _times(name, loud)),
        median(found) if found else None,
    )


def _times(name: str, results: Iterable[Result]) -> list[int]:
    return [t for r in results if (t := r.fired[name]) is not None]


def stored(figures: Mapping[Cell, Figures]) -> dict[str, Any]:
    """As JSON; `restored` takes it back."""
    return {cell.name: asdict(found) for cell, found in figures.items()}


def restored(kept: Mapping[str, Any]) -> dict[Cell, Figures]:
    found = {}
    for name, values in kept.items():
        what, kind, level = name.split(" | ")
        rules = {rule: Fired(**fired) for rule, fired in values["rules"].items()}
        found[Cell(what, kind, int(level))] = Figures(**{**values, "rules": rules})
    return found


def highest(found: int, many: int) -> float:
    """The share that is, at 95 %, not exceeded where `found` of `many` were seen.

    The bound of Clopper and Pearson (1934).
    """
    return 1.0 if found >= many else _solved(lambda p: _at_most(found, many, p) <= 1 - CONFIDENCE)


def lowest(found: int, many: int) -> float:
    """The share that is, at 95 %, at least reached where `found` of `many` were seen."""
    return 1 - highest(many - found, many) if many else 0.0


def _at_most(found: int, many: int, p: float) -> float:
    """The chance of so many or fewer."""
    return sum(comb(many, k) * p**k * (1 - p) ** (many - k) for k in range(found + 1))


def _solved(beyond: Callable[[float], bool]) -> float:
    """The smallest p at which it is so, by halving."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high
