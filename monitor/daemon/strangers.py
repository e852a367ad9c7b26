"""Who has the daemon's advisory lock without being one: paged once, resolved when it is gone.

It keeps nobody out, so a rollback goes on beside it; but nobody takes that lock by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.samples import Micros
from monitor.daemon.lacks import Lacks
from monitor.ports import Alert, Json
from monitor.present import notices


class Strangers:
    """What people were told of the strangers of one target."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._told = Lacks()

    def hear(self, stranger: str, now: Micros) -> Alert | None:
        """Takes in who has the lock, as a sentence ("": nobody); what people are to be told, if anything."""
        if not self._told.hear([stranger] if stranger else [], now):
            return None
        return notices.strangers(self._target, self._told.open, now)

    def memory(self) -> Sequence[Json]:
        return self._told.memory()

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._told = Lacks(memory)
