"""A day of polls in virtual time: what the daemon keeps does not grow with what it has seen."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.samples import HOUR, SECOND, Micros, Reading
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.daemon.loop import TargetLoop
from monitor.daemon.parts import Outgoing, TargetParts, TargetPorts, TargetRules
from monitor.ports import Record, Registration
from tests.fakes import MemoryStore
from tests.hands import PLAN, Counting, IdleExecutor, IdleProbe, rows_of
from tests.virtual import START, LoopClock, run

POLLS = 100_000

PROBES = 10
"""Read side by side, as those of an application with several sources are."""

DAY = 24 * HOUR

POLICY = Policy(
    thresholds=(
        Threshold("error_rate", 0.001, rollback_above=0.01),
        *(Threshold(f"metric_{n}", 200.0, investigate_above=500.0) for n in range(1, PROBES)),
    ),
    interval=DAY * PROBES // POLLS,
)

OBJECTS_MORE = 3_000
"""Python objects that may come and go between two looks, of some hundred thousand."""

PAGES_MORE = 1_024
"""4 MB, of a process of some tens: the allocator's grain."""


class Forgetful(MemoryStore):
    """A store that has written everything and remembers only the rows it must."""

    async def record(self, record: Record) -> None:
        self.records += 1

    async def wait_for_news(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Noisy(IdleProbe):
    """Now and then an error, a slow minute, a gap; the same in every run."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.reads = 0
        self.name = f"metric_{number}" if number else "error_rate"
        self.metrics = (self.name,)
        self._rng = random.Random(number)

    async def read(self, now: Micros) -> Sequence[Reading]:
        self.reads += 1
        if self._rng.random() < 0.01:
            return [Reading(self.name, reason="timeout")]
        if self.name != "error_rate":
            return [Reading(self.name, self._rng.choice((20.0, 120.0, 300.0)))]
        errors = 5 if self._rng.random() < 0.002 else 0
        return [Reading(self.name, errors / 400, errors=errors, requests=400)]


class Quiet(Counting):
    """Telemetry that keeps nothing."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


def looked() -> tuple[int, int, int]:
    """Objects, resident pages and descriptors of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(gc.get_objects()), pages, len(os.listdir("/proc/self/fd"))


@pytest.mark.fault(38)
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_day_of_100_000_polls_leaves_memory_and_descriptors_flat() -> None:
    """Fault 38: looked at every tenth of the day; from the fourth on nothing has grown."""
    probes, looks = tuple(Noisy(n) for n in range(PROBES)), list[tuple[int, int, int]]()

    async def main() -> None:
        store = Forgetful(clock=LoopClock())
        await store.register(Registration("add_email", "shop", Mode.OBSERVE, START, START + DAY, PLAN))
        parts = TargetParts(
            "shop", TargetRules(replace(POLICY, success_after=2 * DAY), SECOND // 2),
            TargetPorts(probes, store, IdleExecutor()),
            Outgoing(rows_of, lambda rows: None), Quiet(), LoopClock(),
        )  # fmt: skip
        stop = asyncio.Event()
        task = asyncio.create_task(TargetLoop(parts).run(stop))
        for _ in range(10):
            await asyncio.sleep(DAY / SECOND / 10)
            looks.append(looked())
        stop.set()
        await task

    run(main())
    assert sum(probe.reads for probe in probes) >= POLLS
    objects, pages, descriptors = zip(*looks[3:], strict=True)
    assert max(objects) - objects[0] < OBJECTS_MORE, objects
    assert max(pages) - pages[0] < PAGES_MORE, pages
    assert set(descriptors) == {descriptors[0]}
