"""Worlds of `tests/worlds`, which the table of the decision is made of, lived through by the whole daemon.

Their traffic has curves, bursts and clusters, and an incident at a known second; nothing else befalls them.
Four of five have an incident; every cell comes in turn, so that any number of worlds is a fair share of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TYPE_CHECKING

from tests.simulation.world import Incident, Made, Watch, World
from tests.worlds.made import HISTORY, LEVELS, PROOF, healthy, incident
from tests.worlds.made import World as MadeWorld

if TYPE_CHECKING:
    from tests.simulation.playing import Played

INTERVAL, FAST = 5, 1
HOLD = 300

WELL = (
    "background 0.05 %",
    "background 0.2 %",
    "background 0.5 %",
    "background 0.8 %",
    "four blips of 30-120 s",
    "retry storms",
    "3 % for 4 min every 2 h",
)
HEALTHY = tuple((kind, level) for level in LEVELS[1:] for kind in WELL)

INCIDENTS = (
    *(("100 % fail", level) for level in LEVELS),
    *(("100 %, traffic to a twentieth", level) for level in (20, 60, 300)),
    *(("5 % fail", level) for level in (5, 20, 60, 300)),
    *(("2 % fail", level) for level in (60, 300, 1200)),
    *(("5 % every other minute", level) for level in (300, 1200, 6000)),
    *((f"{always} % always, +5 %", level) for always in ("0.5", "1", "2") for level in (60, 300, 1200)),
    *((f"100 % for {seconds} s", level) for seconds in (245, 270, 290) for level in (60, 300, 1200)),
    ("5 % for 315 s", 6000),
    ("5 % for 285 s", 6000),
    ("1.05 % fail", 6000),
)

BEFORE, AFTER = 60, 600
"""Seconds that are lived through before a world's first request, and after its last."""


def table_world(seed: int) -> World:
    """The world of a seed; its cell comes in turn, and a world that comes again is drawn anew."""
    turn, place = divmod(seed, 5)
    if place:
        again, cell = divmod(4 * turn + place - 1, len(INCIDENTS))
        made = Made("incident", *INCIDENTS[cell], PROOF // 2 + again)
    else:
        again, cell = divmod(turn, len(HEALTHY))
        made = Made("healthy", *HEALTHY[cell], PROOF // 2 + again)
    return _world(seed, made)


def made_of(made: Made) -> MadeWorld:
    return (healthy if made.what == "healthy" else incident)(made.kind, made.level, made.seed)


def _world(seed: int, made: Made) -> World:
    of = made_of(made)
    return World(
        seed, BEFORE + of.seconds + AFTER, INTERVAL, FAST, float(made.level), background=0.0, made=made,
        watches=(Watch(BEFORE + HISTORY),), incidents=_incidents(of),
    )  # fmt: skip


def _incidents(of: MadeWorld) -> tuple[Incident, ...]:
    if of.begins is None:
        return ()
    errors, requests = of.brought()
    lasts = (of.ends or of.seconds) - of.begins
    return (Incident(BEFORE + of.begins, lasts, errors / max(requests, 1.0)),)


class MadeTraffic:
    """What such a world has counted; after a rollback everything goes well."""

    def __init__(self, made: Made) -> None:
        self._world = made_of(made)

    def counted(self, second: float, cured_at: float | None) -> tuple[int, int]:
        requests, errors = self._at(second)
        failed = errors if cured_at is None or second <= cured_at else self._at(cured_at)[1]
        return requests - failed, failed

    def _at(self, second: float) -> tuple[int, int]:
        """As counted at the end of a second: the application counts no halves."""
        place = min(max(int(second) - BEFORE, 0), self._world.seconds)
        return int(self._world.requests[place]), int(self._world.errors[place])


def lines(found: Iterable[Played]) -> Sequence[str]:
    """A line for each cell: how many of its worlds were rolled back, after how long, how many too early."""
    cells: dict[tuple[str, str, float], list[Played]] = defaultdict(list)
    for one in found:
        if one.world.made is not None:
            cells[one.world.made.what, one.world.made.kind, one.world.made.level].append(one)
    return [_line(kind, level, many) for (_, kind, level), many in sorted(cells.items())]


def _line(kind: str, level: float, many: Sequence[Played]) -> str:
    after = [one.decided[0] - (i[0].at if (i := one.world.incidents) else 0) for one in many if one.decided]
    early = sum(a < HOLD for a in after) if many[0].world.incidents else 0
    succeeded = sum(one.counts["verdict succeeded"] for one in many)
    middle = (
        f", median {median(after):.0f} s, {early} before {HOLD} s"
        if after and many[0].world.incidents
        else ""
    )
    ended = f", {succeeded} succeeded" if not many[0].world.incidents else ""
    return f"{kind} at {level:g}/min: {len(after)} of {len(many)} rolled back{middle}{ended}"
