"""Calendar work: says that kept data is about to be dropped, and that it was. Drops nothing unannounced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.clock import Clock
from monitor.core.samples import SECOND, Micros
from monitor.daemon.messages import command, when
from monitor.daemon.parts import Outgoing
from monitor.errors import DatabaseError
from monitor.ports import Alert, EventRow, Keepsake, Keepsakes, Record, Severity, Store

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
        soon = await self.kept.soon()
        await self._tell([self._ending(k) for k in soon], [self._event(k) for k in soon])
        await self.kept.announced(soon)
        dropped, trouble = await self.kept.drop_due()
        await self._tell([self._ended(k) for k in dropped], [])
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

    def _ending(self, k: Keepsake) -> Alert:
        ends = max(k.ends_at, self.clock.now() + 24 * HOUR)
        return self._alert(
            k, f"kept_expiring/{k.place}", Severity.WARNING,
            f"what its rollback kept of {k.name} will be dropped after {when(ends)}",
            "it is dropped then; put it back, or copy it, if it is still wanted",
            (command("restore", k.migration),),
        )  # fmt: skip

    def _ended(self, k: Keepsake) -> Alert:
        title = f"what its rollback kept of {k.name} was dropped: its time was over"
        return self._alert(k, f"kept_dropped/{k.place}", Severity.INFO, title, "", ())

    def _alert(
        self, k: Keepsake, transition: str, severity: Severity, title: str, after: str,
        commands: tuple[str, ...],
    ) -> Alert:  # fmt: skip
        return Alert(
            transition, f"{k.watch_id}/{transition}", self.target, k.migration, k.watch_id, self.clock.now(),
            severity, title, (("place", k.place),), after, commands, page=False,
        )  # fmt: skip
