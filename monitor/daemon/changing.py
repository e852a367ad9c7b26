"""Keeps, for each open watch, how the database was when it began, and tells what is different now.

The baseline is stored, so that a restart goes on comparing with the same one. A database or store that is
away is asked again later; nothing waits for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from monitor.core.samples import SECOND
from monitor.daemon.happenings import ChangesRead
from monitor.daemon.keeper import Keeper
from monitor.daemon.parts import TargetParts
from monitor.errors import DatabaseError, StoreHeld, StoreLost
from monitor.ports import Json

EVERY_SECONDS = 30.0
"""Between two comparisons; a large pg_stat_statements takes 8 ms at 5,000 entries."""

SHARE = 200
"""... and comparing takes at most 1/200 of the time."""


class Changing:
    """`keepers` gives the open watches, `deliver` takes what changed for one of them."""

    def __init__(
        self, parts: TargetParts, keepers: Callable[[], Iterable[Keeper]],
        deliver: Callable[[ChangesRead], None],
    ) -> None:  # fmt: skip
        self._statistics = parts.statistics
        self._store = parts.store
        self._look_every = parts.policy.interval / SECOND
        self._keepers = keepers
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
        open_watches = {keeper.id: keeper for keeper in self._keepers()}
        if not open_watches:
            self._due = 0.0
        self._baselines = {id: b for id, b in self._baselines.items() if id in open_watches}
        for id in open_watches.keys() - self._baselines.keys():
            self._baselines[id] = await self._begin(id)
        if monotonic() < self._due:
            return
        for keeper in open_watches.values():
            await self._compare(keeper)

    async def _begin(self, watch_id: str) -> Json:
        stored = await self._store.baseline(watch_id)
        if stored is not None:
            return stored
        baseline = await self._statistics.baseline()
        await self._store.keep_changes(watch_id, baseline, None)
        return baseline

    async def _compare(self, keeper: Keeper) -> None:
        baseline = self._baselines[keeper.id]
        if not baseline:
            return
        started = monotonic()
        changes = await self._statistics.changes(baseline, touched(keeper.row.plan.plan))
        took = monotonic() - started
        self._due = monotonic() + max(EVERY_SECONDS, SHARE * took)
        self._deliver(ChangesRead(keeper.id, changes))
        await self._store.keep_changes(keeper.id, baseline, changes)


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
