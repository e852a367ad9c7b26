"""The hooks of one target in the order of the configuration: ports.Hooks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.ports.hooks import Call, HookResult, Moment


class OpenHook(Protocol):
    """One thing that can be called."""

    async def run(self, call: Call, key: str) -> str:
        """Within its deadline; why it failed, "" when it did not. `key` is the idempotency key."""

    def fault(self) -> str:
        """Why it could not be called, as far as that can be seen from here; "" if nothing is."""


@dataclass(frozen=True, slots=True)
class PlacedHook:
    """A hook in its place. `stops`: when it fails, the rollback does not go on."""

    name: str
    moment: Moment
    hook: OpenHook
    stops: bool


class HooksInOrder:
    """Calls what belongs to a moment, one after another."""

    def __init__(self, placed: Sequence[PlacedHook]) -> None:
        self._placed = tuple(placed)

    async def run(self, call: Call) -> Sequence[HookResult]:
        """See ports.Hooks."""
        found: list[HookResult] = []
        for number, placed in enumerate(f for f in self._placed if f.moment is call.moment):
            began = time.monotonic()
            why = await placed.hook.run(call, f"{call.key}/{number}")
            took = round(time.monotonic() - began, 3)
            found.append(HookResult(placed.name, took, why, bool(why) and placed.stops))
            if found[-1].stops:
                break
        return found

    def faults(self) -> Sequence[str]:
        """See ports.Hooks."""
        return [f"{f.name}: {why}" for f in self._placed if (why := f.hook.fault())]
