"""Tells people of registrations that a program was refused: nobody saw it, and the migration is not watched.

A person at a terminal has read the refusal and is told nothing. The same refusal again is no news; it is over
when the migration is registered after all. Kept with the target's memory. This file sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.samples import HOUR, Micros
from monitor.ports import Alert, Json, Refused, Via
from monitor.present import notices

KNOWN_FOR: Micros = 7 * 24 * HOUR
"""Refusals of so long are looked at: their migration may be registered after all."""

TOLD_FOR: Micros = 24 * HOUR
"""What is found older than this is told by `status` alone; the same refusal is news again after it."""

IDS_MAX = 200
"""Rows that are remembered as told; more than are read at once."""


class Refusals:
    """Of one target."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._told: list[int] = []
        self._open: dict[str, tuple[Micros, tuple[str, ...]]] = {}  # migration -> when what was told

    def hear(self, rows: Sequence[Refused], now: Micros) -> list[Alert]:
        """What is to be told of these; each once."""
        found: list[Alert] = []
        for row in sorted(rows, key=lambda row: row.id):
            if row.watched_since:
                found += self._watched(row, now)
            elif row.id not in self._told and row.refusal.via is not Via.TERMINAL:
                found += self._refused(row, now)
            if row.id not in self._told:
                self._told = [*self._told, row.id][-IDS_MAX:]
        known = {row.refusal.migration for row in rows}
        self._open = {name: told for name, told in self._open.items() if name in known}
        return found

    def memory(self) -> Json:
        return {
            "told": list(self._told),
            "open": {name: [at, list(reasons)] for name, (at, reasons) in self._open.items()},
        }

    def restore(self, memory: Mapping[str, Any]) -> None:
        """Takes back what `memory` gave."""
        self._told = list(memory.get("told", ()))
        self._open = {n: (at, tuple(reasons)) for n, (at, reasons) in memory.get("open", {}).items()}

    def _refused(self, row: Refused, now: Micros) -> list[Alert]:
        refusal = row.refusal
        at, reasons = self._open.get(refusal.migration, (row.at, ()))
        known = reasons == refusal.reasons and row.at - at <= TOLD_FOR
        if known or now - row.at > TOLD_FOR:
            return []
        self._open[refusal.migration] = (row.at, refusal.reasons)
        return [notices.refused(self._target, row)]

    def _watched(self, row: Refused, now: Micros) -> list[Alert]:
        if self._open.pop(row.refusal.migration, None) is None:
            return []
        return [notices.watched_after_all(self._target, row, now)]
