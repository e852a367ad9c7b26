"""Batches, late lines, the start of a watch: what order and time of the lines mean."""

from __future__ import annotations

import pytest

from tests.replays import ERRORS, LOAD, US, Replay, both, every, fired, line, named, policy, told, verdict


@both
def test_a_line_earlier_than_the_latest_is_ignored(replay: Replay) -> None:
    """Late: neither its value nor its time count, whatever its metric."""
    lines = [*every(5, 0, 100, "error_rate", 0.02), line(99, "error_rate", 0.0), line(99, "connections", 900)]
    events = told(replay, policy(ERRORS, LOAD), lines)
    assert [e["rule"] for e in named(events, "pending")] == ["error_rate.rollback", "error_rate.warn"]
    assert named(events, "cleared") == []
    assert verdict(events) == ("watching", 100)


@both
@pytest.mark.parametrize("again", [{"value": 0.0}, {"value": None, "reason": "quiet"}])
def test_a_second_sample_of_a_metric_at_the_same_moment_is_ignored(
    replay: Replay, again: dict[str, object]
) -> None:
    """The first one stands."""
    lines = [*every(5, 0, 300, "error_rate", 0.02)[:-1], line(295, "error_rate", **again)]
    assert verdict(told(replay, policy(), [*lines, line(300, "error_rate", 0.02)])) == ("rollback", 300)


@both
def test_a_failed_read_does_not_shadow_a_sample_of_the_same_moment(replay: Replay) -> None:
    """Failed NoData is no sample, so that the usable one after it is the first."""
    lines = [line(0, "error_rate", None), line(0, "error_rate", 0.02)]
    assert [e["at"] for e in named(told(replay, policy(), lines), "pending")] == [0, 0]


@both
def test_events_of_a_batch_are_told_before_its_verdict(replay: Replay) -> None:
    """A rollback decided in a batch takes effect after it: the rest of the batch is told first."""
    lines = [
        *every(5, 0, 300, "error_rate", 0.02),
        line(300, "connections", 90),
        line(305, "connections", 90),
    ]
    events = told(replay, policy(ERRORS, LOAD, blind_after=300), lines)
    assert [(e.get("event"), e.get("rule")) for e in events[-3:]] == [
        ("firing", "error_rate.rollback"),
        ("pending", "connections.warn"),
        (None, None),
    ]
    assert verdict(events) == ("rollback", 300)


@both
def test_a_late_line_does_not_end_a_batch(replay: Replay) -> None:
    """A line out of order between two of one moment leaves them together."""
    lines = [*every(5, 0, 300, "error_rate", 0.02), line(10, "connections", 1), line(300, "connections", 90)]
    events = told(replay, policy(ERRORS, LOAD), lines)
    assert named(events, "pending", "connections.warn") != []


@both
def test_lines_before_the_start_are_ignored(replay: Replay) -> None:
    """The hold counts from the start of the watch at the earliest."""
    events = told(replay, policy(), every(5, -100, 500, "error_rate", 0.02))
    assert fired(events, "error_rate.rollback") == [300]


@both
@pytest.mark.parametrize(("first", "pending"), [(-US, []), (0, [0, 0]), (US, [US, US])])
def test_a_line_exactly_at_the_start_counts(replay: Replay, first: float, pending: list[float]) -> None:
    """A microsecond before is before."""
    events = told(replay, policy(), [line(first, "error_rate", 0.02), line(5, "uptime", 1)])
    assert [e["at"] for e in named(events, "pending")] == pending


@both
def test_a_line_of_an_unknown_metric_only_moves_time(replay: Replay) -> None:
    """It starts no streak; what time does to others is noticed."""
    events = told(replay, policy(), every(5, 0, 200, "uptime", 1e9))
    assert [e["event"] for e in events[:-1]] == ["blind"]
    assert verdict(events) == ("watching", 200)


@both
def test_streaks_of_one_metric_do_not_touch_anothers(replay: Replay) -> None:
    """Good connections don't end a streak of errors."""
    lines = [x for at in range(0, 305, 5) for x in (line(at, "error_rate", 0.02), line(at, "connections", 1))]
    assert verdict(told(replay, policy(ERRORS, LOAD), lines)) == ("rollback", 300)


@both
def test_the_verdict_line_of_an_open_watch_has_the_latest_time(replay: Replay) -> None:
    """Also when the latest line was no data at all."""
    assert told(replay, policy(), [line(0, "error_rate", 0.0), line(7.5, "error_rate", None)]) == [
        {"verdict": "watching", "at": 7.5}
    ]
