"""One difference between two schemas: of what, and how. Pure values; what reads a schema compares it.

Decisions hang on `how`, never on the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """How an expected and an actual schema differ in one thing."""

    MISSING = "missing"
    NEW = "new"
    CHANGED = "changed"
    EXISTS = "exists"  # the thing itself, which should not be there
    REMAINS = "remains"  # the same of a function, a type and their like: the plan should have taken it
    DIFFERS = "differs"  # an aspect of a relation
    OTHER = "other"  # a comment
    REDEFINED = "redefined"  # a function, a type and their like


SAID = {
    How.MISSING: "is missing",
    How.NEW: "is new",
    How.CHANGED: "has changed",
    How.EXISTS: "exists",
    How.REMAINS: "still exists",
    How.DIFFERS: "differs",
    How.OTHER: "is another",
    How.REDEFINED: "has another definition",
}


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`what`: `column email`, `owner`; "" is the object itself. `detail`: old and new of what changed."""

    object: str
    what: str
    how: How
    detail: str = ""

    def __str__(self) -> str:
        """`public.contacts: column email has changed (type: text → character varying(9))`."""
        said = SAID[self.how] + (f" ({self.detail})" if self.detail else "")
        return f"{self.object}: {self.what} {said}" if self.what else f"{self.object} {said}"
