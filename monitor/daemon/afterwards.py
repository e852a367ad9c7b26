"""Hooks that are called after a rollback took effect: which are still to be done, and doing them.

The verdict does not wait for them. What is to be done is kept with the target's memory until it is
done, so that a restart calls it again: at least once, each time under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from monitor.daemon.happenings import HooksRan
from monitor.ports import Json
from monitor.ports.hooks import Call, Hooks, Moment

log = structlog.get_logger()


class Afterwards:
    """Calls of one target that were not answered yet."""

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


class HookRuns:
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
