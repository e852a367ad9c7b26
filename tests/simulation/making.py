"""Draws a world from a seed: what traffic there is, what goes wrong, and what people do, at any moment.

Half of what befalls a world befalls it near an incident, where it can hurt. The last hour and a half is
quiet, so that everything that must come in the end has time to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from monitor.core.thresholds import Mode
from tests.simulation.world import Fault, Incident, Person, Watch, World

HOUR = 3600
DAY = 24 * HOUR
TAIL = 3 * HOUR // 2

INTERVALS = (300,) * 8 + (240,) * 6 + (180,) * 3 + (120,) * 2 + (60,)
"""Seconds. A short one is a long world; with 5 s it takes half a minute (`make simulate INTERVAL=5`)."""

FAST = ((180, 20), (60, 10), (0, 5))
"""From which interval on there are so many seconds between two reads of a pending rule: about as many of them
to one interval as by default."""

RATES = (5, 20, 60, 60, 300, 300, 1200, 6000)
BACKGROUNDS = (0.0, 0.0005, 0.0005, 0.0005, 0.0005, 0.002, 0.002, 0.005, 0.008)
MODES = (Mode.AUTO,) * 7 + (Mode.APPROVE, Mode.APPROVE, Mode.OBSERVE)

SHAPES: tuple[Callable[[Random, int], Incident], ...] = (
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 1.0),
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 1.0),
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 1.0, traffic=0.05),
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 0.05),
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 0.02),
    lambda draw, at: Incident(at, draw.randrange(1800, 7200), 0.3, cured=False),
    lambda draw, at: Incident(at, draw.randrange(3600, 7200), 0.1, on=60, off=60),
    lambda draw, at: Incident(at, draw.randrange(30, 240), 1.0),
    lambda draw, at: Incident(at, draw.randrange(30, 120), 0.5),
    lambda draw, at: Incident(at, draw.randrange(240, 291), 1.0),
    lambda draw, at: Incident(at, draw.randrange(240, 291), 1.0),
)

LASTS: Mapping[str, tuple[int, int]] = {
    "hangs": (30, 1800),
    "refuses": (30, 1800),
    "replica_away": (60, 7200),
    "frozen": (120, 3600),
    "cached": (120, 3600),
    "lies": (60, 3600),
    "shared": (300, 7200),
    "deploy": (0, 0),
    "one_restarts": (0, 0),
    "kill": (1, 900),
    "stop": (1, 900),
    "second": (600, 14400),
    "cut": (5, 900),
    "clock": (0, 0),
    "stand_still": (30, 1800),
    "away": (5, 2400),
    "channel_away": (60, 7200),
    "channel_hangs": (60, 3600),
    "channel_deaf": (60, 600),
    "locked": (60, 1800),
    "unready": (300, 3600),
    "drifted": (300, 3600),
    "broken": (60, 1800),
    "lost_before": (60, 900),
    "lost_after": (60, 900),
}
"""Seconds that each kind of fault may last."""

PLAIN = 0.15
"""Share of the worlds that nothing befalls but their incidents, which must be found then."""

OFTEN = ("deploy", "deploy", "kill", "kill", "stop", "second", "away", "locked", "lost_after")
"""Drawn more often than the others."""

JUMPS = (-3600, -60, 45, 600)
"""Seconds of a wall clock that is set; a forward one takes that much of a watch's day at a restart."""


def world_of(seed: int, interval: int | None = None) -> World:
    """The world of a seed; with another interval it is another world."""
    draw = Random(f"world/{seed}")
    begun = draw.choice((600, 1800, 2 * HOUR, 2 * HOUR + 1200))
    lasts = begun + DAY + TAIL + HOUR // 2
    every = draw.choice(INTERVALS)
    world = World(
        seed, lasts, interval or every, fast=_fast(interval or every),
        per_minute=float(draw.choice(RATES)),
        swing=draw.uniform(0.0, 0.8),
        background=draw.choice(BACKGROUNDS),
        cluster=draw.choice((1.0, 3.0, 6.0)),
        source=draw.choice(("json", "prometheus")),
        instances=draw.choice((1, 1, 2, 3, 4)),
        watches=_watches(draw, begun),
    )  # fmt: skip
    world = replace(world, incidents=_incidents(draw, begun, lasts))
    if draw.random() < PLAIN:
        return world
    return replace(world, faults=_faults(draw, world), persons=_persons(draw, world))


def _fast(interval: int) -> int:
    return next(fast for least, fast in FAST if interval >= least)


def _watches(draw: Random, begun: int) -> tuple[Watch, ...]:
    first = Watch(begun, draw.choice(MODES))
    if draw.random() > 0.12:
        return (first,)
    return first, Watch(begun + draw.randrange(600, DAY // 2), draw.choice(MODES))


def _incidents(draw: Random, begun: int, lasts: int) -> tuple[Incident, ...]:
    """None, one or two, hours apart."""
    number = draw.choice((0, 0, 0, 1, 1, 1, 1, 1, 2, 2))
    room = (lasts - TAIL - 2 * HOUR - begun) // max(number, 1)
    starts = [begun + n * room + draw.randrange(60, room - 2 * HOUR) for n in range(number)]
    return tuple(draw.choice(SHAPES)(draw, at) for at in starts)


def _faults(draw: Random, world: World) -> tuple[Fault, ...]:
    kinds = (*LASTS, *OFTEN)
    number = draw.choice((0, 0, 1, 2, 3, 4, 6, 8))
    return tuple(_fault(draw, world, draw.choice(kinds)) for _ in range(number))


def _fault(draw: Random, world: World, kind: str) -> Fault:
    least, most = LASTS[kind]
    lasts = draw.randint(least, most)
    at = min(_moment(draw, world), world.lasts - TAIL - lasts)
    how = draw.choice(JUMPS) if kind == "clock" else draw.randrange(20)
    return Fault(kind, max(at, 60), lasts, how)


def _persons(draw: Random, world: World) -> tuple[Person, ...]:
    found: list[Person] = []
    for _ in range(draw.choice((0, 0, 0, 0, 1, 1, 2, 3))):
        control, at = (
            draw.choice(("pause", "pause", "cancel", "approve", "approve", "rollback")),
            _moment(draw, world),
        )
        found.append(Person(control, at))
        if control == "pause":
            found.append(Person("resume", at + draw.randrange(1, 3600)))
    return tuple(found)


def _moment(draw: Random, world: World) -> int:
    """Near an incident, from a minute before it to ten minutes after its hold; around the end of a watch's
    day; or at any time."""
    chance = draw.random()
    if chance < 0.1:
        return world.watches[0].at + DAY + draw.randrange(-1800, 600)
    if world.incidents and chance < 0.55:
        return draw.choice(world.incidents).at + draw.randrange(-60, 900)
    return draw.randrange(300, world.lasts - TAIL)
