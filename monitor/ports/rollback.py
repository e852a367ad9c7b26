"""The rollback of one target: may it be executed, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

from monitor.core.samples import Micros
from monitor.ports.readiness import Readiness
from monitor.ports.shapes import Json
from monitor.ports.watches import WatchRow


class Want(IntEnum):
    """Whether a rollback that was decided is wanted: not at this moment is no reason to give it up."""

    NO = 0
    NOT_NOW = 1  # the breach has not ended, and the latest reads don't show it
    YES = 2


Wanted = Callable[[], Want | bool]


class OutcomeKind(StrEnum):
    ROLLED_BACK = "rolled_back"  # committed, post-condition holds
    UNVERIFIED = "unverified"  # committed, post-condition does not hold
    FAILED = "failed"  # an error that is not retried; the reason says what took effect before it
    REFUSED = "refused"  # a check before the first statement said no
    WITHDRAWN = "withdrawn"  # the streak ended before any statement took effect
    OVERRULED = "overruled"  # a person's pause or cancel was committed before the intent
    LEDGER_LOST = "ledger_lost"  # a failover lost part of the ledger: nothing is done without a person
    RESOLVED_EXTERNALLY = "resolved_externally"  # found to be rolled back by hand


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: OutcomeKind
    reason: str = ""  # one sentence for people
    detail: Json = field(default_factory=dict)  # tries, seconds, verified, salvaged rows, differences


@dataclass(frozen=True, slots=True)
class Order:
    """One rollback to execute: which watch, why (the evidence of the intent), who asked ("" = the rule)."""

    watch: WatchRow
    at: Micros
    rule: str
    since: Micros
    evidence: Json
    by: str = ""


class ProgressKind(StrEnum):
    INTENT = "intent"  # committed: pause and cancel are refused from here on
    BLOCKED = "blocked"  # a try did not get its locks: blockers in the detail
    BUDGET_SPENT = "budget_spent"  # lock_budget is over: page, go on slowly
    RETRY = "retry"  # the connection was lost or the server asked to retry
    IN_DOUBT = "in_doubt"  # COMMIT was sent, its answer was lost
    RESUMED = "resumed"  # a part took effect before a restart: page, go on with the rest
    SETTLED = "settled"  # the doubt is over, from the ledger
    CLEARED = "cleared"  # blockers were cancelled or terminated, as the configuration says
    HOOK_PULLED = "hook_pulled"  # the hooks before the rollback succeeded
    HOOK_FAILED = "hook_failed"  # one failed, and the rollback continues
    HOOK_BLOCKS = "hook_blocks"  # one failed, and no statement is sent until it succeeds
    REFUSED_FOR_NOW = "refused_for_now"  # the server refuses the connection: tried again within the budget
    HINDERED = "hindered"  # no room on the server, or our own cap ended it: page, tried again
    PROMOTED = "promoted"  # another timeline answers, and it has lost nothing of the rollback


@dataclass(frozen=True, slots=True)
class Progress:
    kind: ProgressKind
    text: str
    detail: Json = field(default_factory=dict)


class Executor(Protocol):
    """The rollback of one target: holds a direct connection to its writable primary."""

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        """Cheap at every poll, full every few minutes and in a breach; never raises DatabaseError."""

    async def execute(self, order: Order, wanted: Wanted, report: Callable[[Progress], None]) -> Outcome:
        """The protocol from the intent on. `wanted` is asked before each try: NO = withdraw, NOT_NOW = wait.

        Once a part of the plan took effect it is asked no more: the rest is finished, or has failed.
        Returns only a settled outcome: while a COMMIT is in doubt it goes on asking the primary.
        Cancelling it (SIGTERM) finishes a COMMIT that was sent, or rolls the open group back.
        """

    async def settle(
        self, watch: WatchRow, wanted: Wanted, report: Callable[[Progress], None]
    ) -> Outcome | None:
        """After a restart: what became of a committed intent. None: nothing took effect.

        A plan that is half done is finished here.
        """

    async def aclose(self) -> None: ...
