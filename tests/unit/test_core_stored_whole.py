"""Every field of a watch's state comes back from what is stored; every event is shown with its fields."""

from __future__ import annotations

import json

import pytest

from monitor.core import view
from monitor.core.codec import FORMAT, dump, load
from monitor.core.counting import Counting, begun
from monitor.core.coverage import Coverage, spans_from
from monitor.core.decisions import (
    Decision,
    Ended,
    LateIgnored,
    Sighted,
    StreakCleared,
    StreakFiring,
    StreakPending,
    WentBlind,
)
from monitor.core.events import Verdict
from monitor.core.evidence import NOTHING, Evidence, Tally, Weight
from monitor.core.phases import Phase
from monitor.core.proof import Proof
from monitor.core.reads import Reads
from monitor.core.replay import seconds, to_json
from monitor.core.state import Life, Order, Seen, Track, WatchState, new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode
from tests.replays import ERRORS, LOAD, START, TIMES, moment, policy

TOLD = policy(ERRORS, LOAD)
EVIDENCE = Evidence(moment(1), 2.0, 30.0, 4.5, 9.0, 0.1, moment(0))
READS = Reads(5.0, 60.0, ((moment(1), moment(2), 0.0, 0.0), (moment(2), moment(3), 1.0, 20.0)), moment(4))
TALLY = Tally(1.5, moment(1), 2.0, 3.0, 4.0, moment(2), 5.0, 6.0, moment(0))
PROOF = Proof((moment(0), 1.0, 2.0), ((moment(1), 3.0, 4.0),), ((moment(2), 5.0, 6.0),))
COUNTED = Streak(
    moment(1), moment(2), counted=True, firing=True, insufficient=True, lacked=True, acted=True,
    evidence=EVIDENCE, still=moment(3), errors=7.0, requests=8.0, before=(9.0, 10.0),
    pending=moment(4),
)  # fmt: skip
ORDER = Order("error_rate.rollback", moment(1), EVIDENCE, "ann")
LIFE = Life(
    Mode.APPROVE, Phase.IN_DOUBT, armed=False, order=ORDER, intent=True,
    verdict=Verdict.UNVERIFIED, verdict_at=moment(6), reason="why",
)  # fmt: skip
STATE = WatchState(
    START,
    Seen(
        moment(5),
        (Track(moment(5), True, 0.5, moment(4), True, "idle"), Track()),
        (COUNTED, Streak(moment(1), moment(2), counted=False), None),
        (
            Counting(
                READS,
                (Weight(moment(0), 1.0, 2.0, (NOTHING, TALLY)), Weight(moment(1), 3.0, 4.0)),
                PROOF,
            ),
            None,
        ),
        late=3,
    ),
    LIFE,
    Coverage(spans_from([(1, 2), (4, 6)]), spans_from([(3, 5)])),
)  # fmt: skip


def through_json(state: WatchState) -> WatchState | None:
    return load(TOLD, json.loads(json.dumps(dump(TOLD, state))))


def test_every_field_comes_back() -> None:
    """Of a restart in the middle of a rollback that is in doubt: above all that its intent is committed."""
    found = through_json(STATE)
    assert found == STATE
    assert found is not None
    assert found.seen.counting[0] is not None
    first, other = found.seen.counting[0].weights[0].tallies
    assert first is NOTHING
    assert type(other) is Tally


def test_a_fresh_watch_comes_back_too() -> None:
    """Where every field is what it is at first."""
    assert through_json(new_state(TOLD, START)) == new_state(TOLD, START)


def test_what_is_written_is_of_format_3_and_short() -> None:
    """A tally that says nothing is nothing: it is written every few seconds."""
    stored = dump(TOLD, STATE)
    assert (stored["format"], FORMAT) == (3, 3)
    assert stored["counting"]["error_rate"]["weights"][0][3] == [None, list(TALLY)]


def test_counts_of_other_rules_begin_at_the_moment_of_the_state() -> None:
    """With what is proven."""
    stored = dump(TOLD, STATE)
    stored["counting"]["error_rate"]["weights"].pop()
    found = load(TOLD, stored)
    assert found is not None
    assert found.seen.counting[0] == begun(TOLD.places["error_rate"], moment(5), PROOF)


