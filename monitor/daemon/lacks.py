"""Which reasons against a rollback people have been told, so that each change is told once.

A reason that comes and goes is told at most twice: it came, it went, it came again; from then on it
stands until it has not been seen for CALM, and the reminders of an open page repeat it. Values only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from monitor.core.samples import MINUTE, Micros
from monitor.ports import Json, Lack, code_of

CALM: Micros = 10 * MINUTE
"""How long a reason that came back must stay away before it is believed to be gone."""

_NUMBER = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Told:
    """One reason. `open`: people were told that it is there. `flaps`: it came back within CALM."""

    key: str
    text: str
    seen_at: Micros
    open: bool = True
    flaps: bool = False


class Lacks:
    """The reasons of one watch. `stored`: what `memory` gave."""

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
