"""What changed in a target's database since a watch began, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from monitor.ports.shapes import Json


class Statistics(Protocol):
    """What a target's database counts of its statements. Every method has deadlines, raises DatabaseError."""

    async def baseline(self) -> Json:
        """How it is now, to be compared with later."""

    async def changes(self, baseline: Json, tables: Sequence[str]) -> Json:
        """since, at, statements {slower, heavier, new, gone} or null, lock_waits, invalid_indexes."""

    async def aclose(self) -> None: ...


class NoStatistics:
    """The null object: nothing is compared."""

    async def baseline(self) -> Json:
        return {}

    async def changes(self, baseline: Json, tables: Sequence[str]) -> Json:  # noqa: ARG002 - the port's
        return {}

    async def aclose(self) -> None:
        """Holds nothing."""
