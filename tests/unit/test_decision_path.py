"""The driver of the measurements reads as the daemon reads, and what it leaves out could not have fired."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from monitor.core.beginning import Past, begin
from monitor.core.events import BatchEnded, Measured
from monitor.core.evidence import TIMES
from monitor.core.samples import ERROR_RATE, SECOND, Micros, Reading
from monitor.core.state import new_state
from monitor.core.thresholds import Mode, Policy
from monitor.core.watch import step
from monitor.daemon.polling import Poller
from monitor.ports import Json
from monitor.sources.counters import Meter, Rates
from monitor.sources.rate import error_rate
from tests.decision.path import (
    AS_WRITTEN,
    ERRORS_ONLY,
    NEVER,
    SLOW,
    Told,
    counters,
    decided,
    lines,
    opened,
    watched,
)
from tests.decision.screen import calm, sums
from tests.virtual import START, LoopClock, run
from tests.worlds import HISTORY, World, healthy, incident

WORLDS = [
    healthy("background 0.8 %", 1200, 11),
    healthy("retry storms", 20, 11),
    incident("5 % every other minute", 300, 3),
    incident("100 % for 270 s", 60, 3),
    incident("5 % fail", 60, 4),
]
IDS = [f"{w.kind} at {w.level:g}/min" for w in WORLDS]


def _first_hours(world: World, hours: float) -> World:
    end = HISTORY + round(hours * 3600) + 1
    return World(
        world.kind, world.level, world.seed, world.requests[:end], world.errors[:end], HISTORY, world.begins
    )


def _limit(policy: Policy) -> float:
    return policy.thresholds[0].rollback_above or 0.0


class WorldProbe:
    """A world behind the port of a probe, on the loop's time."""

    name = "world"
    metrics = (ERROR_RATE,)

    def __init__(self, world: World) -> None:
        self._world, self._meter = world, Meter(Rates())
        self.at: list[int] = []

    async def read(self, now: Micros) -> Sequence[Reading]:
        second = (now - START) // SECOND
        self.at.append(second)
        return [error_rate(ERROR_RATE, self._meter, now, counters(self._world, second), whole=True)]

    def gauges(self) -> tuple[()]:
        return ()

    def memory(self) -> Json:
        return self._meter.memory()

    def restore(self, memory: Json) -> None:
        self._meter.restore(memory)

    async def aclose(self) -> None:
        return None


