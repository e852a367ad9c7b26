"""The mutants that may survive are mutants that are made, each with its reason."""

from __future__ import annotations

import pytest

from tests.mutants.accepted import accepted
from tests.mutants.made import mutants

ACCEPTED = accepted()


def test_a_mutant_differs_in_a_line_and_is_put_into_the_function_it_is_of() -> None:
    """Decorated functions and methods too; none of a module is made twice."""
    found = list(mutants("monitor.core.state"))
    assert {mutant.function for mutant in found} >= {"new_state"}
    assert all(mutant.before != mutant.after for mutant in found)


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted({module for module, *_ in ACCEPTED}))
def test_an_accepted_survivor_is_one_that_is_made(module: str) -> None:
    """After a change of the code the list is not about what was there before."""
    made = {mutant.key for mutant in mutants(module)}
    assert {key for key in ACCEPTED if key[0] == module} <= made


def test_every_accepted_survivor_has_a_reason() -> None:
    """In words."""
    assert all(len(why.split()) > 2 for why in ACCEPTED.values())