def test_a_streak_of_an_older_program_had_nothing_before_it() -> None:
    stored = dump(TOLD, STATE)
    del stored["streaks"]["error_rate.rollback"]["before"]
    found = load(TOLD, stored)
    assert found is not None
    assert found.seen.streaks[0] == COUNTED._replace(before=(0.0, 0.0))


SHOWN = Evidence(moment(1), 2.0, 30.0, 1.23456, 9.0)
S = START / 1e6


@pytest.mark.parametrize(
    ("decision", "shown"),
    [
        (
            StreakPending(moment(5), "a.warn", moment(1), SHOWN),
            {"event": "pending", "at": S + 5, "rule": "a.warn", "since": S + 1, "evidence": 1.235},
        ),
        (
            StreakFiring(moment(5), "a.warn", moment(1), None),
            {"event": "firing", "at": S + 5, "rule": "a.warn", "since": S + 1},
        ),
        (
            StreakCleared(moment(5), "a.warn", "gap", "firing", moment(1), moment(2)),
            {"event": "cleared", "at": S + 5, "rule": "a.warn", "reason": "gap", "was": "firing"},
        ),
        (WentBlind(moment(5), "a"), {"event": "blind", "at": S + 5, "metric": "a"}),
        (Sighted(moment(5), "a"), {"event": "sighted", "at": S + 5, "metric": "a"}),
        (Ended(moment(5), Verdict.SUCCEEDED, "fine"), {"event": "succeeded", "at": S + 5}),
        (Ended(moment(5), Verdict.INCONCLUSIVE, "why"), {"event": "gave_up", "at": S + 5}),
        (Ended(moment(5), Verdict.CANCELLED, "why"), None),
        (LateIgnored(moment(5)), None),
    ],
)
def test_an_event_of_a_recording_is_shown_with_its_fields(
    decision: Decision, shown: dict[str, object] | None
) -> None:
    """And nothing else is an event."""
    assert to_json(decision) == shown


def test_whole_seconds_are_written_without_a_fraction() -> None:
    """As a recording has them."""
    assert json.dumps([seconds(5_000_000), seconds(5_500_000)]) == "[5, 5.5]"


# ---------------------------------------------------------------- shown to people and programs


def test_a_streak_is_shown_with_every_field() -> None:
    """The evidence that it stands on too."""
    (rollback, warn) = view.streaks_view(TOLD, STATE)
    assert rollback == {
        "rule": "error_rate.rollback",
        "metric": "error_rate",
        "action": "rollback",
        "limit": 0.01,
        "state": "firing",
        "since": S + 1,
        "last_breach": S + 2,
        "age_seconds": 4,
        "hold_seconds": 300,
        "insufficient_evidence": True,
        "evidence": {
            "since": S + 1,
            "errors": 2,
            "requests": 30,
            "score": 4.5,
            "needed": 9,
            "ratio": 0.1,
            "blocks_from": S,
        },
        "still_so": False,
    }
    assert (warn["state"], warn["evidence"], warn["still_so"]) == ("pending", None, None)


def test_times_limits_and_coverage_are_shown_in_seconds() -> None:
    """What is configured, and what was seen of it."""
    told = policy(TIMES, warm_up=100, max_gap=20, give_up_after=1000, success_after=500)
    assert view.times_view(told, new_state(told, START)) == {
        "warm_until": S + 100, "max_gap_seconds": 20, "give_up_at": S + 1000,
    }  # fmt: skip
    assert view.limits_view(TIMES) == {"normal_below": 200, "investigate_above": 500}
    seen = Coverage(spans_from([(moment(0), moment(3))]), spans_from([(moment(1), moment(2.5))]))
    state = new_state(told, START)._replace(coverage=seen)
    state = state._replace(seen=state.seen._replace(at=moment(501)))
    shown = view.coverage_view(told, state)
    assert (shown["unobserved_seconds"], shown["abnormal_seconds"]) == (2, 1.5)


@pytest.mark.parametrize(("age", "value"), [(30, 0.5), (30.000001, None)])
def test_a_value_is_shown_as_long_as_it_covers_time(age: float, value: float | None) -> None:
    """For max_gap."""
    told = policy(LOAD, max_gap=30)
    seen = new_state(told, START).seen._replace(at=moment(age), tracks=(Track(START, False, 0.5, START),))
    shown = view.metrics_view(told, new_state(told, START)._replace(seen=seen))["connections"]
    assert (shown["value"], shown["normal"]) == (value, None if value is None else True)
