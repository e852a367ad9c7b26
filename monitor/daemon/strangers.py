"""Who has the daemon's advisory lock without being one: paged once, resolved when it is gone.

It keeps nobody out, so a rollback goes on beside it; but nobody takes that lock by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.samples import Micros
from monitor.daemon.lacks import Lacks
from monitor.daemon.messages import command
from monitor.ports import Alert, Json, Severity


class Strangers:
    """What people were told of the strangers of one target."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._told = Lacks()

    def hear(self, stranger: str, now: Micros) -> Alert | None:
        """Takes in who has the lock, as a sentence ("": nobody); what people are to be told, if anything."""
        if not self._told.hear([stranger] if stranger else [], now):
            return None
        found = self._told.open
        return self._alert(
            now, "a session that is no daemon has the daemon's advisory lock" if found else
            "no stranger has the daemon's advisory lock any more", found,
        )  # fmt: skip

    def memory(self) -> Sequence[Json]:
        return self._told.memory()

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._told = Lacks(memory)

    def _alert(self, now: Micros, title: str, found: Sequence[str]) -> Alert:
        return Alert(
            f"stranger/{bool(found)}/{now}", f"{self._target}/stranger", self._target, "", None, now,
            Severity.ERROR if found else Severity.INFO, f"{self._target}: {title}",
            facts=tuple(("stranger", text) for text in found),
            next="watching and rollbacks go on: the lease in the ledger decides" if found else "",
            commands=(command("check", ""),) if found else (), resolves=not found,
        )  # fmt: skip
