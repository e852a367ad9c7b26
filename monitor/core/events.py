"""What can happen to a watch. Every event carries its own time `at`.

Events with the same `at` are one batch; `BatchEnded` closes it. This file holds values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from monitor.core.samples import Micros, Reading


class Verdict(StrEnum):
    """How a watch ended. A verdict never changes."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    REFUSED = "refused"
    UNVERIFIED = "unverified"
    INCONCLUSIVE = "inconclusive"
    CANCELLED = "cancelled"
    RESOLVED_EXTERNALLY = "resolved_externally"


class Measured(NamedTuple):
    """A probe answered, or could not."""

    at: Micros
    reading: Reading


class Passed(NamedTuple):
    """Time moved on; nothing was measured."""

    at: Micros


class BatchEnded(NamedTuple):
    """All events of this moment are in: rollback, success and giving up are asked now."""

    at: Micros


@dataclass(frozen=True, slots=True)
class Paused:
    at: Micros


@dataclass(frozen=True, slots=True)
class Resumed:
    at: Micros


@dataclass(frozen=True, slots=True)
class Cancelled:
    at: Micros
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    """A person approved the rollback that was requested."""

    at: Micros
    by: str = ""


@dataclass(frozen=True, slots=True)
class RollbackAsked:
    """A person asked for the rollback; it needs no breach."""

    at: Micros
    by: str = ""


@dataclass(frozen=True, slots=True)
class ArmingChanged:
    """A newer watch on the target took over (`armed` False), or gave the target back (True)."""

    at: Micros
    armed: bool


@dataclass(frozen=True, slots=True)
class Restarted:
    """The daemon starts with a stored state: what was decided and not begun needs fresh evidence."""

    at: Micros


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """What the daemon knew of the target is lost in part: from here on a person must approve."""

    at: Micros


@dataclass(frozen=True, slots=True)
class Rearmed:
    """What was wrong before the migration is over for a whole hold: the watch may act by itself again."""

    at: Micros


@dataclass(frozen=True, slots=True)
class IntentCommitted:
    """From here on pause and cancel are refused."""

    at: Micros


@dataclass(frozen=True, slots=True)
class DoubtChanged:
    """A COMMIT's answer was lost (`in_doubt`), or what became of it is known again."""

    at: Micros
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """The rollback came to its end, or was found done by hand. Without a verdict nothing took effect."""

    at: Micros
    verdict: Verdict | None
    reason: str = ""


Event = (
    Measured
    | Passed
    | BatchEnded
    | Paused
    | Resumed
    | Cancelled
    | Approved
    | RollbackAsked
    | ArmingChanged
    | Restarted
    | ApprovalNeeded
    | Rearmed
    | IntentCommitted
    | DoubtChanged
    | Executed
)
