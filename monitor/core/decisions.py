"""What the core says and asks of the shell. Values only; the shell records and obeys.

`at` is the moment a thing became true, which for a gap or blindness is earlier than the event
at which it was noticed.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.events import Verdict
from monitor.core.evidence import Evidence
from monitor.core.samples import Micros


@dataclass(frozen=True, slots=True)
class StreakPending:
    """The limit is exceeded, of counts: a fifth of the evidence is there. `evidence`: of counts only."""

    at: Micros
    rule: str
    since: Micros
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class StreakFiring:
    at: Micros
    rule: str
    since: Micros
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class StreakCleared:
    """`reason`: recovered, gap, paused, rearmed. `was`: pending, firing. `until`: when it was last so."""

    at: Micros
    rule: str
    reason: str
    was: str
    since: Micros
    until: Micros


@dataclass(frozen=True, slots=True)
class EvidenceLacks:
    """The hold is over, and there is too little traffic to decide; once per streak."""

    at: Micros
    rule: str
    since: Micros
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class WentBlind:
    at: Micros
    metric: str


@dataclass(frozen=True, slots=True)
class Sighted:
    at: Micros
    metric: str


@dataclass(frozen=True, slots=True)
class LateIgnored:
    """An event came too late to count; `at` is its own time."""

    at: Micros


@dataclass(frozen=True, slots=True)
class ExecuteRollback:
    """Execute the stored plan. `by` names the person who asked, "" for the rule alone."""

    at: Micros
    rule: str
    since: Micros
    evidence: Evidence | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class RequestApproval:
    at: Micros
    rule: str
    since: Micros
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class WouldRollBack:
    """In `observe`, or superseded: once per streak, what would have happened."""

    at: Micros
    rule: str
    since: Micros
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class RollbackWithdrawn:
    """What was decided or requested no longer stands; no statement took effect."""

    at: Micros
    rule: str
    since: Micros
    reason: str


@dataclass(frozen=True, slots=True)
class ControlIgnored:
    """A person's control that does not apply to the phase the watch is in."""

    at: Micros
    control: str
    phase: str


@dataclass(frozen=True, slots=True)
class Ended:
    at: Micros
    verdict: Verdict
    reason: str


Decision = (
    StreakPending
    | StreakFiring
    | StreakCleared
    | EvidenceLacks
    | WentBlind
    | Sighted
    | LateIgnored
    | ExecuteRollback
    | RequestApproval
    | WouldRollBack
    | RollbackWithdrawn
    | ControlIgnored
    | Ended
)
