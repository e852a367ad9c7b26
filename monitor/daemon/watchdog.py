"""What the supervisor is told, and when: only as the decision loops go round, never by a timer.

A loop that takes a round in, or waits for a store that another daemon has, beats. At a beat the watchdog
is fed if every target's loop is fresh, by the rule of `/healthz`; so one that stands still is not hidden
by the others, and an event loop that stands still beats no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import Overview, Supervisor, TargetView

EVERY: Micros = SECOND
"""The supervisor is told at most this often; a watchdog's patience is counted in tens of seconds."""

LONGEST = 400
"""Characters of a status line; what is cut is in `migration-monitor status`."""

CALM = frozenset({"warming", "watching", "ended"})
"""Phases that need no word."""

Healthy = Callable[[Sequence[TargetView], Micros], bool]


class Watchdog:
    """Hears the beats of all loops. `healthy`: whether every loop is fresh."""

    def __init__(self, supervisor: Supervisor, healthy: Healthy) -> None:
        self._supervisor = supervisor
        self._healthy = healthy
        self._beaten: set[str] = set()
        self._ready = False
        self._told_at: Micros | None = None
        self._status = ""

    def beat(self, target: str, overview: Overview) -> None:
        """A target's loop went round, or waits for its store."""
        new = target not in self._beaten
        self._beaten.add(target)
        now = overview.now()
        early = self._told_at is not None and now - self._told_at < EVERY and not new
        if early:
            return
        self._told_at = now
        views = overview.targets()
        news = [*self._readiness(views), *self._news(views)]
        if self._healthy(views, now):
            news.append("WATCHDOG=1")
        self._tell(news)

    def ending(self) -> None:
        """The daemon stops, in order or because something died."""
        self._supervisor.tell("STOPPING=1", "STATUS=stopping")

    def _readiness(self, views: Sequence[TargetView]) -> list[str]:
        """Once every loop has beaten; a watchdog more impatient than a loop's own limit is told to wait."""
        if self._ready or not self._beaten >= {view.name for view in views}:
            return []
        needed = max((view.stale_after for view in views), default=0)
        patience = round(self._supervisor.patience * SECOND)
        return ["READY=1", *([f"WATCHDOG_USEC={needed}"] if 0 < patience < needed else [])]

    def _news(self, views: Sequence[TargetView]) -> list[str]:
        status = status_line(views)
        return [f"STATUS={status}"] if status != self._status else []

    def _tell(self, news: list[str]) -> None:
        """What was not handed over is told again at the next beat."""
        if not news or not self._supervisor.tell(*news):
            return
        for line in news:
            self._ready = self._ready or line == "READY=1"
            if line.startswith("STATUS="):
                self._status = line.removeprefix("STATUS=")


class NoWatchdog:
    """Tells nobody."""

    def beat(self, target: str, overview: Overview) -> None: ...

    def ending(self) -> None: ...


def status_line(views: Sequence[TargetView]) -> str:
    """One line for `systemctl status`: how much is watched, then what is not as usual."""
    held = sum(view.holds_store for view in views)
    watches = sum(len(view.watches) for view in views)
    told = f"watching {held} of {len(views)} targets, {watches} open watches"
    line = "; ".join((told, *(word for view in views for word in _words(view))))
    return " ".join(line.split())[:LONGEST]


def _words(view: TargetView) -> list[str]:
    waits = [f"{view.name} waits: {view.trouble or 'its store is held'}"] if not view.holds_store else []
    phases: list[Any] = [watch.get("phase") for watch in view.watches]
    return [*waits, *(f"{view.name}: {phase}" for phase in phases if phase not in CALM)]
