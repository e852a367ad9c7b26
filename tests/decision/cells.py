"""What is measured: cells of one kind of world at one level of traffic, and what each rule did in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.core.events import Verdict
from tests.decision.others import LIMIT, OTHERS
from tests.decision.path import AS_WRITTEN, ERRORS_ONLY, NEVER, SLOW, decided, opened, watched
from tests.worlds import HEALTHY, INCIDENTS, LEVELS, World, healthy, incident

OURS = "this rule"
UNMOVED = "this rule, baseline off"
RULES = (OURS, UNMOVED, *OTHERS)

DAY, INCIDENT, SUCCESS = "day", "incident", "success"

BUSY = (60, 300, 1200)
ENOUGH = (300, 1200, 6000)
MUCH = (6000,)

LEVELS_OF: Mapping[str, tuple[int, ...]] = {
    "background 1 %": BUSY,
    "background 2 %": BUSY,
    "1.5 % for 50 of every 120 s": MUCH,
    "0.5 % always, +5 %": BUSY,
    "1 % always, +5 %": BUSY,
    "2 % always, +5 %": BUSY,
    "0.5 % always, +5 %, steady": BUSY,
    "1 % always, +5 %, steady": BUSY,
    "2 % always, +5 %, steady": BUSY,
    "5 % every other minute": ENOUGH,
    "1.05 % fail": MUCH,
    "1.05 % fail, evenly": MUCH,
    "100 % for 245 s": (25, *BUSY),
    "100 % for 270 s": (25, *BUSY),
    "100 % for 290 s": (25, *BUSY),
    "5 % for 285 s": MUCH,
    "5 % for 315 s": MUCH,
    "100 % for 20 min": ENOUGH,
    "20 % for 20 min": ENOUGH,
    "5 % for 20 min": ENOUGH,
}
"""Where a kind says something at some levels only. The others are measured at all."""

ENDING = ("100 % for 20 min", "20 % for 20 min", "5 % for 20 min")
"""Watched on after the firing, to see when its streak ends."""

FEWER: Mapping[str, int] = {"1.5 % for 50 of every 120 s": 5, "1.05 % fail, evenly": 1_000_000}
"""Of these only every so-manieth world is run: one is pending all day and read every second, and of the other
there is only one."""

FEWER_SUCCESSES = 3
"""The same of whole days."""

SUCCEEDING = ("background 0.05 %", "four blips of 30-120 s")
SUCCESS_LEVELS = LEVELS[1:]
"""A day of 5 requests a minute has 7,200 of them, and a night of it may hold back what 3,000 would prove."""


@dataclass(frozen=True, slots=True)
class Cell:
    what: str
    kind: str
    level: int

    @property
    def name(self) -> str:
        return f"{self.what} | {self.kind} | {self.level}"

    def share(self, many: int) -> int:
        """How many worlds of it are run when `many` of most cells are."""
        fewer = FEWER_SUCCESSES if self.what == SUCCESS else FEWER.get(self.kind, 1)
        return -(-many // fewer)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one world. `fired`: by rule, seconds since the incident, or since the watch, began; None: never.

    `errors`: that the incident brought. `blip`: there was one right before it. `cleared`: seconds from its
    end to the end of our streak.
    """

    seed: int
    fired: Mapping[str, int | None] = field(default_factory=dict)
    errors: float = 0.0
    blip: bool = False
    cleared: int | None = None
    succeeded: bool = False


def cells() -> list[Cell]:
    """All that are measured."""
    days = [Cell(DAY, kind, level) for kind in HEALTHY for level in LEVELS_OF.get(kind, LEVELS)]
    broken = [Cell(INCIDENT, kind, level) for kind in INCIDENTS for level in LEVELS_OF.get(kind, LEVELS)]
    good = [Cell(SUCCESS, kind, level) for kind in SUCCEEDING for level in SUCCESS_LEVELS]
    return [*days, *broken, *good]


def measured(cell: Cell, seed: int) -> Result:
    """What came of the world of this seed."""
    return {DAY: _day, INCIDENT: _incident, SUCCESS: _success}[cell.what](cell, seed)


def _day(cell: Cell, seed: int) -> Result:
    world = healthy(cell.kind, cell.level, seed)
    return Result(seed, _fired(world, world.watch, SLOW, HEALTHY[cell.kind].background))


def _incident(cell: Cell, seed: int) -> Result:
    """Read on a grid that has nothing to do with the incident's second."""
    world, phase = incident(cell.kind, cell.level, seed), 1 + seed % SLOW
    since = world.begins or world.watch
    cleared = _cleared(world, phase) if cell.kind in ENDING else None
    always = INCIDENTS[cell.kind].background
    fired = _fired(world, since, phase, always)
    return Result(seed, fired, world.brought()[0], world.blip_before(), cleared)


def _success(cell: Cell, seed: int) -> Result:
    """A whole day, to its verdict."""
    world = healthy(cell.kind, cell.level, seed)
    return Result(seed, succeeded=watched(world, opened(world)).verdict is Verdict.SUCCEEDED)


def _fired(world: World, since: int, phase: int, always: float) -> Mapping[str, int | None]:
    """By rule. A service that always fails as much as the limit can't be watched without a baseline."""
    found = {name: rule(world.requests, world.errors, world.watch) for name, rule in OTHERS.items()}
    found[OURS] = decided(world, ERRORS_ONLY, phase)
    if always < LIMIT:
        moved = opened(world, ERRORS_ONLY, phase).thresholds != AS_WRITTEN.thresholds
        found[UNMOVED] = decided(world, AS_WRITTEN, phase) if moved else found[OURS]
    return {name: None if found[name] == NEVER else found[name] - since for name in RULES if name in found}


def _cleared(world: World, phase: int) -> int | None:
    told = watched(world, opened(world, phase=phase), phase)
    return None if told.cleared == NEVER or world.ends is None else told.cleared - world.ends
