"""Behaviour hangs on values, never on the wording of a sentence."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.present.verdicts import ELSEWHERE
from tests.prometheus import ROOT
from tests.reworded import reworded

ENOUGH = 300
"""Sentences: there are more in the room."""


def lived(*arguments: str) -> tuple[list[str], str]:
    """What was done in the stories, a line each; and what was rewritten."""
    command = [sys.executable, "-m", "tests.reworded", *arguments]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines(), ran.stderr


@pytest.mark.timeout(300)
def test_a_program_that_speaks_in_other_words_does_the_same() -> None:
    """Every story of the golden files, with every sentence of `present` rewritten."""
    (written, _), (other, told) = lived("--as-written"), lived()
    assert len(written) > 200
    assert [line for line, same in zip(other, written, strict=True) if line != same] == []
    assert int(told.split()[0]) > ENOUGH
    assert reworded(ELSEWHERE) in told


def test_a_sentence_is_rewritten_but_for_what_is_filled_in() -> None:
    """Names, keys and forms of time stay."""
    assert reworded("a hook failed after {what} it") == "a ubbx snvyrq nsgre {what} it"
    assert [reworded(t) for t in ("rollback", "%Y-%m-%d %H:%M", "w/%s")] == [
        "rollback",
        "%Y-%m-%d %H:%M",
        "w/%s",
    ]
