"""Plays worlds by the number, side by side, and adds up what came of them."""

from __future__ import annotations

import gc
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from time import process_time

import structlog

from tests.simulation.chances import decisions
from tests.simulation.shrink import smallest
from tests.simulation.stage import play
from tests.simulation.witness import judged
from tests.simulation.world import World

FALSE_ALLOWED = {"0.50%": 0.01, "0.80%": 0.06}
"""Of worlds whose background errors are that many; some have no baseline. Below that: none at all."""

SHORT_ALLOWED = 0.03
"""Of outages that end just before five minutes so many are acted on."""

LATE_ALLOWED = 0.03
"""Of all decisions so many come when the incident has been over for a while."""

KEPT = "tests/simulation/kept.jsonl"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one world. `trace`: the hash of everything that was to be seen of it."""

    world: World
    broken: tuple[str, ...]
    promises: frozenset[int]
    counts: Counter[str]
    delays: tuple[float, ...]
    decided: tuple[float, ...]  # true seconds of what the rules decided
    trace: str
    cpu: float


def played(world: World) -> Played:
    """Plays one world and judges it. Garbage is collected between worlds, not while one is played."""
    began = process_time()
    quiet()
    gc.disable()
    try:
        stage = play(world)
        found = judged(stage)
    finally:
        gc.enable()
    broken = tuple(dict.fromkeys(map(str, found.violations)))
    promises = frozenset(v.promise for v in found.violations)
    trace = stage.seen.hash()
    decided = tuple(d.at for d in decisions(stage))
    cpu = process_time() - began
    return Played(world, broken, promises, found.counts, tuple(found.delays), decided, trace, cpu)


def quiet() -> None:
    """A day has thousands of log lines, and each world's are the same: none is written."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def side_by_side(worlds: Sequence[World], workers: int = 0) -> Iterator[Played]:
    """Each as it is done, in order."""
    with ProcessPoolExecutor(workers or os.cpu_count() or 1) as pool:
        yield from pool.map(played, worlds, chunksize=2)


@dataclass(slots=True)
class Sum:
    """Of many worlds."""

    worlds: int = 0
    cpu: float = 0.0
    broken: list[Played] = field(default_factory=list)
    made: list[Played] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    noisy: Counter[str] = field(default_factory=Counter)  # worlds, and false rollbacks, by background
    delays: list[float] = field(default_factory=list)

    def add(self, one: Played) -> None:
        self.worlds += 1
        self.cpu += one.cpu
        self.counts += one.counts
        self.delays += one.delays
        self.faults.update(fault.kind for fault in one.world.faults)
        self.faults.update(f"person {person.control}" for person in one.world.persons)
        share = f"{one.world.background:.2%}"
        self.noisy.update({f"worlds at {share}": 1, f"false at {share}": one.counts["false"]})
        if one.world.made is not None:
            self.made.append(one)
        if one.broken:
            self.broken.append(one)

    def unlikely(self) -> Iterator[str]:
        """More rollbacks of noisy services, or after what was over, than the rules allow, even by chance."""
        short, over = self.counts["short"], self.counts["over in time"]
        if short > SHORT_ALLOWED * over + 4 * (SHORT_ALLOWED * over) ** 0.5 + 1:
            yield f"{short} rollbacks after {over} outages that were over before their hold"
        late, decided = self.counts["after its end"], self.counts["decided"]
        if late > LATE_ALLOWED * decided + 4 * (LATE_ALLOWED * decided) ** 0.5 + 1:
            yield f"{late} of {decided} decisions came when it had been over for a while"
        for share, allowed in FALSE_ALLOWED.items():
            false, worlds = self.noisy[f"false at {share}"], self.noisy[f"worlds at {share}"]
            expected = allowed * worlds
            if false > expected + 4 * expected**0.5 + 1:
                yield f"{false} false rollbacks in {worlds} worlds at {share}, {allowed:.1%} of them allowed"


def shrunk(one: Played) -> World:
    """The smallest world that breaks a promise that this one broke."""
    return smallest(one.world, lambda world: bool(played(world).promises & one.promises))
