"""Which pages are still open, and when people are reminded of them, channel by channel.

An open page is one whose condition no later alert resolved. It is kept with the target's memory,
so that a restart forgets no reminder. This file sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from monitor.core.samples import Micros
from monitor.daemon.parts import Outgoing
from monitor.ports import Alert, AlertRow, Json, Severity


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

    def due(self, now: Micros) -> tuple[AlertRow, ...]:
        """The reminders whose time has come, each counted as told."""
        rows: list[AlertRow] = []
        for condition, found in self._open.items():
            channels = [
                c for c, every in self._outgoing.remind_every.items() if _is_due(found, c, every, now)
            ]
            if not channels:
                continue
            number = found.reminders + 1
            rows += [
                r for r in self._outgoing.rows(_reminder(found.alert, number, now)) if r.channel in channels
            ]
            told = {**found.told, **dict.fromkeys(channels, now)}
            self._open[condition] = replace(found, told=told, reminders=number)
        return tuple(rows)

    def memory(self) -> Json:
        return {
            c: {"alert": asdict(o.alert), "told": dict(o.told), "reminders": o.reminders}
            for c, o in self._open.items()
        }

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Takes back what `memory` gave."""
        self._open = {
            condition: Open(_alert_from(stored["alert"]), stored["told"], stored["reminders"])
            for condition, stored in memory.items()
        }


def _is_due(found: Open, channel: str, every: Micros, now: Micros) -> bool:
    return every > 0 and now - found.told.get(channel, found.alert.at) >= every


def _reminder(alert: Alert, number: int, now: Micros) -> Alert:
    return replace(
        alert, transition=f"{alert.transition}/reminder/{number}", at=now, title=f"still: {alert.title}"
    )


def _alert_from(stored: Mapping[str, Any]) -> Alert:
    facts: Sequence[Sequence[str]] = stored["facts"]
    return Alert(
        **{
            **stored,
            "severity": Severity(stored["severity"]),
            "facts": tuple((label, text) for label, text in facts),
            "commands": tuple(stored["commands"]),
        }
    )
