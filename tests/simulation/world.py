"""A world as a plain value: it can be printed, read again, and made smaller. Seconds count from its start.

This file draws nothing and plays nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from monitor.core.thresholds import Mode


@dataclass(frozen=True, slots=True)
class Incident:
    """From `at` on for `lasts` seconds this share of the requests fails.

    `traffic`: the share of the requests that still comes. `on`, `off`: seconds of it that are bad and good
    in turn; `off` 0: all are bad. `cured`: a rollback ends it.
    """

    at: int
    lasts: int
    ratio: float
    traffic: float = 1.0
    on: int = 0
    off: int = 0
    cured: bool = True

    @property
    def mean(self) -> float:
        """The share over all of it."""
        return self.ratio * self.on / (self.on + self.off) if self.off else self.ratio


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong outside. `kind`: a key of `faults.KINDS`; `how` chooses between its forms."""

    kind: str
    at: int
    lasts: int = 0
    how: int = 0

    @property
    def ends(self) -> int:
        return self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody asks of the watch that was registered last: a value of `ports.Control`."""

    control: str
    at: int


@dataclass(frozen=True, slots=True)
class Watch:
    """A registration."""

    at: int
    mode: Mode = Mode.AUTO


@dataclass(frozen=True, slots=True)
class Made:
    """Traffic of `tests/worlds`: `healthy` or `incident`, of a kind, a level and a seed."""

    what: str
    kind: str
    level: float
    seed: int


@dataclass(frozen=True, slots=True)
class World:
    """`per_minute`: requests on average; `swing`: by how much of that the day moves it. `background`: the
    share of requests that always fails, in clusters of `cluster` on average. `source`: how pages are read.
    """

    seed: int
    lasts: int
    interval: int = 60
    fast: int = 10
    per_minute: float = 300.0
    swing: float = 0.5
    background: float = 0.0005
    cluster: float = 3.0
    source: str = "json"
    instances: int = 1
    watches: tuple[Watch, ...] = (Watch(0),)
    incidents: tuple[Incident, ...] = ()
    faults: tuple[Fault, ...] = ()
    persons: tuple[Person, ...] = ()
    made: Made | None = None  # where its traffic comes from, if it is not drawn here

    @property
    def ends(self) -> int:
        """When all is over that befalls a drawn one."""
        moments = [fault.ends for fault in self.faults] + [person.at for person in self.persons]
        return max(moments + [i.at + i.lasts for i in self.incidents if self.made is None], default=0)


def to_json(world: World) -> str:
    """In one line."""
    return json.dumps(asdict(world), separators=(",", ":"))


def from_json(text: str) -> World:
    """What `to_json` gave."""
    found: dict[str, Any] = json.loads(text)
    return replace(
        World(found["seed"], found["lasts"]),
        **{
            **found,
            "watches": tuple(Watch(w["at"], Mode(w["mode"])) for w in found["watches"]),
            "incidents": tuple(Incident(**i) for i in found["incidents"]),
            "faults": tuple(Fault(**f) for f in found["faults"]),
            "made": found.get("made") and Made(**found["made"]),
            "persons": tuple(Person(**p) for p in found["persons"]),
        },
    )
