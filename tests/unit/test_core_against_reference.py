"""The decision core and the literal writing of its rules tell every history alike."""

from __future__ import annotations

from hypothesis import given

from tests import reference
from tests.examples import examples
from tests.replays import START, core
from tests.strategies import Case, cases


@examples(120)
@given(cases())
def test_core_and_reference_print_the_same(case: Case) -> None:
    """Every event, in the same order, with the same times, and the same last line."""
    expected = reference.replay(case.policy, START, case.lines, case.keep_going)
    assert core(case.policy, START, case.lines, case.keep_going) == expected
