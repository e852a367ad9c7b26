"""What a rehearsal showed, as one value: the outcome, one sentence, and every detail as JSON. Pure code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.errors import OperatorError
from monitor.ports import Json, Rehearsal, RehearsalOutcome
from monitor.rehearsal.measured_run import Ran
from monitor.rehearsal.shape import without_owners
from monitor.schema.whole import Objects

UNDEFINED_OBJECT = "42704"

TOLD = 3
"""Differences that the sentence names; the detail has them all."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One run of the rollback or the migration. `again`: the state it must lead back to, 0 is the clone."""

    what: str
    ran: tuple[Ran, ...]
    again: int | None
    differences: tuple[str, ...]
    compared: bool = False

    @property
    def failure(self) -> Ran | None:
        return next((r for r in self.ran if r.failure is not None), None)


@dataclass(slots=True)
class Story:
    """A rehearsal as it goes on."""

    server_major: int
    scratch_major: int
    applied: bool
    states: list[Objects] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rehearsal_of(story: Story, rollback: bytes, migration: bytes | None, before: Json) -> Rehearsal:
    """The value to be stored. `before`: the target's schema as it was dumped, and its place."""
    outcome, said = _judged(story)
    same_major = story.server_major == story.scratch_major
    taken_before = not story.applied and same_major and outcome is RehearsalOutcome.REVERSED
    detail: Json = {
        "rehearsed": "after the migration" if story.applied else "before the migration",
        "server_major": story.server_major,
        "scratch_major": story.scratch_major,
        "migration_sha256": None if migration is None else hashlib.sha256(migration).hexdigest(),
        "notes": [*story.notes, *_notes(story)],
        "phases": [_phase(phase, story) for phase in story.phases],
    }
    return Rehearsal(
        hashlib.sha256(rollback).hexdigest(), outcome, said, detail,
        before if taken_before else None,
        without_owners(story.states[1]) if taken_before else None,
    )  # fmt: skip


def refuse_lacking_role(ran: Ran) -> None:
    """Raises OperatorError when a statement failed only because the scratch server lacks a role."""
    failure = ran.failure
    if failure is not None and failure.sqlstate == UNDEFINED_OBJECT and failure.text.startswith('role "'):
        raise OperatorError(f"line {ran.piece.line}: {failure.text}: create it on the scratch server")


def failed(ran: Ran) -> str:
    """`line 3: column "a" does not exist (42703)`."""
    return f"line {ran.piece.line}: {ran.failure.text if ran.failure else ''}"


def _judged(story: Story) -> tuple[RehearsalOutcome, str]:
    """By the first thing that went wrong; what follows it follows from it."""
    for phase in story.phases:
        if (ran := phase.failure) is not None:
            again = " again after the rollback" if phase.what == "migration" else ""
            return RehearsalOutcome.FAILED, f"the {phase.what} FAILED{again}: {failed(ran)}"
        if phase.differences:
            more = f" and {len(phase.differences) - TOLD} more" if len(phase.differences) > TOLD else ""
            what = f"{'; '.join(phase.differences[:TOLD])}{more}"
            lead = f"after the {phase.what} the schema is NOT {_state(phase, story)}"
            return RehearsalOutcome.NOT_REVERSED, f"{lead}: {what}"
    way = ", ".join("down" if p.what == "rollback" else "up" for p in story.phases)
    if not any(p.compared for p in story.phases):
        return RehearsalOutcome.RAN, (
            f"every statement ran ({way}); without the migration's SQL (--up) nobody can say that the schema "
            "came back"
        )
    return RehearsalOutcome.REVERSED, f"the schema was restored each time ({way})"


def _state(phase: Phase, story: Story) -> str:
    """What the phase had to lead back to."""
    if phase.what == "migration":
        return "what the migration made of it before"
    first = story.applied and phase.again is not None
    return "what the first rollback made of it" if first else "what it was before the migration"


def _notes(story: Story) -> Iterator[str]:
    if story.scratch_major != story.server_major:
        yield (
            f"rehearsed on PostgreSQL {story.scratch_major}, the target is {story.server_major}: locks and "
            "rewrites may differ"
        )
    downs = [p for p in story.phases if p.what == "rollback"]
    for ran in downs[0].ran if downs else ():
        if not ran.transactional:
            yield f"line {ran.piece.line} of the rollback refuses a transaction"
        for label in ran.rewrites:
            yield f"line {ran.piece.line} of the rollback rewrites {label}: the larger, the longer"
    ups = [i for i, p in enumerate(story.phases) if p.what == "migration" and p.failure is None]
    if ups and not story.applied and story.states[ups[0]] == story.states[ups[0] + 1]:
        yield "the migration leaves no trace in the schema"


def _phase(phase: Phase, story: Story) -> Json:
    return {
        "run": phase.what,
        "seconds": round(sum(r.seconds for r in phase.ran), 6),
        "compared_with": _state(phase, story) if phase.compared else None,
        "differences": list(phase.differences),
        "statements": [_ran(r) for r in phase.ran],
    }


def _ran(ran: Ran) -> Json:
    failure = ran.failure
    return {
        "line": ran.piece.line,
        "sql": ran.piece.shown,
        "seconds": round(ran.seconds, 6),
        "transactional": ran.transactional,
        "locks": None if ran.locks is None else {label: list(modes) for label, modes in ran.locks},
        "rewrites": list(ran.rewrites),
        "error": None if failure is None else {"sqlstate": failure.sqlstate, "text": failure.text},
    }  # fmt: skip
