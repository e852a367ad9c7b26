"""What a decision starts: a rollback, and the hooks after it; each a task whose end is a happening.

This file decides nothing; the executor and the hooks carry out, the rounds decide. Hooks that are still to be
called are kept with the target's memory until they are done, so that a restart calls them again: at least
once, each time under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from monitor.daemon.happenings import Finished, Happening, HooksRan, Progressed
from monitor.ports import Executor, Json, Order, Outcome, OutcomeKind, Progress, Wanted, WatchRow
from monitor.ports.hooks import Call, Hooks, Moment

log = structlog.get_logger()

ROLLBACK_GRACE = 20.0
"""Seconds a group under way has, at shutdown, to be finished or rolled back."""


class Rollbacks:
    """Starts them, and ends them in order; `deliver` takes what happens."""

    def __init__(self, target: str, executor: Executor, deliver: Callable[[Happening], None]) -> None:
        self._target = target
        self._executor = executor
        self._deliver = deliver
        self._tasks: set[asyncio.Task[None]] = set()

    def execute(self, order: Order, wanted: Wanted) -> None:
        """At once; its end comes through `deliver`."""
        id = order.watch.id
        self._spawn(id, self._executor.execute(order, wanted, self._reporter(id)))

    def settle(self, watch: WatchRow, wanted: Wanted) -> None:
        """Finds out what became of an intent of before a restart."""
        self._spawn(watch.id, self._executor.settle(watch, wanted, self._reporter(watch.id)))

    async def end(self) -> None:
        """A group under way is finished if its COMMIT was sent, else rolled back."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ROLLBACK_GRACE)

    def _reporter(self, watch_id: str) -> Callable[[Progress], None]:
        return lambda progress: self._deliver(Progressed(watch_id, progress))

    def _spawn(self, watch_id: str, job: Coroutine[Any, Any, Outcome | None]) -> None:
        task = asyncio.create_task(
            self._to_its_end(watch_id, job), name=f"{self._target}/rollback/{watch_id}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _to_its_end(self, watch_id: str, job: Coroutine[Any, Any, Outcome | None]) -> None:
        """A bug in the executor is a failed rollback that pages, not a silent one."""
        try:
            outcome = await job
        except asyncio.CancelledError:
            raise
        except Exception as e:
            log.exception("rollback.task_died", target=self._target, watch=watch_id)
            reason = f"the rollback stopped on an unexpected {type(e).__name__}; the log says where"
            outcome = Outcome(OutcomeKind.FAILED, reason)
        self._deliver(Finished(watch_id, outcome))


class HooksDue:
    """Hooks of one target that are still to be called, or were not answered yet."""

    def __init__(self) -> None:
        self._awaited: dict[str, Call] = {}

    def begin(self, call: Call) -> None:
        self._awaited[call.key] = call

    def done(self, call: Call) -> None:
        self._awaited.pop(call.key, None)

    @property
    def awaited(self) -> Sequence[Call]:
        return tuple(self._awaited.values())

    def memory(self) -> Sequence[Json]:
        return [asdict(call) for call in self._awaited.values()]

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        for stored in memory:
            self.begin(Call(**{**stored, "moment": Moment(stored["moment"])}))


class HookCalls:
    """Calls hooks in tasks of their own; `deliver` takes what became of them."""

    def __init__(self, hooks: Hooks, deliver: Callable[[HooksRan], None]) -> None:
        self._hooks = hooks
        self._deliver = deliver
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, call: Call) -> None:
        """At once; the answer comes through `deliver`."""
        task = asyncio.create_task(self._run_hooks(call), name=f"{call.target}/hooks/{call.watch_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Ends what runs; it is called again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run_hooks(self, call: Call) -> None:
        try:
            results = await self._hooks.run(call)
        except Exception:  # a bug in a hook must not end the watch of a target
            log.exception("hook.task_died", target=call.target, watch=call.watch_id)
            return
        self._deliver(HooksRan(call, tuple(results)))
