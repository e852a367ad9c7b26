"""What `check` finds out: values, so that nobody asks a sentence whether it is a problem."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `check` found. A problem must be mended; a note informs.

    `where`: its place in the configuration; "" until whoever asked for it has said which that is.
    """

    where: str
    text: str
    problem: bool = True


def problem(text: str) -> Finding:
    """What must be mended, said by a part that does not know its place."""
    return Finding("", text)


def note(text: str) -> Finding:
    """What informs, said by such a part."""
    return Finding("", text, problem=False)
