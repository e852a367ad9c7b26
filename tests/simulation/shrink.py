"""Takes away from a failing world whatever it does not need to fail: faults, persons, incidents, watches.

Delta debugging (Zeller): halves first, then smaller parts, until no single part can be left out. What a world
is made of is drawn from streams of their own, so that taking one thing away changes nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.world import Fault, Incident, Person, Watch, World

T = TypeVar("T")

Part = Fault | Incident | Person | Watch


def smallest(world: World, fails: Callable[[World], bool], tries: int = 200) -> World:
    """The world with as few parts as are needed for `fails`; asked at most `tries` times."""
    asked = 0

    def still(parts: Sequence[Part]) -> bool:
        nonlocal asked
        asked += 1
        return asked <= tries and fails(of_parts(world, parts))

    return of_parts(world, minimal(parts_of(world), still))


def minimal(parts: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Of these parts so few that each is needed; all of them are known to fail."""
    pieces = 2
    while len(parts) >= 2:
        size = -(-len(parts) // pieces)
        for start in range(0, len(parts), size):
            rest = [*parts[:start], *parts[start + size :]]
            if fails(rest):
                parts, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(2 * pieces, len(parts))
    return [] if len(parts) == 1 and fails([]) else parts


def parts_of(world: World) -> list[Part]:
    """Everything that may be taken away; the first watch stays."""
    return [*world.faults, *world.persons, *world.incidents, *world.watches[1:]]


def of_parts(world: World, parts: Sequence[Part]) -> World:
    return replace(
        world,
        faults=tuple(p for p in parts if isinstance(p, Fault)),
        persons=tuple(p for p in parts if isinstance(p, Person)),
        incidents=tuple(p for p in parts if isinstance(p, Incident)),
        watches=(*world.watches[:1], *(p for p in parts if isinstance(p, Watch))),
    )
