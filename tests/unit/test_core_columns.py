"""Whole numbers as differences, and the reads of a state that are stored so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.codec import dump, load
from monitor.core.columns import packed, unpacked
from monitor.core.counting import Counting
from monitor.core.reads import Read, Reads
from monitor.core.state import WatchState, new_state
from tests.replays import ERRORS, START, moment, policy

TOLD = policy(ERRORS)
COUNTS = st.one_of(st.integers(0, 500).map(float), st.floats(0, 500), st.just(float(2**60)))


def with_reads(reads: Reads) -> WatchState:
    state = new_state(TOLD, START)
    return state._replace(seen=state.seen._replace(counting=(Counting(reads, ()),)))


def stored(reads: Reads) -> Any:
    """The log as it is written."""
    return json.loads(json.dumps(dump(TOLD, with_reads(reads))))["counting"]["error_rate"]["reads"][3]


def through_json(reads: Reads) -> Reads:
    """What comes back of them."""
    state = with_reads(reads)
    weights = [[START, 0.0, 0.0, []]] * len(TOLD.rules)
    written = json.loads(json.dumps(dump(TOLD, state)))
    written["counting"]["error_rate"]["weights"] = weights
    found = load(TOLD, written)
    assert found is not None
    assert found.seen.counting[0] is not None
    return found.seen.counting[0].reads


def log_of(*rows: tuple[float, float, float, float]) -> tuple[Read, ...]:
    return tuple((moment(first), moment(at), errors, requests) for first, at, errors, requests in rows)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([], []),
        ([5], [5]),
        ([5, 6, 7, 9], [5, [1, 2], 2]),
        ([0, 0, 0], [[0, 3]]),
        ([3, 3, 2], [3, 0, -1]),
    ],
)
def test_numbers_are_stored_as_differences_and_equal_ones_once(
    values: list[int], column: list[int | list[int]]
) -> None:
    assert packed(values) == column
    assert unpacked(column) == values


@given(st.lists(st.integers(-(10**17), 10**17)))
def test_all_whole_numbers_come_back(values: list[int]) -> None:
    assert unpacked(json.loads(json.dumps(packed(values)))) == values


def test_reads_are_stored_in_columns() -> None:
    """At 1 s with 20 requests each, one of them after 2 s in which nothing was counted."""
    rows = log_of((1, 1, 0, 0), (2, 2, 0, 20), (3, 5, 1, 40), (6, 6, 1, 60))
    assert stored(Reads(1.0, 80.0, rows)) == {
        "at": [moment(1), 1_000_000, 3_000_000, 1_000_000],
        "idle": [[0, 2], 2_000_000, -2_000_000],
        "errors": [[0, 2], 1, 0],
        "requests": [0, [20, 3]],
    }
    assert through_json(Reads(1.0, 80.0, rows)) == Reads(1.0, 80.0, rows)


def test_counts_come_back_as_floats() -> None:
    """So that what is written again is the same to the byte."""
    (read,) = through_json(Reads(1.0, 9.0, log_of((1, 1, 1.0, 8.0)))).log
    assert [type(count) for count in read] == [int, int, float, float]


@pytest.mark.parametrize(
    ("errors", "requests", "all_requests"), [(0.5, 1.0, 3.0), (0.0, 0.5, 3.0), (0.0, 1.0, float(2**53))]
)
def test_what_differences_would_round_is_stored_in_rows(
    errors: float, requests: float, all_requests: float
) -> None:
    """Counts in fractions, and sums that no float tells from the next."""
    reads = Reads(1.0, all_requests, log_of((1, 2, errors, requests)))
    assert stored(reads) == [[moment(1), moment(2), errors, requests]]
    assert through_json(reads) == reads


def test_the_largest_sums_that_are_exact_are_stored_in_columns() -> None:
    reads = Reads(1.0, 2.0**53 - 1, log_of((1, 2, 1.0, 2.0**53 - 2)))
    assert isinstance(stored(reads), dict)
    assert through_json(reads) == reads


def test_without_reads_the_log_is_empty() -> None:
    assert stored(Reads(1.0, 2.0)) == []


def test_a_state_with_a_row_for_each_read_is_still_read() -> None:
    """Format 2, of an older program: nothing of its evidence is lost."""
    rows = log_of((1, 1, 0, 0), (2, 4, 0, 20))
    written = dump(TOLD, with_reads(Reads(1.0, 30.0, rows)))
    counting = written["counting"]["error_rate"]
    counting["reads"][3] = [list(row) for row in rows]
    counting["weights"] = [[START, 0.0, 0.0, []]] * len(TOLD.rules)
    found = load(TOLD, {**written, "format": 2})
    assert found is not None
    assert found.seen.counting[0] is not None
    assert found.seen.counting[0].reads == Reads(1.0, 30.0, rows)


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**9), COUNTS, COUNTS), max_size=30))
def test_reads_of_any_counts_come_back(steps: list[tuple[int, int, float, float]]) -> None:
    """To the bit, whatever the counts are."""
    at, errors, requests, log = START, 0.0, 0.0, []
    for apart, idle, more_errors, more_requests in steps:
        at += idle + apart
        log.append((at - idle, at, errors, requests))
        errors, requests = errors + more_errors, requests + more_requests
    reads = Reads(errors, requests, tuple(log))
    assert through_json(reads) == reads
