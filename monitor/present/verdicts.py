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
        "Look at the schema first, then finish the rollback by hand.",
    ),
    Verdict.REFUSED: Ending(
        Severity.CRITICAL,
        "the rollback was REFUSED; the migration is still in place",
        "Mend what the reason says and register it again, or roll back by hand.",
    ),
    Verdict.UNVERIFIED: Ending(
        Severity.CRITICAL,
        "rolled back, but the schema is not what it should be",
        "Look at what the reason says is different, and mend it by hand.",
    ),
    Verdict.INCONCLUSIVE: Ending(
        Severity.ERROR,
        "inconclusive: not everything was seen to be normal",
        "The migration is still in place and not watched any more: a person decides whether it stays.",
    ),
    Verdict.CANCELLED: Ending(Severity.INFO, "cancelled", "Nothing watches this migration any more."),
    Verdict.RESOLVED_EXTERNALLY: Ending(Severity.WARNING, "found rolled back by hand"),
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
    True: "the rollback helped: no metric breaches any more",
    False: "the rollback did NOT help: the breach goes on",
    None: "whether the rollback helped can't be said: not every metric is measured",
}

ELSEWHERE = "nothing more is done by itself: look for another cause"
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
        return f"whether the rollback helped is not judged: the watch of {newer} began before that"
    return HELPED[helped]


def ending_of(verdict: Verdict, untouched: bool) -> Ending:
    return UNTOUCHED if untouched and verdict is Verdict.FAILED else ENDINGS[verdict]


def told(verdict: str, how: How, moment: str) -> str:
    """The sentences of a watch that has ended. `moment`: the awaited one as people read it."""
    ending = ending_of(Verdict(verdict), how.untouched).sentence()
    if how.aftermath is None:
        return ending
    if how.awaited is not None:
        return f"{ending} At {moment} it is said whether the rollback helped."
    helped, newer = how.aftermath.get("helped"), str(how.aftermath.get("newer") or "")
    said = helped_said(helped, newer)
    rest = "" if helped or newer else f" {ELSEWHERE[0].upper()}{ELSEWHERE[1:]}."
    return f"{ending} {said[0].upper()}{said[1:]}.{rest}"
