"""What is asked of the database about each open watch: whether a rollback could run now, and what changed.

What the full check of readiness found stands until the next one: the cheap one does not see what it saw, and
must not call a watch ready again that is not. While the full one fails it is asked at every poll. What was so
when a watch began is stored, so that a restart goes on comparing with the same. Nothing waits for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from time import monotonic
from typing import Any

from monitor.clock import Clock
from monitor.core.samples import SECOND, Micros
from monitor.daemon.happenings import ChangesRead
from monitor.daemon.parts import TargetParts
from monitor.errors import DatabaseError, StoreHeld, StoreLost
from monitor.ports import Executor, Json, Readiness, WatchRow


class ReadinessChecks:
    """Asks the executor, cheaply at every poll, and remembers what it found last in full."""

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


READINESS_FULL: Micros = 300 * SECOND
"""How often the expensive part of readiness is checked again."""

READINESS_SOON: Micros = 30 * SECOND
"""The same while a rollback streak is under way: people should know before the hold is over, not after."""

EVERY_SECONDS = 30.0
"""Between two comparisons; a large pg_stat_statements takes 8 ms at 5,000 entries."""

SHARE = 200
"""... and comparing takes at most 1/200 of the time."""


class ChangeChecks:
    """Keeps how the database was when each watch began, and tells what is different now.

    `watches` gives the open ones, `deliver` takes what changed for one of them. A database or store that is
    away is asked again later.
    """

    def __init__(
        self, parts: TargetParts, watches: Callable[[], Iterable[WatchRow]],
        deliver: Callable[[ChangesRead], None],
    ) -> None:  # fmt: skip
        self._statistics = parts.ports.statistics
        self._store = parts.ports.store
        self._look_every = parts.rules.policy.interval / SECOND
        self._watches = watches
        self._deliver = deliver
        self._baselines: dict[str, Json] = {}
        self._due = 0.0

    async def run(self) -> None:
        """A new watch gets its baseline at once; all are compared every EVERY_SECONDS."""
        while True:
            try:
                await self._look()
            except StoreHeld:
                raise
            except (DatabaseError, StoreLost):
                self._due = 0.0
            await asyncio.sleep(self._look_every)

    async def _look(self) -> None:
        open_watches = {row.id: row for row in self._watches()}
        if not open_watches:
            self._due = 0.0
        self._baselines = {id: b for id, b in self._baselines.items() if id in open_watches}
        for id in open_watches.keys() - self._baselines.keys():
            self._baselines[id] = await self._begin(id)
        if monotonic() < self._due:
            return
        for row in open_watches.values():
            await self._compare(row)

    async def _begin(self, watch_id: str) -> Json:
        stored = await self._store.baseline(watch_id)
        if stored is not None:
            return stored
        baseline = await self._statistics.baseline()
        await self._store.keep_changes(watch_id, baseline, None)
        return baseline

    async def _compare(self, row: WatchRow) -> None:
        baseline = self._baselines[row.id]
        if not baseline:
            return
        started = monotonic()
        changes = await self._statistics.changes(baseline, touched(row.plan.plan))
        took = monotonic() - started
        self._due = monotonic() + max(EVERY_SECONDS, SHARE * took)
        self._deliver(ChangesRead(row.id, changes))
        await self._store.keep_changes(row.id, baseline, changes)


def touched(plan: Json) -> list[str]:
    """Names of the relations that a stored plan touches, without their schemas."""
    found: set[str] = set()
    statements: Any = plan.get("statements", ())
    for statement in statements:
        written = [action.get("relation") for action in statement.get("actions", ())]
        for name in [*written, *statement.get("relations", ())]:
            if name:
                found.add(str(name[-1]))
    return sorted(found)
