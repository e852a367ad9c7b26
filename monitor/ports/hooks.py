"""What else is moved beside a rollback: the application's old version, a queue, a feature flag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Moment(StrEnum):
    """When a hook is pulled."""

    BEFORE = "before"  # the intent is committed, no statement of the plan was sent
    AFTER = "after"  # the plan took effect


@dataclass(frozen=True, slots=True)
class Call:
    """Why a hook is pulled. `decision` is the same however often the same decision is carried out.

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
class Pulled:
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


class Levers(Protocol):
    """The hooks of one target, pulled one after another, each within its own deadline."""

    async def pull(self, call: Call) -> Sequence[Pulled]:
        """Those of the call's moment, in order, up to the first failure that stops. Never raises for them."""

    def faults(self) -> Sequence[str]:
        """What keeps a hook from being pulled, as far as it can be known without pulling it."""


class NoLevers:
    """The null object: a target without hooks."""

    async def pull(self, call: Call) -> Sequence[Pulled]:  # noqa: ARG002 - the port's
        return ()

    def faults(self) -> Sequence[str]:
        return ()
