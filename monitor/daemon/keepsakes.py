"""Calendar work: says that kept data is about to be dropped, and that it was. Drops nothing unannounced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.clock import Clock
from monitor.core.samples import SECOND, Micros
from monitor.daemon.parts import Outgoing
from monitor.errors import DatabaseError
from monitor.ports import Alert, EventRow, Keepsake, Keepsakes, Record, Store
from monitor.present import notices

HOUR: Micros = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Clearing:
    """One target's: what was kept, where alerts are written and sent."""

    target: str
    kept: Keepsakes
    store: Store
    outgoing: Outgoing
    clock: Clock

    async def run(self) -> None:
        """Tells first and marks then: a crash between the two tells twice, under the same key."""
        if not self.store.holds:
            return
        soon, now = await self.kept.soon(), self.clock.now()
        ending = [notices.kept_expiring(self.target, k, max(k.ends_at, now + 24 * HOUR), now) for k in soon]
        await self._tell(ending, [self._event(k) for k in soon])
        await self.kept.announced(soon)
        dropped, trouble = await self.kept.drop_due()
        now = self.clock.now()
        await self._tell([notices.kept_dropped(self.target, k, now) for k in dropped], [])
        if trouble:
            raise DatabaseError("; ".join(trouble[:3]))

    async def _tell(self, alerts: Sequence[Alert], events: Sequence[EventRow]) -> None:
        if not alerts:
            return
        rows = tuple(row for alert in alerts for row in self.outgoing.rows(alert))
        await self.store.record(Record(events=tuple(events), alerts=rows))
        self.outgoing.send(rows)

    def _event(self, k: Keepsake) -> EventRow:
        detail = {"source": k.name, "place": k.place}
        key = f"{k.watch_id}/kept_expiring/{k.place}"
        return EventRow(k.watch_id, self.clock.now(), "kept_expiring", detail, key)
