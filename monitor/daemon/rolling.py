"""The rollbacks of one target under way: each a task of its own, whose news and end are happenings.

This file decides nothing; the executor carries out, the rounds decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from monitor.daemon.happenings import Finished, Happening, Progressed
from monitor.daemon.keeper import Keeper
from monitor.ports import Executor, Order, Outcome, OutcomeKind, Progress

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

    def execute(self, keeper: Keeper, order: Order) -> None:
        """At once; its end comes through `deliver`."""
        self._spawn(keeper, self._executor.execute(order, keeper.still_wanted, self._reporter(keeper)))

    def settle(self, keeper: Keeper) -> None:
        """Finds out what became of an intent of before a restart."""
        self._spawn(keeper, self._executor.settle(keeper.row, keeper.still_wanted, self._reporter(keeper)))

    async def end(self) -> None:
        """A group under way is finished if its COMMIT was sent, else rolled back."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ROLLBACK_GRACE)

    def _reporter(self, keeper: Keeper) -> Callable[[Progress], None]:
        return lambda progress: self._deliver(Progressed(keeper.id, progress))

    def _spawn(self, keeper: Keeper, job: Coroutine[Any, Any, Outcome | None]) -> None:
        task = asyncio.create_task(self._to_its_end(keeper, job), name=f"{self._target}/rollback/{keeper.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _to_its_end(self, keeper: Keeper, job: Coroutine[Any, Any, Outcome | None]) -> None:
        """A bug in the executor is a failed rollback that pages, not a silent one."""
        try:
            outcome = await job
        except asyncio.CancelledError:
            raise
        except Exception as e:
            log.exception("rollback.task_died", target=self._target, watch=keeper.id)
            reason = f"the rollback stopped on an unexpected {type(e).__name__}; the log says where"
            outcome = Outcome(OutcomeKind.FAILED, reason)
        self._deliver(Finished(keeper.id, outcome))
