"""A target's loop in virtual time: when probes are read, what is written, how it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from monitor.core.samples import SECOND, Micros, Reading
from monitor.core.thresholds import Mode
from monitor.daemon.loop import TargetLoop
from monitor.daemon.parts import Outgoing, TargetParts
from monitor.errors import StoreHeld
from monitor.ports import (
    Control,
    Gauge,
    Json,
    Order,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Record,
    Registration,
    Wanted,
    WatchRow,
)
from tests.fakes import MemoryStore
from tests.hands import PLAN, POLICY, Counting, rows_of
from tests.virtual import START, LoopClock, run

BAD = 0.05


class ScriptedProbe:
    """Says what `value` says of the second it is read in; `lasts` is how long a read takes."""

    metrics = ("error_rate", "connections")
    name = "all"

    def __init__(self, value: Callable[[float], float], lasts: Callable[[float], float]) -> None:
        self._value = value
        self._lasts = lasts
        self.read_at: list[float] = []
        self.closed = False

    async def read(self, now: Micros) -> Sequence[Reading]:
        second = (now - START) / SECOND
        self.read_at.append(second)
        await asyncio.sleep(self._lasts(second))
        return [Reading("error_rate", self._value(second)), Reading("connections", 10)]

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def memory(self) -> Json:
        return {}

    def restore(self, memory: Json) -> None:
        """Keeps nothing."""

    async def aclose(self) -> None:
        self.closed = True


class ScriptedExecutor:
    """Takes `lasts` seconds for a rollback; cancelled before its end, it has no effect."""

    def __init__(self, lasts: float = 0.1) -> None:
        self.lasts = lasts
        self.orders: list[Order] = []
        self.effects: list[float] = []
        self.proven: list[bool] = []  # in full or not

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        self.proven.append(full)
        return Readiness(True)

    async def execute(self, order: Order, wanted: Wanted, report: Callable[[Progress], None]) -> Outcome:
        self.orders.append(order)
        report(Progress(ProgressKind.INTENT, "intent"))
        await asyncio.sleep(self.lasts)
        self.effects.append(asyncio.get_running_loop().time())
        return Outcome(OutcomeKind.ROLLED_BACK, "back")

    async def settle(
        self, watch: WatchRow, wanted: Wanted, report: Callable[[Progress], None]
    ) -> Outcome | None:
        return None

    async def aclose(self) -> None:
        """Holds nothing."""


@dataclass
class Stage:
    """A target with a store in memory, run for a while."""

    value: Callable[[float], float] = lambda second: 0.0
    lasts: Callable[[float], float] = lambda second: 0.01
    executor: ScriptedExecutor = field(default_factory=ScriptedExecutor)
    sent: list[str] = field(default_factory=list)

    def build(self, store: MemoryStore | None = None) -> TargetLoop:
        self.store = store or MemoryStore(clock=LoopClock())
        self.probe = ScriptedProbe(self.value, self.lasts)
        parts = TargetParts(
            "shop", POLICY, SECOND, (self.probe,), self.store, self.executor,
            Outgoing(rows_of, lambda rows: self.sent.extend(r.key for r in rows)), Counting(), LoopClock(),
        )  # fmt: skip
        self.running = TargetLoop(parts)
        return self.running

    def play(self, seconds: float, store: MemoryStore | None = None, **acts: Any) -> TargetLoop:
        """Registers a watch, runs the loop for that long, stops it; `acts` are coroutines run beside."""

        async def main() -> TargetLoop:
            loop = self.build(store)
            await self.store.register(registration())
            stop = asyncio.Event()
            beside = [asyncio.create_task(act(self)) for act in acts.values()]
            task = asyncio.create_task(loop.run(stop))
            await asyncio.sleep(seconds)
            stop.set()
            await task
            await asyncio.gather(*beside)
            return loop

        return run(main())

    def only_row(self) -> WatchRow:
        (row,) = self.store.rows.values()
        return row


def registration(mode: Mode = Mode.AUTO) -> Registration:
    return Registration("add_email", "shop", mode, START, START + POLICY.success_after, PLAN)


def from_second(start: float, rate: float = BAD) -> Callable[[float], float]:
    return lambda second: rate if second >= start else 0.0


def test_a_probe_is_read_on_the_grid_of_its_interval() -> None:
    """Every five seconds while all is well."""
    stage = Stage()
    stage.play(20.5)
    assert stage.probe.read_at == [0, 5, 10, 15, 20]


def test_after_the_first_bad_sample_reads_come_every_second_and_once_exactly_at_the_hold() -> None:
    """The streak begins when the first bad read arrives; thirty seconds later there is a read."""
    stage = Stage(value=from_second(5))
    stage.play(45)
    first = 5.01
    assert stage.probe.read_at[:4] == pytest.approx([0, 5, 6.0, 7.0], abs=0.1)
    assert first + 30 in [pytest.approx(at, abs=0.001) for at in stage.probe.read_at]
    assert [o.since for o in stage.executor.orders] == [START + round(first * SECOND)]
    assert stage.executor.effects[0] == pytest.approx(first + 30.11, abs=0.01)


def test_a_breach_has_the_rollback_proven_in_full_at_the_next_poll() -> None:
    """Not only when its hold is over."""
    stage = Stage(value=from_second(40))
    stage.play(46)
    assert stage.executor.proven == [True, *[False] * 8, True]


def test_reads_go_back_to_the_interval_when_the_streak_ends() -> None:
    """Fast reads last as long as the streak."""
    stage = Stage(value=lambda second: BAD if 5 <= second < 8 else 0.0)
    stage.play(31)
    assert stage.probe.read_at[-4:] == pytest.approx([15, 20, 25, 30], abs=0.001)


def test_a_read_that_hangs_is_cut_and_said_to_be_a_timeout() -> None:
    """It is no data with a reason; the next read comes on the grid."""
    stage = Stage(lasts=lambda second: 3600.0 if second == 5 else 0.01)
    stage.play(12)
    samples = [s for s in stage.store.stored_samples.values() if s.metric == "error_rate"]
    assert [(s.value, s.reason) for s in samples] == [(0.0, ""), (None, "timeout"), (0.0, "")]
    assert stage.probe.read_at == [0, 5, 10]


def test_the_watch_goes_on_while_the_store_is_away_and_is_written_down_later() -> None:
    """Samples, the rollback and its alerts are not lost, and alerts leave at once."""

    async def outage(stage: Stage) -> None:
        await asyncio.sleep(3)
        stage.store.away = True
        await asyncio.sleep(40)
        assert any("rollback/decided" in key for key in stage.sent)
        stage.store.away = False

    stage = Stage(value=from_second(5))
    stage.play(60, outage=outage)
    assert len(stage.executor.effects) == 1
    assert stage.only_row().verdict == "rolled_back"
    seconds = {(s.at - START) // SECOND for s in stage.store.stored_samples.values()}
    assert {10, 20, 30} <= seconds


def test_stopping_writes_the_last_round_and_closes_everything() -> None:
    """What is stored goes up to the end."""
    stage = Stage()
    stage.play(13)
    assert stage.probe.closed
    assert stage.only_row().state is not None
    assert max(s.at for s in stage.store.stored_samples.values()) >= START + 10 * SECOND


def test_stopping_during_a_rollback_leaves_the_watch_to_be_decided_again() -> None:
    """The cancelled group had no effect; after a restart a fresh bad sample decides."""
    stage = Stage(value=from_second(0), executor=ScriptedExecutor(lasts=3600))
    stage.play(31)
    assert stage.executor.effects == []
    assert stage.only_row().verdict is None
    assert stage.only_row().phase == "rolling_back"


def test_a_control_is_taken_up_at_once() -> None:
    """Notified, not waited for."""

    async def pause(stage: Stage) -> None:
        await asyncio.sleep(7.2)
        await stage.store.control(stage.only_row().id, Control.PAUSE, by="dba", reason="")
        await asyncio.sleep(0.1)
        assert stage.only_row().phase == "paused"

    stage = Stage()
    stage.play(12, pause=pause)


def test_when_another_daemon_looked_after_the_store_everything_is_loaded_afresh() -> None:
    """What was in memory is out of date: it is dropped, not written."""

    class Lost(MemoryStore):
        opened = 0

        async def open(self) -> None:
            Lost.opened += 1
            await super().open()

        async def record(self, record: Record) -> None:
            if Lost.opened == 1 and self.records == 2:
                self.records += 1
                raise StoreHeld("another daemon took the store")
            await super().record(record)

    async def main() -> TargetLoop:
        stage = Stage()
        loop = stage.build(Lost(clock=LoopClock()))
        await stage.store.register(registration())
        stop = asyncio.Event()
        task = asyncio.create_task(loop.run(stop))
        await asyncio.sleep(40)
        view = loop.view()
        stop.set()
        await task
        assert Lost.opened == 2
        assert view.holds_store
        assert [w["phase"] for w in view.watches] == ["watching"]
        return loop

    run(main())


def test_the_view_says_when_it_last_decided() -> None:
    """Health is the freshness of the loop."""
    loop = Stage().play(21)
    last = loop.view().last_decision
    assert last is not None
    assert last >= START + 20 * SECOND


def test_who_looks_after_the_target_is_named_only_while_the_store_says_so() -> None:
    """A store that is away is held by nobody that anybody knows of."""

    async def main() -> None:
        stage = Stage()
        loop = stage.build(MemoryStore(clock=LoopClock()))
        stage.store.held_by = "host-b:7"
        assert loop.view().held_by == "host-b:7"
        assert loop.view().trouble == "another daemon (host-b:7) monitors it"
        stage.store.held_by = ""
        assert (loop.view().store_reachable, loop.view().held_by) == (False, "")

    run(main())


def test_a_store_that_can_not_be_opened_says_why() -> None:
    """Readiness shows the reason, and it is gone when the store answers."""

    async def main() -> None:
        stage = Stage()
        loop = stage.build()
        stage.store.away = True
        stop = asyncio.Event()
        task = asyncio.create_task(loop.run(stop))
        await asyncio.sleep(1)
        assert (loop.view().store_reachable, loop.view().trouble) == (False, "the store is away")
        stage.store.away = False
        await asyncio.sleep(5)
        assert (loop.view().store_reachable, loop.view().trouble) == (True, "")
        stop.set()
        await task

    run(main())
