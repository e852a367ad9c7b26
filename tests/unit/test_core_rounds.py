"""All readings of a moment at once: `step_all` says and leaves what `step` does with one after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.decisions import Decision, LateIgnored
from monitor.core.events import BatchEnded, Measured, Passed, Paused
from monitor.core.samples import Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.watch import step, step_all
from tests.replays import ERRORS, LOAD, START, TIMES, moment, policy

TOLD = policy(ERRORS, TIMES, LOAD)

VALUES = st.sampled_from([0.0, 30, 59.9, 60.0, 0.0009, 0.001, 0.02, 199.9, 200.0, 700.0, None, "x", -1.0])
READINGS = st.one_of(
    st.builds(Reading, st.sampled_from(["response_time", "connections", "unheard_of"]), VALUES),
    st.builds(
        Reading, st.just("error_rate"), VALUES, quiet=st.booleans(),
        errors=st.sampled_from([None, 0, 0, 1, 40]), requests=st.sampled_from([None, 0, 40, 40]),
    ),
)  # fmt: skip
ROUNDS = st.lists(st.tuples(st.sampled_from([0, 5, 5, 60, 150]), st.lists(READINGS, max_size=5)), max_size=40)


def one_by_one(state: WatchState, at: Micros, readings: list[Reading]) -> tuple[WatchState, list[Decision]]:
    said: list[Decision] = []
    for event in (Passed(at), *(Measured(at, reading) for reading in readings)):
        state, more = step(TOLD, state, event)
        said += more
    return state, said


@given(ROUNDS)
def test_readings_of_a_moment_are_taken_in_as_one_after_the_other(
    rounds: list[tuple[int, list[Reading]]],
) -> None:
    """Calm or not, known or not, twice the same metric, after a gap: state and decisions are the same."""
    state, at = new_state(TOLD, START), START
    for apart, readings in rounds:
        at += apart * 1_000_000
        expected, said = one_by_one(state, at, readings)
        state, told = step_all(TOLD, state, at, readings)
        assert (state, list(told)) == (expected, said)
        state, _ = step(TOLD, state, BatchEnded(at))


def test_a_calm_round_moves_the_tracks_alone() -> None:
    """Values under every limit."""
    calm = [Reading("response_time", 100.0), Reading("connections", 10)]
    state, _ = step_all(TOLD, new_state(TOLD, START), moment(5), calm)
    state, said = step_all(TOLD, state, moment(10), calm)
    assert said == ()
    assert [(t.seen, t.value) for t in state.seen.tracks[1:]] == [(moment(10), 100.0), (moment(10), 10.0)]
    assert state.seen.streaks == (None,) * len(TOLD.rules)


def test_a_moment_that_comes_too_late_is_ignored_and_told_once() -> None:
    """Whatever was read then."""
    state, _ = step_all(TOLD, new_state(TOLD, START), moment(10), [Reading("connections", 10)])
    late, said = step_all(TOLD, state, moment(5), [Reading("connections", 90), Reading("error_rate", 1.0)])
    assert said == (LateIgnored(moment(5)),)
    assert late == state._replace(seen=state.seen._replace(late=1))


def test_a_pause_keeps_streaks_away_from_a_round_too() -> None:
    """Values are shown all the same."""
    state, _ = step(TOLD, new_state(TOLD, START), Paused(START))
    state, said = step_all(TOLD, state, moment(5), [Reading("connections", 90)])
    assert (said, state.seen.streaks) == ((), (None,) * len(TOLD.rules))
    assert state.seen.tracks[2].value == 90
