"""The decision core and the literal writing of its rules tell every history alike."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given

from monitor.core.samples import Micros
from tests import reference
from tests.examples import examples
from tests.reference_values import Event
from tests.replays import START, core
from tests.strategies import Case, cases, late_cases


@examples(120)
@given(cases())
def test_core_and_reference_print_the_same(case: Case) -> None:
    """Every event, in the same order, with the same times, and the same last line."""
    expected = reference.replay(case.policy, START, case.lines, case.keep_going)
    assert_alike(core(case.policy, START, case.lines, case.keep_going), expected)


@examples(200)
@given(late_cases())
def test_core_and_reference_make_the_same_of_the_time_before_a_watch(late: tuple[Case, Micros]) -> None:
    """Its limit after the baseline, what had fired already, and from when on it may act."""
    case, start = late
    expected = reference.replay(case.policy, start, case.lines, case.keep_going)
    assert_alike(core(case.policy, start, case.lines, case.keep_going), expected)


def assert_alike(found: Sequence[Event], expected: Sequence[Event]) -> None:
    """But for the last digit of the evidence, which is rounded."""
    assert [_plain(e) for e in found] == [_plain(e) for e in expected]
    weights = [[e["evidence"] for e in events if "evidence" in e] for events in (found, expected)]
    assert weights[0] == pytest.approx(weights[1], abs=0.0011)


def _plain(event: Event) -> Event:
    return {key: value for key, value in event.items() if key != "evidence"} | {
        "weighed": "evidence" in event
    }
