"""Unions of time: added in any order, bounded to a window, cheap for a long watch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.coverage import CHUNK, Spans, spans_from

spans = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 30)), max_size=200).map(
    lambda found: [(a, a + n) for a, n in found]
)


def union(found: list[tuple[int, int]]) -> set[int]:
    return {x for a, b in found for x in range(a, b)}


@given(spans)
def test_added_spans_are_their_union(found: list[tuple[int, int]]) -> None:
    """However they overlap; what is kept is disjoint and in order."""
    kept = spans_from(found)
    assert union(list(kept)) == union(found)
    assert kept.total == len(union(found)) == sum(b - a for a, b in kept)
    edges = [edge for span in kept for edge in span]
    assert edges == sorted(set(edges))


@given(spans, st.integers(-5, 450))
def test_the_time_within_a_window_is_the_unions_part_of_it(found: list[tuple[int, int]], moment: int) -> None:
    """A span that lies across the start of the window counts from there."""
    assert spans_from(found).within(moment) == len({x for x in union(found) if x >= moment})


@given(spans, st.lists(st.integers(-5, 450), max_size=5))
def test_forgetting_what_is_before_a_window_changes_nothing_in_it(
    found: list[tuple[int, int]], moments: list[int]
) -> None:
    """Trimmed ever further, the rest is as it was."""
    whole = trimmed = spans_from(found)
    for moment in sorted(moments):
        trimmed = trimmed.since(moment)
        assert trimmed.within(moment) == whole.within(moment)
        assert trimmed.total == sum(b - a for a, b in trimmed)
        assert all(b > moment for _, b in trimmed)


def separate(count: int) -> Spans:
    return spans_from((10 * n, 10 * n + 5) for n in range(count))


def test_many_spans_are_kept_in_chunks() -> None:
    """Several chunks, one after another, none of them longer than its size."""
    many = separate(5 * CHUNK + 1)
    assert [len(chunk) for chunk in many.full] == [CHUNK] * 5
    assert len(many.tail) == 1
    assert many.total == 5 * (5 * CHUNK + 1)


def test_a_span_that_reaches_far_back_merges_whole_chunks() -> None:
    """A warn streak longer than hundreds of short ones of another metric swallows them."""
    many = separate(3 * CHUNK).add(1000, 10_000)
    assert list(many)[-1] == (1000, 10_000)
    assert many.total == 5 * 100 + 9000
    assert list(separate(3 * CHUNK).add(0, 10_000)) == [(0, 10_000)]


def test_a_window_may_begin_in_the_middle_of_a_chunk() -> None:
    """Whole chunks before it go, and of the first one left the spans before it."""
    many = separate(3 * CHUNK)
    start = 10 * CHUNK + 105
    assert list(many.since(start)) == [s for s in many if s[1] > start]
    assert many.within(10 * CHUNK + 103) == many.total - 5 * (CHUNK + 10) - 3
    assert list(many.since(10**9)) == []
    assert many.within(10**9) == 0


def test_a_span_that_ended_before_others_is_put_in_its_place() -> None:
    """When it ended becomes known only after later ones."""
    spans = spans_from([(0, 10), (50, 60), (80, 90)]).add(20, 30)
    assert list(spans) == [(0, 10), (20, 30), (50, 60), (80, 90)]
    assert spans.total == 40
    assert list(spans.add(5, 55)) == [(0, 60), (80, 90)]


def test_at_every_moment_what_ended_before_is_dropped_and_nothing_else() -> None:
    """At the ends of spans and of chunks, and once more from what is left; also without a chunk."""
    for many in (separate(2 * CHUNK + 3), separate(5)):
        for moment in [end + n for _, end in many for n in (-1, 0, 1)]:
            left = [span for span in many if span[1] > moment]
            kept = many.since(moment)
            assert (list(kept), kept.total) == (left, 5 * len(left))
            assert list(kept.since(moment + 10)) == left[1:]
            assert many.within(moment) == sum(end - max(start, moment) for start, end in left)


def test_a_span_that_ended_before_a_whole_chunk_is_put_in_its_place_too() -> None:
    """Where the latest chunk holds one span or a few, and at the very beginning."""
    before = [(10 * n, 10 * n + 5) for n in range(2 * CHUNK + 1)]
    for n in (0, 1, CHUNK - 1, CHUNK, 2 * CHUNK - 3, 2 * CHUNK - 1, 2 * CHUNK):
        many = spans_from(before).add(10 * n + 6, 10 * n + 8)
        assert list(many) == [*before[: n + 1], (10 * n + 6, 10 * n + 8), *before[n + 1 :]]
        assert many.total == 5 * len(before) + 2
        assert all(len(chunk) == CHUNK for chunk in many.full)


def test_a_span_that_touches_another_becomes_one_with_it() -> None:
    """On either side; one that does not touch stays apart."""
    assert list(spans_from([(0, 5)]).add(5, 8)) == [(0, 8)]
    assert list(spans_from([(0, 5), (8, 9)]).add(6, 8)) == [(0, 5), (6, 9)]
    assert list(spans_from([(0, 5)]).add(6, 8)) == [(0, 5), (6, 8)]
    assert list(spans_from([(2, 5)]).add(1, 8)) == [(1, 8)]


def test_spans_that_reach_back_leave_all_that_is_before_them() -> None:
    """However many chunks they swallow."""
    before = list(separate(3 * CHUNK + 1))
    for n in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK, 3 * CHUNK + 1):
        many = spans_from(before).add(10 * n, 10_000)
        assert list(many) == [*before[:n], (10 * n, 10_000)]
        assert many.total == 5 * n + 10_000 - 10 * n
