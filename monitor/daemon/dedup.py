"""What people have been told already, so that each change is told once; stored, and taken back.

Of a watch: why it is not ready, which streaks and which silent instances. Of a target: who has its lock, and
which registrations were refused. This file sends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from monitor.core.samples import HOUR, MINUTE, Micros
from monitor.ports import Alert, Json, Lack, Refused, Via, code_of
from monitor.present import notices

CALM: Micros = 10 * MINUTE
"""How long a reason that came back must stay away before it is believed to be gone."""

_NUMBER = re.compile(r"\d+(\.\d+)?")

KNOWN_FOR: Micros = 7 * 24 * HOUR
"""Refusals of so long are looked at: their migration may be registered after all."""

TOLD_FOR: Micros = 24 * HOUR
"""What is found older than this is told by `status` alone; the same refusal is news again after it."""

IDS_MAX = 200
"""Rows that are remembered as told; more than are read at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """One reason. `open`: people were told that it is there. `flaps`: it came back within CALM."""

    key: str
    text: str
    seen_at: Micros
    open: bool = True
    flaps: bool = False


class ReadinessNotices:
    """Which reasons against a rollback people have been told, of one watch. `stored`: what `memory` gave.

    A reason that comes and goes is told at most twice: it came, it went, it came again; from then on it
    stands until it has not been seen for CALM, and the reminders of an open page repeat it.
    """

    def __init__(self, stored: Sequence[Mapping[str, Any]] = ()) -> None:
        self._told = {told["key"]: Told(**told) for told in stored}

    @property
    def open(self) -> tuple[str, ...]:
        """The reasons that people were told and that stand."""
        return tuple(told.text for told in self._told.values() if told.open)

    def hear(self, reasons: Sequence[str], now: Micros) -> bool:
        """Takes in what is in the way now; True when that is news."""
        before = self._standing()
        present = {key_of(reason): str(reason) for reason in reasons}
        absent = {k: _away(t, now) for k, t in self._told.items() if k not in present}
        kept = {k: t for k, t in absent.items() if t.open or now - t.seen_at < CALM}
        self._told = kept | {k: _here(self._told.get(k), k, text, now) for k, text in present.items()}
        return self._standing() != before

    def forget(self) -> bool:
        """Nobody asks for a rollback any more: nothing is in its way. True when something stood."""
        stood = bool(self.open)
        self._told = {}
        return stood

    def memory(self) -> Sequence[Json]:
        return [asdict(told) for told in self._told.values()]

    def _standing(self) -> set[str]:
        return {key for key, told in self._told.items() if told.open}


class WatchNotices:
    """What people have been told of one watch. `stored`: its state, in which is what `memory` gave.

    `pending`: rules whose streak was told before it fires. `untold`: conditions that nobody was told of,
    because a newer watch says what is so on the target.
    """

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.readiness = ReadinessNotices(stored.get("lacks", ()))
        self.pending: set[str] = set(stored.get("told_pending", ()))
        self.untold: set[str] = set(stored.get("untold", ()))
        self._missing: dict[str, int] = dict(stored.get("missing", {}))

    def hear_missing(self, metric: str, instances: int) -> bool:
        """How many instances of a source do not answer; True when that is news."""
        if instances == self._missing.get(metric, 0):
            return False
        self._missing[metric] = instances
        return True

    def memory(self) -> Json:
        return {
            "missing": dict(self._missing),
            "told_pending": sorted(self.pending),
            "untold": sorted(self.untold),
            "lacks": self.readiness.memory(),
        }


class StrangerNotices:
    """Who has the daemon's advisory lock without being one: paged once, resolved when it is gone.

    It keeps nobody out, so a rollback goes on beside it; but nobody takes that lock by chance.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._told = ReadinessNotices()

    def hear(self, stranger: str, now: Micros) -> Alert | None:
        """Takes in who has the lock, as a sentence ("": nobody); what people are to be told, if anything."""
        if not self._told.hear([stranger] if stranger else [], now):
            return None
        return notices.strangers(self._target, self._told.open, now)

    def memory(self) -> Sequence[Json]:
        return self._told.memory()

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._told = ReadinessNotices(memory)


class RefusalNotices:
    """Registrations that a program was refused: nobody saw it, and the migration is not watched.

    A person at a terminal has read the refusal and is told nothing. The same refusal again is no news; it is
    over when the migration is registered after all.
    """

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


def _here(told: Told | None, key: str, text: str, now: Micros) -> Told:
    """A reason that is there now; one that was closed less than CALM ago flaps."""
    returned = told is not None and not told.open and now - told.seen_at < CALM
    return Told(key, text, now, True, returned or (told is not None and told.open and told.flaps))


def _away(told: Told, now: Micros) -> Told:
    """A reason that is not there now: gone, unless it flaps and was here a moment ago."""
    stands = told.open and told.flaps and now - told.seen_at < CALM
    return told if stands or not told.open else replace(told, open=False)


def key_of(reason: str) -> str:
    """What makes two reasons the same: the code and the sentence without its numbers.

    A connection fails with many words while its server restarts; that is one reason.
    """
    code = code_of(reason)
    return code.value if code is Lack.CONNECTION else f"{code.value}/{_NUMBER.sub('#', reason)}"
