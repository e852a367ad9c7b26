"""The hooks of one target in the order of the configuration: ports.Levers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.ports.hooks import Call, Moment, Pulled


class Lever(Protocol):
    """One thing that can be pulled."""

    async def pull(self, call: Call, key: str) -> str:
        """Within its deadline; why it failed, "" when it did not. `key` is the idempotency key."""

    def fault(self) -> str:
        """Why it could not be pulled, as far as that can be seen from here; "" if nothing is."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A lever in its place. `stops`: when it fails, the rollback does not go on."""

    name: str
    moment: Moment
    lever: Lever
    stops: bool


class Row:
    """Pulls what belongs to a moment, one after another."""

    def __init__(self, fitted: Sequence[Fitted]) -> None:
        self._fitted = tuple(fitted)

    async def pull(self, call: Call) -> Sequence[Pulled]:
        """See ports.Levers."""
        found: list[Pulled] = []
        for number, fitted in enumerate(f for f in self._fitted if f.moment is call.moment):
            began = time.monotonic()
            why = await fitted.lever.pull(call, f"{call.key}/{number}")
            took = round(time.monotonic() - began, 3)
            found.append(Pulled(fitted.name, took, why, bool(why) and fitted.stops))
            if found[-1].stops:
                break
        return found

    def faults(self) -> Sequence[str]:
        """See ports.Levers."""
        return [f"{f.name}: {why}" for f in self._fitted if (why := f.lever.fault())]
