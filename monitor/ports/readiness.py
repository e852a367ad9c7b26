"""Whether a rollback could be executed now, and what is in its way.

A reason is a sentence for people with a code for programs. A plain sentence is a reason too: its
code is `other`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.ports.losses import AtRisk


class Lack(StrEnum):
    """Everything that can be in a rollback's way, as exported: a closed set."""

    CONNECTION = "connection"  # no held connection, or it does not answer
    STANDBY = "standby"  # not a writable primary
    CLUSTER = "cluster"  # another cluster answers behind the name
    POOLER = "pooler"  # not a direct connection
    TIMELINE = "timeline"  # a failover lost part of the ledger
    LEDGER = "ledger"  # the watch is not in the ledger, or has ended there
    RIGHTS = "rights"  # of the rollback's role
    HASH = "hash"  # the stored text is not the registered one
    SUPERSEDED = "superseded"  # a newer watch on the target
    DRIFT = "drift"  # the touched objects changed
    DEPENDENTS = "dependents"  # something new depends on them
    BY_HAND = "by_hand"  # the schema is rolled back already
    LOCKS_ESTIMATE = "locks_estimate"  # it would hold its locks for too long
    DATA_LOSS = "data_loss"  # what it would destroy can't be kept
    DATA = "data"  # rows that are there break what it would bring back
    HISTORY = "history"  # the migration tool's table says otherwise
    HOOK = "hook"  # a hook of the rollback can't be run
    NO_ROLLBACK = "no_rollback"  # the watch has none: it only alerts
    UNCHECKED = "unchecked"  # not proven yet
    OTHER = "other"


class Reason(str):
    """A sentence that knows its code; otherwise a plain text."""

    __slots__ = ("code",)

    code: Lack

    def __new__(cls, text: str, code: Lack = Lack.OTHER) -> Reason:
        made = super().__new__(cls, text)
        made.code = code
        return made


NO_ROLLBACK = Reason(
    "there is no rollback: the watch only alerts, and manual action is needed", Lack.NO_ROLLBACK
)


def code_of(reason: str) -> Lack:
    """The code of a reason; `other` of a plain sentence."""
    return reason.code if isinstance(reason, Reason) else Lack.OTHER


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a rollback could be executed now. `reasons` are sentences; `notes` inform without blocking.

    `timeline`: of the primary that answered; 0: not known.
    """

    ok: bool
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    timeline: int = 0
    at_risk: tuple[AtRisk, ...] | None = None  # what a rollback would take away now; None: not asked
    asked: bool = True  # False: nobody could look, the rollback connection is in use

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the reasons, each once, in the order of the reasons."""
        return tuple(dict.fromkeys(code_of(reason).value for reason in self.reasons))
