"""How the readiness of a watch is proven: cheaply at every poll, fully now and then and in a breach.

What the full proof found stands until the next one: the cheap one does not see what it saw, and must
not call a watch ready again that is not. While the full proof fails it is asked at every poll.
"""

from __future__ import annotations

from collections.abc import Collection

from monitor.clock import Clock
from monitor.core.samples import Micros
from monitor.daemon.parts import READINESS_FULL, READINESS_SOON
from monitor.ports import Executor, Readiness, WatchRow


class Proving:
    """Asks the executor, and remembers what it found last in full."""

    def __init__(self, executor: Executor, clock: Clock) -> None:
        self._executor = executor
        self._clock = clock
        self._full: dict[str, tuple[Micros, Readiness]] = {}

    async def prove(self, row: WatchRow, *, soon: bool = False) -> Readiness | None:
        """Whether the watch could be rolled back now; None: nobody can look, what was found stands.

        `soon`: it may have to be, so an old full proof is not enough.
        """
        now = self._clock.now()
        proven_at, found = self._full.get(row.id, (now, Readiness(False)))
        if not found.ok or now - proven_at >= (READINESS_SOON if soon else READINESS_FULL):
            found = await self._executor.ready(row, full=True)
            if not found.asked:
                return None
            self._full[row.id] = (now, found)
            return found
        cheap = await self._executor.ready(row, full=False)
        return cheap if not cheap.ok else found

    def keep(self, watches: Collection[str]) -> None:
        """Forgets all others."""
        self._full = {i: found for i, found in self._full.items() if i in watches}
