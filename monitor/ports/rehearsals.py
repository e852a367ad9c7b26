"""A rehearsal: what running a rollback on a clone of the schema showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.core.samples import Micros
from monitor.ports.shapes import Json


class RehearsalOutcome(StrEnum):
    REVERSED = "reversed"  # down and up again: the schema came back each time
    RAN = "ran"  # every statement ran; without the migration's SQL nothing says that this is all
    NOT_REVERSED = "not_reversed"  # every statement ran, and the schema is not what it was
    FAILED = "failed"  # a statement failed


HOLDS: Mapping[RehearsalOutcome, bool | None] = {
    RehearsalOutcome.REVERSED: True,
    RehearsalOutcome.RAN: None,
    RehearsalOutcome.NOT_REVERSED: False,
    RehearsalOutcome.FAILED: False,
}
"""Whether the reversal holds; None: nobody can say."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Kept under the target and the hash of the rollback's text; a later one replaces it.

    `before`: fingerprint of the target's schema before the migration, if it was rehearsed then.
    `after`: what the migration made of the clone in that case. `at` is the database's time once stored.
    """

    plan_sha256: str
    outcome: RehearsalOutcome
    said: str  # one sentence for people
    detail: Json
    before: Json | None = None
    after: Json | None = None
    at: Micros | None = None


def is_bad(summary: Json | None) -> bool:
    """Whether the latest rehearsal showed that the rollback does not restore the schema."""
    found: Mapping[str, Any] = summary or {}
    return bool(found) and HOLDS[RehearsalOutcome(found["outcome"])] is False


def rehearsal_view(summary: Json | None) -> Json | None:
    """As in a watch's JSON: at, outcome, holds (null: nobody can say), said; null: not rehearsed."""
    if summary is None:
        return None
    found: Mapping[str, Any] = summary
    return {**found, "holds": HOLDS[RehearsalOutcome(found["outcome"])]}
