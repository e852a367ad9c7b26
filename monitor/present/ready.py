"""Whether a watch could roll back now, as paragraphs of the page; of a rollback under way, how it fares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.phases import Phase
from monitor.ports import Json, risk_from_json

View = Mapping[str, Any]

ROLLING = frozenset({Phase.ROLLING_BACK.value, Phase.IN_DOUBT.value})
"""Phases in which it is no question any more whether it could roll back."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph and the list under it. `style` and `of`: what they are, for the page to draw them by."""

    text: str = ""
    style: str = ""
    list: Sequence[str] = ()
    of: str = ""
    at: float | None = None

    def to_json(self) -> Json:
        return {"text": self.text, "style": self.style, "list": [*self.list], "of": self.of, "at": self.at}


def ready(view: View) -> Iterator[Block]:
    """Whether it could roll back now; of a rollback that has begun, how it fares."""
    if view.get("phase") in ROLLING:
        yield _fares(view.get("attempt"))
        if view.get("ours"):
            yield Block(f"{view['ours']['said']}.", "ours")
        return
    if view.get("superseded"):
        newer = view.get("superseded_by") or "a newer migration"
        yield Block(f"Not required: {newer} is monitored on the same target.", "dim")
        return
    found: View = view.get("readiness") or {}
    if found.get("ok") is True:
        yield Block("✓ Yes, it could roll back now.", "yes")
    else:
        reasons = found.get("reasons") or ["not checked yet"]
        yield Block("✗ No, it could not roll back now:", "no", reasons, "reasons")
    yield Block(list=[*(found.get("notes") or ()), *_remarks(view)], of="notes")
    yield _risks(found.get("at_risk"))
    yield _rehearsed(view.get("rehearsal"))


def _fares(attempt: View | None) -> Block:
    """Who is in its way, each on a line."""
    if not attempt:
        return Block("It is being executed and can't be stopped any more.")
    lines = attempt.get("told") or ()
    return Block("Blocked by:", list=lines, of="reasons") if lines else Block(attempt["sentence"])


def _remarks(view: View) -> Iterator[str]:
    if view.get("already_breaching"):
        yield "a rollback rule was firing before it began: rollbacks need approval until that is over"
    yield from (found["said"] for found in (view.get("baseline") or {}).values())
    if view.get("ledger_lost"):
        yield f"{view['ledger_lost']}: no automatic rollback"


def _risks(rows: Sequence[View] | None) -> Block:
    if rows is None:
        return Block("The number of rows at risk is unknown.", "dim")
    some = [str(risk_from_json(row)) for row in rows if row["count"] != 0]
    return Block("At risk if it rolls back now:", list=some, of="risks") if some else Block(NO_ROWS)


NO_ROWS = "No rows are at risk."

MARKS = {True: "✓", False: "✗", None: "?"}


def _rehearsed(rehearsal: View | None) -> Block:
    if not rehearsal:
        return Block("Not rehearsed.", "dim")
    holds = rehearsal.get("holds")
    style = "no" if holds is False else ""
    return Block(f"{MARKS[holds]} Rehearsed {{at}}: {rehearsal['said']}", style, at=rehearsal["at"])
