"""The calendar's job that keeps reports as files, where the configuration names a folder."""

from __future__ import annotations

from pathlib import Path

from monitor.backend import StoredWatches
from monitor.clock import Clock
from monitor.daemon.calendar import CalendarJob
from monitor.report.filing import Filing
from monitor.settings import Settings

REPORTS = "reports"

REPORT_SECONDS = 15.0


def report_jobs(settings: Settings, watches: StoredWatches, clock: Clock) -> list[CalendarJob]:
    """One job, or none."""
    if settings.report.dir is None:
        return []
    folder = Path(settings.report.dir)
    filing = Filing(folder, watches.watches, watches.report, settings.rollback.verify_for, clock)
    return [CalendarJob(REPORTS, REPORT_SECONDS, filing.run)]
