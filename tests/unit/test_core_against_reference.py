"""The decision core and the literal writing of its rules tell every history alike."""

from __future__ import annotations

from hypothesis import given

from monitor.core.samples import Micros
from tests import reference
from tests.examples import examples
from tests.replays import START, core
from tests.strategies import Case, cases, late_cases


@examples(120)
@given(cases())
def test_core_and_reference_print_the_same(case: Case) -> None:
    """Every event, in the same order, with the same times, and the same last line."""
    expected = reference.replay(case.policy, START, case.lines, case.keep_going)
    assert core(case.policy, START, case.lines, case.keep_going) == expected


@examples(200)
@given(late_cases())
def test_core_and_reference_make_the_same_of_the_time_before_a_watch(late: tuple[Case, Micros]) -> None:
    """Its limit after the baseline, what had fired already, and from when on it may act."""
    case, start = late
    expected = reference.replay(case.policy, start, case.lines, case.keep_going)
    assert core(case.policy, start, case.lines, case.keep_going) == expected
