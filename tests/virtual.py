"""An event loop whose time is ours: sleeping costs nothing, and an hour passes in milliseconds.

For pure asyncio code only; anything that talks to a socket needs real time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from monitor.core.samples import SECOND, Micros

T = TypeVar("T")

START: Micros = 1_800_000_000 * SECOND


class _Selector(selectors.DefaultSelector):
    """Never waits: the time it should have waited has passed. Nothing is asked of the system: no socket is
    watched, and what a thread hands in is in the loop's queue before it is waited for."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is left to happen: every task waits for ever")
        if timeout > 0.0:
            self.passed += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at time 0."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed

    def stand_still(self, seconds: float) -> None:
        """Time passes although no task gets a turn."""
        self._virtual.passed += seconds


class LoopClock:
    """A clock that follows the running loop's time from START on."""

    def now(self) -> Micros:
        return START + round(asyncio.get_running_loop().time() * SECOND)

    def not_before(self, moment: Micros) -> None:
        assert moment <= self.now() + 1, "the tests never store the future"


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
