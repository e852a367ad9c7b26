"""The queue of one channel in virtual time: order, pauses, patience, bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.channels.line import Line, Pace
from monitor.core.samples import HOUR
from tests.alerts import NOON, SECOND, row


def line() -> Line:
    return Line("chat", 1.0, Pace(first=2.0, longest=300.0, patience=5, room=3), lambda: 1.0)


def test_messages_leave_in_the_order_they_came() -> None:
    """First in, first out, each once."""
    queue = line()
    for number in (1, 2, 3):
        queue.add(row(number), NOON)
    sent = []
    while (found := queue.next()) is not None:
        sent.append(found.key)
        queue.delivered(found.key, NOON)
    assert sent == ["w-1/1/chat", "w-1/2/chat", "w-1/3/chat"]


def test_a_settled_message_told_again_is_not_taken() -> None:
    """The key is remembered after the message has left."""
    queue = line()
    queue.add(row(1), NOON)
    queue.delivered(row(1).key, NOON)
    queue.add(row(1), NOON)
    assert len(queue) == 0


@pytest.mark.parametrize(("failures", "pause"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (60, 300)])
def test_the_pause_doubles_up_to_the_longest(failures: int, pause: int) -> None:
    """Two seconds, four, ... and never above five minutes."""
    queue = line()
    queue.add(row(1), NOON)
    for _ in range(failures):
        queue.failed(row(1).key, NOON, "status 500", None)
    assert queue.wait(NOON) == pause


def test_the_jitter_shortens_a_pause_by_at_most_a_quarter() -> None:
    """Many daemons that lost the same receiver do not come back at once."""
    queue = Line("chat", 1.0, Pace(first=2.0), lambda: 0.0)
    queue.add(row(1), NOON)
    queue.failed(row(1).key, NOON, "status 500", None)
    assert queue.wait(NOON) == 1.5


@pytest.mark.parametrize(("asked", "pause"), [(1, 2), (60, 60), (3600, 3600)])
def test_the_receivers_retry_after_is_honoured_when_it_is_longer(asked: float, pause: float) -> None:
    """The longer of our pause and theirs."""
    queue = line()
    queue.add(row(1), NOON)
    queue.failed(row(1).key, NOON, "status 429", asked)
    assert queue.wait(NOON) == pause


@pytest.mark.parametrize(("after", "left"), [(0, 1.0), (999_999, 0.000001), (1_000_000, 0.0)])
def test_two_messages_are_a_gap_apart(after: int, left: float) -> None:
    """The channel's own rate."""
    queue = line()
    queue.add(row(1), NOON)
    queue.add(row(2), NOON)
    queue.delivered(row(1).key, NOON)
    assert queue.wait(NOON + after) == pytest.approx(left)


def test_a_message_that_keeps_failing_lets_the_others_go_first() -> None:
    """After five attempts it waits behind those that failed less."""
    queue = line()
    queue.add(row(1), NOON)
    queue.add(row(2), NOON)
    for _ in range(4):
        queue.failed(row(1).key, NOON, "status 500", None)
    before = queue.next()
    queue.failed(row(1).key, NOON, "status 500", None)
    after = queue.next()
    assert (before, after) == (row(1), row(2))


def test_a_resolve_never_overtakes_its_page() -> None:
    """Messages of one condition keep their order, whatever fails."""
    queue = line()
    queue.add(row(1, condition="same"), NOON)
    queue.add(row(2, condition="same"), NOON)
    for _ in range(9):
        queue.failed(row(1).key, NOON, "status 500", None)
    assert queue.next() == row(1, condition="same")


def test_a_full_queue_leaves_out_what_wakes_nobody() -> None:
    """A page finds room; the oldest message without one gives way."""
    queue = line()
    for number, page in ((1, True), (2, False), (3, True)):
        queue.add(row(number, page=page), NOON)
    assert queue.add(row(4), NOON) == row(2, page=False)
    assert len(queue) == 3


def test_a_full_queue_of_pages_takes_no_more() -> None:
    """The bound holds; the message stays in the store."""
    queue = line()
    for number in (1, 2, 3):
        queue.add(row(number), NOON)
    assert queue.add(row(4), NOON) == row(4)
    assert queue.add(row(5, page=False), NOON) == row(5, page=False)
    assert len(queue) == 3


def test_the_attempts_of_an_earlier_life_count_on() -> None:
    """What the store says of a row is not forgotten."""
    queue = line()
    queue.add(replace(row(1), attempts=7), NOON)
    assert queue.failed(row(1).key, NOON, "status 500", None).attempts == 8
    assert queue.delivered(row(1).key, NOON + SECOND).attempts == 9


@pytest.mark.parametrize(
    ("attempts", "age", "waited", "overdue"),
    [
        (0, 48 * HOUR, 0, False),  # told late: what it tells began long ago
        (4, 48 * HOUR, 0, False),
        (5, 24 * HOUR, 0, False),
        (5, 24 * HOUR + 1, 0, True),
        (0, 0, 24 * HOUR, False),
        (0, 0, 24 * HOUR + 1, True),
    ],
)
def test_a_message_is_given_up_by_how_long_it_was_tried(
    attempts: int, age: int, waited: int, overdue: bool
) -> None:
    """Here for a day, or by an earlier daemon and old."""
    queue, late = line(), replace(row(1, at=NOON - age), attempts=attempts)
    queue.add(late, NOON)
    assert queue.overdue(late, NOON + waited) is overdue
