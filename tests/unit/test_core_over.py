"""What is over is over: an outage that ended lends its weight to nothing that comes long after it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.reference_values import Line
from tests.replays import Replay, both, core, fired, line, named, policy, told

RULE = "error_rate.rollback"
STEP = 5.0
A_READ = 5.0
"""Requests of a read: 60 a minute."""

CALM, OUTAGE = 120, 60
"""Reads: ten minutes before an outage, and the five of one that is over when its hold is."""

BEFORE_A_BLOCK = 4
"""Reads: an outage that begins so much earlier begins in the middle of a block."""


def lines(errors: list[float], requests: float = A_READ) -> list[Line]:
    """A read every STEP seconds; what fails is so many of its requests, or all where more fail."""
    return [
        line(STEP * n, "error_rate", errors=failed, requests=max(failed, requests))
        for n, failed in enumerate(errors, 1)
    ]


def after_an_outage(calm: int, *cluster: float) -> list[float]:
    """Errors of each read: an outage of all requests, so many calm reads, a cluster, and calm again."""
    return [0.0] * CALM + [A_READ] * OUTAGE + [0.0] * calm + [*cluster] + [0.0] * 60


@both
@pytest.mark.parametrize("calm", [27, 39, 51, 63, 75, 87])
def test_a_cluster_of_errors_after_an_outage_is_no_outage(replay: Replay, calm: int) -> None:
    """13 errors at two reads, minutes after five in which everything failed, at 60 requests a minute. The
    outage lies in six blocks and the cluster in two: all that they can add."""
    errors = after_an_outage(calm, 5, 8)[BEFORE_A_BLOCK:]
    assert fired(told(replay, policy(), lines(errors)), RULE) == []


@both
def test_an_outage_is_forgotten_when_it_has_been_over_for_a_hold(replay: Replay) -> None:
    """At the end of the block in which it has; what is pending then has begun anew."""
    told_of = told(replay, policy(), lines(after_an_outage(97, 5, 8)))
    assert [e["at"] for e in named(told_of, "cleared", RULE)] == [1200]
    assert [e["since"] for e in named(told_of, "pending", RULE)] == [605, 1390]


@both
def test_little_traffic_does_not_show_that_it_is_over(replay: Replay) -> None:
    """Of a service that nobody asks anything it is not known."""
    errors = [0.0] * CALM + [A_READ] * 54
    quiet = [line(STEP * n, "error_rate", errors=0, requests=0) for n in range(175, 400)]
    told_of = told(replay, policy(), [*lines(errors), *quiet])
    assert named(told_of, "cleared", RULE) == []


@both
@pytest.mark.parametrize("share", [1.0, 0.2])
def test_a_breach_that_comes_and_goes_is_found_when_it_is_back(replay: Replay, share: float) -> None:
    """Four minutes of it, and three without: shorter than a hold is no end."""
    turn = [A_READ * share] * 48 + [0.0] * 36
    told_of = told(replay, policy(), lines([0.0] * CALM + turn * 3))
    assert len(fired(told_of, RULE)) == 1
    assert 1020 < float(str(fired(told_of, RULE)[0])) <= 1020 + 120


@both
def test_a_breach_that_ebbs_away_to_what_is_above_the_limit_is_not_over(replay: Replay) -> None:
    """Four minutes of everything, then 2 %: the limit was never kept."""
    errors = [0.0] * CALM + [25.0] * 48 + [0.5] * 120
    told_of = told(replay, policy(), lines(errors, 25))
    assert named(told_of, "cleared", RULE) == []
    assert len(fired(told_of, RULE)) == 1


@examples(80)
@given(
    st.integers(1, 59), st.sampled_from([0.1, 0.3, 1.0]), st.sampled_from([5.0, 25.0, 500.0]),
    st.integers(125, 300),
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.02, 0.2, 1.0]), min_size=1, max_size=40),
    st.integers(1, 8),
)  # fmt: skip
def test_what_comes_after_is_judged_as_if_nothing_had_been_before(
    outage: int, share: float, requests: float, calm: int, shares: list[float], reads: int
) -> None:
    """With an outage that was over in time and with none: it fires at the same read, or at none."""
    later = [requests * s for s in shares for _ in range(reads)]
    before = [0.0] * (CALM - outage)
    with_it = [*before, *([requests * share] * outage), *([0.0] * calm), *later]
    without = [*before, *([0.0] * outage), *([0.0] * calm), *later]
    found = [fired(told(core, policy(), lines(errors, requests)), RULE) for errors in (with_it, without)]
    assert found[0] == found[1]


def a_minute_apart(*errors: float) -> list[Line]:
    """100 requests a minute, read once in each: ten good minutes, seven in which all fail, and then these."""
    of = [*([0.0] * 10), *([100.0] * 7), *errors]
    return [line(60.0 * n, "error_rate", errors=failed, requests=100) for n, failed in enumerate(of, 1)]


@both
@pytest.mark.parametrize(
    ("errors", "ends"),
    [((0, 0), []), ((0, 0, 0), [1200]), ((0, 0, 100, 0, 0), []), ((0, 0, 100, 0, 0, 0), [1380])],
)
def test_at_reads_a_minute_apart_three_must_deny_a_streak_that_fired(
    replay: Replay, errors: tuple[float, ...], ends: list[int]
) -> None:
    """Two blocks are two reads there, and two good ones may be chance: the last bad one was at 1020."""
    slow = policy(interval=60, max_gap=150)
    told_of = told(replay, slow, a_minute_apart(*errors), keep_going=True)
    assert len(fired(told_of, RULE)) == 1
    assert [e["at"] for e in named(told_of, "cleared", RULE)] == ends


@both
def test_at_reads_five_seconds_apart_two_blocks_end_a_streak_that_fired(replay: Replay) -> None:
    """There are reads enough in them."""
    errors = [0.0] * CALM + [A_READ] * 84 + [0.0] * 60
    told_of = told(replay, policy(), lines(errors), keep_going=True)
    (cleared,) = named(told_of, "cleared", RULE)
    assert 1020 + 120 <= float(str(cleared["at"])) <= 1020 + 140
