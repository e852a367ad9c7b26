"""Which pages are still open, and when people are reminded of them, channel by channel.

An open page is one whose condition no later alert resolved. It is kept with the target's memory,
so that a restart forgets no reminder. This file sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.core.samples import Micros
from monitor.daemon.parts import Outgoing
from monitor.ports import Alert, AlertRow, Json
from monitor.ports.alerts import RANK, alert_from, alert_to

_ALWAYS: Json = {"facts": (), "commands": ()}
"""An older program, which may take over again, wants these, and knows no `stage` of an alert."""


@dataclass(frozen=True, slots=True)
class Open:
    """One page, and when each channel heard of it last."""

    alert: Alert
    told: Mapping[str, Micros] = field(default_factory=dict)
    reminders: int = 0


class Reminders:
    """`every`: channel -> how often it wants to be reminded; 0: never."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._open: dict[str, Open] = {}

    def note(self, alert: Alert) -> None:
        """An alert that goes out: a page opens its condition, a resolve closes it."""
        if alert.resolves:
            self._open.pop(alert.condition, None)
        elif alert.page:
            self._open[alert.condition] = Open(alert, dict.fromkeys(self._outgoing.remind_every, alert.at))

    def is_open(self, condition: str) -> bool:
        return condition in self._open

    def still_open(self, watch_id: str) -> list[Alert]:
        """Pages of a watch that nothing resolved."""
        return [o.alert for o in self._open.values() if o.alert.watch_id == watch_id]

    def drop(self, watch_id: str) -> None:
        """The watch has ended: its verdict has been told, and nobody is reminded of the past."""
        self._open = {c: o for c, o in self._open.items() if o.alert.watch_id != watch_id}

    def due(self, now: Micros, told: Callable[[Alert], Alert] = lambda alert: alert) -> tuple[AlertRow, ...]:
        """The reminders whose time has come, each counted as told; of what is one story, the gravest page.

        `told`: the alert as it goes out.
        """
        rows: list[AlertRow] = []
        for found in self._gravest():
            due = {c for c, every in self._outgoing.remind_every.items() if _is_due(found, c, every, now)}
            if due:
                alert = told(_reminder(found.alert, now))
                rows += [row for row in self._outgoing.rows(alert) if row.channel in due]
                self._count(found, due, now)
        return tuple(rows)

    def _gravest(self) -> list[Open]:
        """The latest page of the gravest stage of each watch, and what belongs to no story."""
        stories: dict[str | None, Open] = {}
        for found in self._open.values():
            known = stories.get(found.alert.watch_id)
            if found.alert.stage and (known is None or RANK[found.alert.stage] >= RANK[known.alert.stage]):
                stories[found.alert.watch_id] = found
        return [*(o for o in self._open.values() if not o.alert.stage), *stories.values()]

    def _count(self, found: Open, channels: Collection[str], now: Micros) -> None:
        told = {**found.told, **dict.fromkeys(channels, now)}
        self._open[found.alert.condition] = replace(found, told=told, reminders=found.reminders + 1)

    def memory(self) -> Json:
        return {
            c: {
                "alert": {**_ALWAYS, **alert_to(replace(o.alert, stage=""))},
                "stage": str(o.alert.stage),
                "told": dict(o.told),
                "reminders": o.reminders,
            }
            for c, o in self._open.items()
        }

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Takes back what `memory` gave."""
        self._open = {
            condition: Open(
                alert_from({**stored["alert"], "stage": stored.get("stage", "")}),
                stored["told"],
                stored["reminders"],
            )
            for condition, stored in memory.items()
        }


def _is_due(found: Open, channel: str, every: Micros, now: Micros) -> bool:
    return every > 0 and now - found.told.get(channel, found.alert.at) >= every


def _reminder(alert: Alert, now: Micros) -> Alert:
    """Its key has the time: a page that is asked for again after a restart begins no count anew."""
    return replace(
        alert, transition=f"{alert.transition}/reminder/{now}", at=now, title=f"still: {alert.title}"
    )
