"""What else is moved beside a rollback: the application's old version, a queue, a feature flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Moment(StrEnum):
    """When a hook is called."""

    BEFORE = "before"  # the intent is committed, no statement of the plan was sent
    AFTER = "after"  # the plan took effect


@dataclass(frozen=True, slots=True)
class Call:
    """Why a hook is called. `decision` is the same however often the same decision is carried out.

    `reason`: the rule that fired, or `person`. `outcome`: `rolled_back` or `unverified`; "" before.
    """

    moment: Moment
    watch_id: str
    target: str
    migration: str
    reason: str
    decision: str
    outcome: str = ""

    @property
    def key(self) -> str:
        """For receivers: whoever saw it before has done it already."""
        return f"{self.watch_id}/{self.decision}/{self.moment.value}"


@dataclass(frozen=True, slots=True)
class HookResult:
    """What became of one hook. `why`: a sentence, "" when it succeeded; `stops`: nothing may go on."""

    name: str  # `before_rollback[0].webhook`
    seconds: float
    why: str = ""
    stops: bool = False

    @property
    def ok(self) -> bool:
        return not self.why

    def __str__(self) -> str:
        return f"{self.name} {'succeeded' if self.ok else f'failed: {self.why}'}"


class Hooks(Protocol):
    """The hooks of one target, called one after another, each within its own deadline."""

    async def run(self, call: Call) -> Sequence[HookResult]:
        """Those of the call's moment, in order, up to the first failure that stops. Never raises for them."""

    def faults(self) -> Sequence[str]:
        """What keeps a hook from being called, as far as it can be known without calling it."""


class NoHooks:
    """The null object: a target without hooks."""

    async def run(self, call: Call) -> Sequence[HookResult]:  # noqa: ARG002 - the port's
        return ()

    def faults(self) -> Sequence[str]:
        return ()