async def _polled(world: World) -> list[int]:
    """The seconds of a world at which the daemon's own poller reads, paced as its loop paces it."""
    probe, state = WorldProbe(world), new_state(AS_WRITTEN, START + world.watch * SECOND, Mode.OBSERVE)

    def deliver(poller: Poller, readings: Sequence[Reading], took: float) -> None:
        nonlocal state
        second = probe.at[-1]
        if second <= world.watch:
            return
        for event in (Measured(START + second * SECOND, readings[0]), BatchEnded(START + second * SECOND)):
            state, _ = step(AS_WRITTEN, state, event)
        streak, rule = state.seen.streaks[0], AS_WRITTEN.rules[0]
        ends = frozenset() if streak is None else frozenset({streak.first + rule.hold})
        poller.pace(SECOND if ends else None, ends)

    poller = Poller(probe, SLOW * SECOND, 4.0, LoopClock(), deliver)
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(world.seconds + 0.5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [second for second in probe.at if second > world.watch]


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
def test_a_world_is_read_when_the_daemon_would_read_it(world: World) -> None:
    """Against the real poller, on a loop whose time is ours."""
    some = _first_hours(world, 0.75)
    assert watched(some, AS_WRITTEN).reads == run(_polled(some))


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
def test_the_sums_of_the_screen_are_the_cores_until_something_fires_or_is_over(world: World) -> None:
    """At the end of every block, for each alternative; 0 where the core holds none.

    The core drops what is over and the screen does not: its sums are never too small.
    """
    some = _first_hours(world, 1)
    found = sums(some, some.watch, some.seconds, 0.01, 9.0)
    state, meter = new_state(AS_WRITTEN, some.watch * SECOND, Mode.OBSERVE), Meter(Rates())
    error_rate(ERROR_RATE, meter, some.watch * SECOND, counters(some, some.watch))
    compared, over = 0, False
    for second in range(some.watch + SLOW, some.seconds + 1, SLOW):
        reading = error_rate(ERROR_RATE, meter, second * SECOND, counters(some, second))
        state, _ = step(AS_WRITTEN, state, Measured(second * SECOND, reading))
        if (streak := state.seen.streaks[0]) is not None and streak.firing:
            break
        if (second - some.watch) % 60 == 0 and (counting := state.seen.counting[0]) is not None:
            tallies = [tally.sum for tally in counting.weights[0].tallies] or [0.0] * len(TIMES)
            screened = found[(second - some.watch) // 60 - 1]
            over = over or any(t == 0.0 < s - 1e-9 for t, s in zip(tallies, screened, strict=True))
            assert over or np.allclose(tallies, screened, rtol=1e-7, atol=1e-9)
            assert (np.array(tallies) <= screened + 1e-7).all()
            compared += not over
    assert compared >= 25


def test_what_is_called_calm_does_not_fire() -> None:
    """Of these worlds some are calm, some are nearly enough, and some fire."""
    worlds = [
        _first_hours(make(kind, level, seed), 0.7)
        for make, kind, level in (
            (healthy, "background 0.8 %", 60),
            (healthy, "background 0.2 %", 300),
            (incident, "100 % for 270 s", 60),
            (incident, "5 % fail", 300),
        )
        for seed in range(2)
    ]
    called = [
        (calm(w, w.watch, w.seconds, 0.01, 9.0), watched(w, AS_WRITTEN, until_fired=True).fired)
        for w in worlds
    ]
    assert {fired == NEVER for still, fired in called if still} == {True}
    assert {fired == NEVER for still, fired in called if not still} == {True, False}


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
@pytest.mark.parametrize("phase", [1, 4, SLOW])
def test_the_limit_is_the_one_that_the_daemon_begins_with(world: World, phase: int) -> None:
    past = lines(world, 0, phase)
    whole = begin(ERRORS_ONLY, world.watch * SECOND, Past(past))
    assert _limit(opened(world, phase=phase)) == _limit(whole.policy)


def test_an_outage_of_the_history_is_left_out_of_the_limit_as_the_daemon_does() -> None:
    """Then something fires before the watch, and the short way is not taken."""
    calm_one = incident("100 % fail", 300, 1)
    errors = calm_one.errors.copy()
    before = slice(1200, 2400)
    errors[before] = errors[1200] + calm_one.requests[before] - calm_one.requests[1200]
    errors[2400:] += errors[2399] - calm_one.errors[2399]
    world = World("outage before", 300, 1, calm_one.requests, errors, begins=calm_one.begins)
    assert not calm(world, 0, world.watch, 0.01, 9.0)
    assert _limit(opened(world)) == pytest.approx(0.01)


@pytest.mark.parametrize("world", WORLDS, ids=IDS)
def test_nothing_comes_of_the_window_but_what_is_shown(world: World) -> None:
    some = _first_hours(world, 0.75)
    assert watched(some, AS_WRITTEN, rates=Rates()) == watched(some, AS_WRITTEN)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["background 0.8 %", "four blips of 30-120 s", "retry storms"])
@pytest.mark.parametrize("level", [5, 60, 1200])
def test_whole_days_are_decided_alike_with_and_without_the_screen(kind: str, level: float) -> None:
    day = healthy(kind, level, 1)
    assert decided(day) == watched(day, opened(day), until_fired=True).fired


def test_what_is_told_of_a_plain_outage_is_what_happened() -> None:
    """Found a hold after its start, still so until its end, and over two blocks later."""
    world = incident("100 % for 20 min", 300, 1)
    told: Told = watched(world, opened(world))
    assert world.begins is not None
    assert world.ends is not None
    assert 300 <= told.fired - world.begins <= 310
    assert 0 < told.cleared - world.ends <= 130
    assert told.pending >= 1
