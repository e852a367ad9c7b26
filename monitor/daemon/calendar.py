"""The calendar work: what has to be done now and then, and may be late. Never a rollback, never a poll.

APScheduler follows the wall clock and an exception can end a job silently; so every run is caught
here, counted and logged at its first failure, and missed runs are counted too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from monitor.clock import Clock
from monitor.core.samples import SECOND, Micros
from monitor.daemon.parts import Outgoing
from monitor.errors import DatabaseError
from monitor.ports import Alert, EventRow, Keepsake, Keepsakes, Record, Store, Telemetry
from monitor.present import notices

log = structlog.get_logger()

JOB_DEFAULTS = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
"""A late run is better than none; after a long stop one run is enough; a job never overlaps itself."""


@dataclass(frozen=True, slots=True)
class CalendarJob:
    """Something done `every` so many seconds; `run` has deadlines of its own."""

    name: str
    every: float
    run: Callable[[], Awaitable[object]]


class Calendar:
    """Runs its jobs until it is cancelled."""

    name = "calendar"

    def __init__(self, jobs: Sequence[CalendarJob], telemetry: Telemetry) -> None:
        self._jobs = tuple(jobs)
        self._telemetry = telemetry
        self._failing: set[str] = set()

    async def run(self) -> None:
        """Starts the scheduler in the running loop and stays with it."""
        scheduler = AsyncIOScheduler(job_defaults=JOB_DEFAULTS, timezone="UTC")
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        for job in self._jobs:
            scheduler.add_job(self._run, IntervalTrigger(seconds=job.every), args=[job], id=job.name)
        scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            scheduler.shutdown(wait=False)

    async def aclose(self) -> None:
        """Nothing of a calendar outlives its task."""

    async def _run(self, job: CalendarJob) -> None:
        try:
            await job.run()
        except asyncio.CancelledError:
            raise
        except Exception as e:
            self._telemetry.count("calendar_runs_total", calendar_job=job.name, outcome="error")
            if job.name not in self._failing:
                log.warning("calendar.failing", job=job.name, error=f"{type(e).__name__}: {e}")
            self._failing.add(job.name)
            return
        self._telemetry.count("calendar_runs_total", calendar_job=job.name, outcome="ok")
        if job.name in self._failing:
            self._failing.discard(job.name)
            log.info("calendar.recovered", job=job.name)

    def _missed(self, event: JobEvent) -> None:
        self._telemetry.count("calendar_runs_total", calendar_job=str(event.job_id), outcome="missed")


HOUR: Micros = 3600 * SECOND


@dataclass(frozen=True, slots=True)
class ExpiryNotices:
    """Says that kept data is about to be dropped, and that it was; drops nothing unannounced.

    One target's: what was kept, where alerts are written and sent.
    """

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
