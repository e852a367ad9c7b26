"""When a metric is blind and sighted: an alert, never a rollback."""

from __future__ import annotations

import pytest

from tests.replays import ERRORS, LOAD, US, Replay, both, every, line, named, policy, told, verdict

BLIND = policy(ERRORS, max_gap=30, blind_after=120)


@both
@pytest.mark.parametrize(("silence", "blind"), [(120 - US, []), (120, []), (120 + US, [130])])
def test_a_metric_is_blind_after_more_than_blind_after(
    replay: Replay, silence: float, blind: list[float]
) -> None:
    """Exactly blind_after is not yet blind; blind is dated blind_after past its last sample."""
    lines = [line(10, "error_rate", 0.0), line(10 + silence, "error_rate", None)]
    assert [e["at"] for e in named(told(replay, BLIND, lines), "blind")] == blind


@both
@pytest.mark.parametrize(("silence", "blind"), [(120, []), (120 + US, [120])])
def test_a_metric_never_seen_is_blind_blind_after_the_start(
    replay: Replay, silence: float, blind: list[float]
) -> None:
    """Before its first sample a metric is measured from the start of the watch."""
    events = told(replay, BLIND, [line(0, "uptime", 1), line(silence, "uptime", 1)])
    assert [e["at"] for e in named(events, "blind", "error_rate")] == blind


@both
@pytest.mark.parametrize("sample", [{"value": 0.0}, {"value": 0.5}, {"value": None, "reason": "quiet"}])
def test_a_blind_metric_is_sighted_at_its_next_usable_or_quiet_sample(
    replay: Replay, sample: dict[str, object]
) -> None:
    """Good, bad or quiet: the source answers again, and the blindness is dated before it."""
    events = told(replay, BLIND, [line(0, "error_rate", 0.0), line(500, "error_rate", **sample)])
    assert [(e["event"], e["at"]) for e in events[:2]] == [("blind", 120), ("sighted", 500)]


@both
def test_failed_reads_do_not_make_a_metric_sighted(replay: Replay) -> None:
    """Blind once, until a sample comes; failures don't say it again."""
    events = told(replay, BLIND, every(5, 0, 900, "error_rate", None))
    assert [e["event"] for e in events[:-1]] == ["blind"]


@both
def test_each_metric_is_blind_by_itself(replay: Replay) -> None:
    """One source gone does not hide another."""
    events = told(replay, policy(ERRORS, LOAD), every(5, 0, 200, "error_rate", 0.0))
    assert named(events, "blind") == [{"event": "blind", "at": 120, "metric": "connections"}]


@both
def test_blindness_never_rolls_back(replay: Replay) -> None:
    """An endpoint gone in the middle of a bad period ends the streak and decides nothing."""
    lines = [*every(5, 0, 295, "error_rate", 0.5), *every(5, 300, 3000, "error_rate", None)]
    assert verdict(told(replay, BLIND, lines)) == ("watching", 3000)


@both
def test_a_streak_cleared_by_a_gap_is_told_before_a_blindness_of_the_same_moment(replay: Replay) -> None:
    """With blind_after = max_gap both become true together; what was becomes past first."""
    events = told(replay, policy(blind_after=30), [line(0, "error_rate", 0.5), line(31, "uptime", 1)])
    assert [(e["event"], e["at"]) for e in events[2:-1]] == [("cleared", 30), ("cleared", 30), ("blind", 30)]


@both
def test_samples_in_warm_up_keep_a_metric_sighted(replay: Replay) -> None:
    """They take no part in streaks and are data all the same."""
    events = told(replay, policy(warm_up=600), every(5, 0, 500, "error_rate", 0.5))
    assert events == [{"verdict": "watching", "at": 500}]
