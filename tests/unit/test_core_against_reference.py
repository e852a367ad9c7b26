"""The decision core and the literal writing of its rules tell every history alike."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from tests import reference
from tests.replays import START, core
from tests.strategies import Case, cases


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_core_and_reference_print_the_same(case: Case) -> None:
    """Every event, in the same order, with the same times, and the same last line."""
    expected = reference.replay(case.policy, START, case.lines, case.keep_going)
    assert core(case.policy, START, case.lines, case.keep_going) == expected
