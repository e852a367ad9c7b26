"""The loop of one target: everything that happens comes through one queue, taken in by one task.

That task never waits for the outside, so the order of events is the order of the queue. Reading,
writing, executing and proving readiness are tasks of their own that put their results into it.
If one of them dies, the target's loop ends loudly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

import structlog

from monitor.core.beginning import earliest
from monitor.core.samples import SECOND, Reading
from monitor.daemon.checks import ChangeChecks, ReadinessChecks
from monitor.daemon.dedup import KNOWN_FOR
from monitor.daemon.execution import HookCalls, Rollbacks
from monitor.daemon.happenings import (
    ControlsRead,
    Finished,
    Happening,
    Loaded,
    Progressed,
    ReadinessRead,
    Readings,
    RefusalsRead,
    Reminded,
    Tick,
)
from monitor.daemon.keeper import unseen
from monitor.daemon.parts import TargetParts
from monitor.daemon.polling import Poller
from monitor.daemon.recorder import Recorder
from monitor.daemon.rounds import Hands, Rounds
from monitor.errors import DatabaseError, StoreHeld
from monitor.ports import SampleRow, TargetView, WatchRow
from monitor.present.watch import STALE_INTERVALS

log = structlog.get_logger()

RETRY_SECONDS = 2.0

WAIT_BEAT_SECONDS = 2.0
"""How often a loop that waits for its store says that it is there."""

OPENING = "it is being opened"

FLUSH_SECONDS = 5.0
"""Seconds the last round has, at shutdown, to be written."""


class TargetLoop:
    """Watches one target until it is stopped."""

    def __init__(self, parts: TargetParts) -> None:
        self._parts = parts
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._recorder = Recorder(parts.name, parts.ports.store, parts.outgoing, parts.telemetry)
        self._hooks = HookCalls(parts.ports.hooks, self._happened)
        self._rollbacks = Rollbacks(parts.name, parts.ports.executor, self._happened)
        self._rounds = self._new_rounds()
        self._opened = False
        self._trouble = OPENING
        self._beat: Callable[[str], None] = lambda _: None
        self._pollers = [
            Poller(probe, parts.rules.policy.interval, parts.rules.read_deadline, parts.clock, self._deliver)
            for probe in parts.ports.probes
        ]

    async def run(self, stop: asyncio.Event, beat: Callable[[str], None] = lambda _: None) -> None:
        """Opens the store, goes on where the last process ended, and returns some time after `stop`.

        When another daemon looked after the store meanwhile, everything is loaded afresh. `beat` is called
        with the target's name after each round, and now and then while the store is waited for.
        """
        self._beat = beat
        stopping = asyncio.create_task(stop.wait(), name=f"{self._parts.name}/stop")
        try:
            while await self._opened_before(stopping):
                try:
                    await self._work(stopping)
                except StoreHeld:
                    log.warning("target.store_lost", target=self._parts.name)
                    self._start_afresh()
        finally:
            stopping.cancel()
            await self._close()

    def view(self) -> TargetView:
        """How the target stands, from memory."""
        return TargetView(
            name=self._parts.name,
            last_decision=self._rounds.last_at,
            stale_after=STALE_INTERVALS * self._parts.rules.policy.interval,
            store_reachable=self._opened and self._recorder.reachable,
            holds_store=self._opened and self._parts.ports.store.holds,
            held_by="" if self._opened else self._parts.ports.store.waits_for,
            trouble=self._recorder.trouble if self._opened else self._why_not_open(),
            watches=tuple(k.view() for k in self._rounds.keepers.values()),
            ended=tuple(self._rounds.ended.last),
            metrics=self._rounds.metrics(),
            gauges=tuple(g for p in self._parts.ports.probes for g in p.gauges()),
            milestones=self._rounds.milestones.all,
            stranger=self._parts.ports.store.stranger if self._opened else "",
        )

    def _why_not_open(self) -> str:
        holder = self._parts.ports.store.waits_for
        return f"another daemon ({holder}) monitors it" if holder else self._trouble

    def remind(self) -> None:
        """Called now and then: pages that are still open are repeated where it is time."""
        self._queue.put_nowait(Reminded())

    # ------------------------------------------------------------ life

    def _new_rounds(self) -> Rounds:
        hands = Hands(self._rollbacks.execute, self._rollbacks.settle, self._recorder.put, self._hooks.start)
        return Rounds(self._parts, hands)

    def _start_afresh(self) -> None:
        self._opened = False
        self._queue = asyncio.Queue()
        self._recorder.forget()
        self._rounds = self._new_rounds()

    async def _opened_before(self, stopping: asyncio.Task[Any]) -> bool:
        """Whether the store was opened before it is time to stop."""
        if stopping.done():
            return False
        opening = asyncio.create_task(self._open(), name=f"{self._parts.name}/open")
        while not (opening.done() or stopping.done()):
            both = {opening, stopping}
            await asyncio.wait(both, timeout=WAIT_BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            self._beat(self._parts.name)
        if not opening.done():
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
            return False
        opening.result()
        return True

    async def _open(self) -> None:
        """Waits for the store as long as it takes; says so once."""
        told = False
        self._trouble = OPENING
        while True:
            try:
                await self._parts.ports.store.open()
                rows, memory = await self._parts.ports.store.load()
                samples = await self._past(rows)
                break
            except DatabaseError as e:
                self._trouble = str(e)
                if not told:
                    log.warning("store.unreachable", target=self._parts.name, reason=str(e))
                told = True
                await asyncio.sleep(RETRY_SECONDS)
        self._opened = True
        self._parts.outgoing.look()
        self._rounds.start(rows, memory, samples)
        log.info("target.opened", target=self._parts.name, watches=len(rows))

    async def _work(self, stopping: asyncio.Task[Any]) -> None:
        """Runs every task until it is time to stop or one of them dies; then ends them in order."""
        tasks = {
            asyncio.create_task(job, name=f"{self._parts.name}/{what}") for what, job in self._jobs().items()
        }
        recording = asyncio.create_task(self._recorder.run(), name=f"{self._parts.name}/record")
        done, _ = await asyncio.wait({stopping, recording, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end_rollbacks()
        await self._hooks.aclose()
        if not recording.done():
            self._rounds.save()
            await self._recorder.drain(FLUSH_SECONDS)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        for task in done - {stopping}:
            self._raise(task)

    def _jobs(self) -> dict[str, Coroutine[Any, Any, None]]:
        jobs: dict[str, Coroutine[Any, Any, None]] = {
            "consume": self._consume(),
            "tick": self._tick(),
            "news": self._news(),
            "readiness": self._readiness(),
            "changes": ChangeChecks(self._parts, self._open_watches, self._queue.put_nowait).run(),
        }
        for poller in self._pollers:
            jobs[f"poll/{poller.probe.name}"] = poller.run()
        return jobs

    def _open_watches(self) -> Iterable[WatchRow]:
        return [keeper.row for keeper in self._rounds.keepers.values()]

    def _raise(self, task: asyncio.Task[Any]) -> None:
        error = task.exception() or RuntimeError(f"{task.get_name()} ended by itself")
        if not isinstance(error, StoreHeld):
            log.error("daemon.task_died", target=self._parts.name, task=task.get_name())
        raise error

    async def _end_rollbacks(self) -> None:
        """What their ends brought is told and stored."""
        await self._rollbacks.end()
        left = []
        while not self._queue.empty():
            left.append(self._queue.get_nowait())
        self._rounds.take([h for h in left if isinstance(h, Progressed | Finished)])

    async def _close(self) -> None:
        for probe in self._parts.ports.probes:
            await probe.aclose()
        await self._parts.ports.statistics.aclose()
        await self._parts.ports.executor.aclose()
        await self._parts.ports.store.aclose()

    # ------------------------------------------------------------ tasks

    async def _consume(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            self._rounds.take(batch)
            self._beat(self._parts.name)
            self._pace()

    def _deliver(self, poller: Poller, readings: Sequence[Reading], took: float) -> None:
        self._queue.put_nowait(Readings(readings))
        values = any(r.value is not None for r in readings)
        outcome = "ok" if values else "quiet" if any(r.quiet for r in readings) else "failed"
        name, probe = self._parts.name, poller.probe.name
        self._parts.telemetry.count("polls_total", target=name, probe=probe, outcome=outcome)
        self._parts.telemetry.observe("poll_duration_seconds", took, target=name, probe=probe)

    def _happened(self, happening: Happening) -> None:
        self._queue.put_nowait(happening)

    def _pace(self) -> None:
        """Fast reads while a rollback streak lasts, and one exactly when its hold is reached."""
        holds = self._rounds.holds()
        for poller in self._pollers:
            ends = frozenset(end for m in poller.probe.metrics for end in holds.get(m, ()))
            poller.pace(self._parts.rules.fast_interval if ends else None, ends)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._parts.rules.policy.interval / SECOND)
            self._queue.put_nowait(Tick())

    async def _news(self) -> None:
        """Controls and registrations: at once when notified, else once per interval."""
        store = self._parts.ports.store
        while True:
            try:
                controls = await store.controls()
                if controls.keys() - self._rounds.keepers.keys():
                    rows, _ = await store.load()
                    self._queue.put_nowait(Loaded(rows, await self._past(rows)))
                self._queue.put_nowait(ControlsRead(controls))
                await self._look_for_refusals()
                await store.wait_for_news(self._parts.rules.policy.interval / SECOND)
            except StoreHeld:
                raise
            except DatabaseError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _look_for_refusals(self) -> None:
        """Registrations that were refused of late, if there are any."""
        if refused := await self._parts.ports.store.refusals(self._parts.clock.now() - KNOWN_FOR):
            self._queue.put_nowait(RefusalsRead(refused))

    async def _past(self, rows: Sequence[WatchRow]) -> Sequence[SampleRow]:
        """The stored samples that new watches begin with; () where there is none, or nobody to ask."""
        new = [row.started_at for row in rows if unseen(row)]
        if not new:
            return ()
        try:
            return await self._parts.ports.store.past(earliest(self._parts.rules.policy, min(new)))
        except DatabaseError as e:
            log.warning("target.past_unknown", target=self._parts.name, reason=str(e))
            return ()

    async def _readiness(self) -> None:
        """Cheap proof at every interval; the full one for a new watch, every few minutes, and in a breach."""
        checks = ReadinessChecks(self._parts.ports.executor, self._parts.clock)
        while True:
            for keeper in [k for k in self._rounds.keepers.values() if not k.executing]:
                if (found := await checks.prove(keeper.row, soon=keeper.breaching)) is not None:
                    self._queue.put_nowait(ReadinessRead(keeper.id, found))
            checks.keep(self._rounds.keepers.keys())
            await asyncio.sleep(self._parts.rules.policy.interval / SECOND)
