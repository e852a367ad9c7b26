"""How a watch ended: what is so, and what is left to a person. One source for alerts, page and terminal.

Values in, values out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.core.events import Verdict
from monitor.ports import Severity


@dataclass(frozen=True, slots=True)
class Ending:
    """`said` goes on after a migration's name, or begins a sentence. `left`: what is left to a person."""

    severity: Severity
    said: str
    left: str = ""

    def sentence(self) -> str:
        """Both, as sentences of their own."""
        return f"{self.said[0].upper()}{self.said[1:]}.{f' {self.left}' if self.left else ''}"


ENDINGS: Mapping[Verdict, Ending] = {
    Verdict.SUCCEEDED: Ending(Severity.INFO, "succeeded: all metrics were normal"),
    Verdict.ROLLED_BACK: Ending(Severity.CRITICAL, "rolled back"),
    Verdict.FAILED: Ending(
        Severity.CRITICAL,
        "the rollback FAILED; the migration is in place, but for what the reason says took effect",
        "Check the schema first, then finish the rollback by hand.",
    ),
    Verdict.REFUSED: Ending(
        Severity.CRITICAL,
        "the rollback was REFUSED; the migration is still in place",
        "Fix what the reason names and register it again, or roll back by hand.",
    ),
    Verdict.UNVERIFIED: Ending(
        Severity.CRITICAL,
        "rolled back, but the schema is not as expected",
        "Check the differences that the reason lists and fix them by hand.",
    ),
    Verdict.INCONCLUSIVE: Ending(
        Severity.ERROR,
        "inconclusive: not all metrics were shown to be normal",
        "The migration is still in place and no longer monitored: decide whether it stays.",
    ),
    Verdict.CANCELLED: Ending(Severity.INFO, "cancelled", "This migration is no longer monitored."),
    Verdict.RESOLVED_EXTERNALLY: Ending(Severity.WARNING, "found to be rolled back by hand"),
}

UNTOUCHED = Ending(
    Severity.CRITICAL,
    "the rollback FAILED and changed nothing; the migration is still in place",
    "Roll back by hand, or register a corrected rollback.",
)
"""A failure in the only transaction of a plan."""

GOOD_ROLLBACKS = frozenset({Verdict.ROLLED_BACK, Verdict.RESOLVED_EXTERNALLY})
BAD_ROLLBACKS = frozenset({Verdict.FAILED, Verdict.REFUSED, Verdict.UNVERIFIED})
TOOK_EFFECT = frozenset({Verdict.ROLLED_BACK, Verdict.UNVERIFIED})
QUIET_ENDS = frozenset({Verdict.SUCCEEDED, Verdict.CANCELLED})

HELPED: Mapping[bool | None, str] = {
    True: "the rollback helped: all metrics are within their limits again",
    False: "the rollback did NOT help: the breach continues",
    None: "can't tell whether the rollback helped: not every metric is being measured",
}

ELSEWHERE = "no further automatic action: look for another cause"
"""What is left to a person when a rollback did not help."""


@dataclass(frozen=True, slots=True)
class How:
    """What a verdict alone does not say. `untouched`: a failed rollback changed nothing."""

    untouched: bool = False
    aftermath: Mapping[str, Any] | None = None  # as `aftermath_view` gives it

    @property
    def awaited(self) -> float | None:
        """When it is said whether the rollback helped, epoch seconds; None: it was said, or nobody asks."""
        found = self.aftermath
        return None if found is None or found.get("said_at") is not None else float(found["until"])


def aftermath_view(
    until: float, said_at: float | None = None, helped: bool | None = None, newer: str = ""
) -> dict[str, Any]:
    """As JSON: when it is to be said whether the rollback helped, when it was, and what (null: unknown).

    `newer`: the migration whose watch began before it could be said; "" if none did.
    """
    return {"until": until, "said_at": said_at, "helped": helped, "newer": newer}


def helped_said(helped: bool | None, newer: str = "") -> str:
    """Whether a rollback helped, as a sentence's end."""
    if newer:
        return f"not verified whether the rollback helped: the watch of {newer} began before that"
    return HELPED[helped]


def ending_of(verdict: Verdict, untouched: bool) -> Ending:
    return UNTOUCHED if untouched and verdict is Verdict.FAILED else ENDINGS[verdict]


def told(verdict: str, how: How, moment: str) -> str:
    """The sentences of a watch that has ended. `moment`: the awaited one as people read it."""
    ending = ending_of(Verdict(verdict), how.untouched).sentence()
    if how.aftermath is None:
        return ending
    if how.awaited is not None:
        return f"{ending} Verifying whether it helped; result at {moment}."
    helped, newer = how.aftermath.get("helped"), str(how.aftermath.get("newer") or "")
    said = helped_said(helped, newer)
    rest = "" if helped or newer else f" {ELSEWHERE[0].upper()}{ELSEWHERE[1:]}."
    return f"{ending} {said[0].upper()}{said[1:]}.{rest}"
