"""One rollback in effect: the executor's news, restarts, observing, being superseded."""

from __future__ import annotations

import pytest

from monitor.core.decisions import (
    Ended,
    ExecuteRollback,
    RequestApproval,
    RollbackWithdrawn,
    StreakCleared,
    WouldRollBack,
)
from monitor.core.events import (
    ArmingChanged,
    BatchEnded,
    DoubtChanged,
    Executed,
    IntentCommitted,
    Measured,
    Restarted,
    RollbackAsked,
    Verdict,
)
from monitor.core.lifecycle import order_stands
from monitor.core.phases import TABLE, IllegalMove, Move, Phase, after, allows
from monitor.core.samples import Reading
from monitor.core.state import new_state
from monitor.core.thresholds import Mode, Threshold
from monitor.core.watch import step
from tests.replays import ERRORS, START, moment, policy
from tests.watches import Driven, of

# ---------------------------------------------------------------- phases


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("move", list(Move))
def test_a_move_that_is_not_in_the_table_raises(phase: Phase, move: Move) -> None:
    """Every pair is either allowed or named in the error."""
    if allows(phase, move):
        assert after(phase, move) is TABLE[phase, move]
        return
    with pytest.raises(IllegalMove, match=f"a watch that is {phase.value} can't {move.value}"):
        after(phase, move)


def test_there_is_no_way_out_of_an_end() -> None:
    """A verdict never changes; every other phase can end."""
    assert {phase for phase, _ in TABLE} == set(Phase) - {Phase.ENDED}
    assert all(allows(phase, Move.END) for phase in Phase if phase is not Phase.ENDED)


# ---------------------------------------------------------------- the executor's news


def test_a_rollback_that_took_effect_ends_the_watch() -> None:
    """With the executor's verdict and reason, once."""
    watch = Driven()
    watch.breach()
    watch.take(IntentCommitted(moment(301)))
    said = watch.take(Executed(moment(302), Verdict.ROLLED_BACK, "verified: plan"))
    assert said == [Ended(moment(302), Verdict.ROLLED_BACK, "verified: plan")]
    assert watch.take(Executed(moment(303), Verdict.FAILED)) == []


def test_during_a_rollback_no_second_one_is_decided() -> None:
    """However long it takes, and however bad it stays; nor does the watch succeed or give up."""
    watch = Driven(told=policy(give_up_after=400))
    watch.breach(0, 900)
    assert len(watch.heard(ExecuteRollback)) == 1
    assert watch.phase == "rolling_back"


def test_a_withdrawn_rollback_may_be_decided_again_at_the_next_breach() -> None:
    """Given back without effect, the watch continues; a fresh breaching sample decides anew."""
    watch = Driven()
    watch.breach()
    (withdrawn,) = of(watch.take(Executed(moment(301), None, "the streak ended")), RollbackWithdrawn)
    assert (withdrawn.rule, withdrawn.reason) == ("error_rate.rollback", "the streak ended")
    assert watch.phase == "watching"
    assert of(watch.measure(303, None), ExecuteRollback) == []
    assert len(of(watch.measure(305), ExecuteRollback)) == 1


def test_a_decision_whose_streak_ended_needs_a_whole_new_hold() -> None:
    """Recovered while the rollback waited for its locks: withdrawn, and five new minutes."""
    watch = Driven()
    watch.breach()
    assert order_stands(watch.policy, watch.state)
    watch.measure(305, 0.0)
    assert not order_stands(watch.policy, watch.state)
    watch.take(Executed(moment(306), None))
    watch.breach(310, 605)
    assert len(watch.heard(ExecuteRollback)) == 1
    assert len(of(watch.measure(610), ExecuteRollback)) == 1


def test_doubt_comes_and_goes_only_during_a_rollback() -> None:
    """in_doubt is a phase of its own; elsewhere the news changes nothing."""
    watch = Driven()
    assert watch.take(DoubtChanged(moment(1), True)) == []
    assert watch.phase == "watching"
    watch.breach(5, 305)
    watch.take(DoubtChanged(moment(306), True))
    assert watch.phase == "in_doubt"
    watch.take(DoubtChanged(moment(307), False))
    assert watch.phase == "rolling_back"


def test_a_doubt_settled_as_no_effect_lets_the_watch_go_on() -> None:
    """The ledger has no row: nothing happened, and the streak may decide again."""
    watch = Driven()
    watch.breach()
    watch.take(IntentCommitted(moment(301)), DoubtChanged(moment(302), True), Executed(moment(303), None))
    assert (watch.phase, watch.state.life.intent) == ("watching", False)


def test_order_stands_for_a_person_without_a_streak_and_not_without_an_order() -> None:
    """A person's rollback is wanted until it is done."""
    watch = Driven()
    assert not order_stands(watch.policy, watch.state)
    watch.take(RollbackAsked(moment(5)))
    assert order_stands(watch.policy, watch.state)


def test_of_two_rules_that_fire_together_one_rolls_back() -> None:
    """The first of the policy; the other stands ready if it is withdrawn."""
    slow = Threshold("response_time", 200.0, rollback_above=900.0)
    watch = Driven(told=policy(ERRORS, slow))
    for at in range(0, 305, 5):
        watch.take(
            Measured(moment(at), Reading("response_time", 1000)),
            Measured(moment(at), Reading("error_rate", 0.5)),
            BatchEnded(moment(at)),
        )
    assert [d.rule for d in watch.heard(ExecuteRollback)] == ["error_rate.rollback"]
    watch.measure(304, 0.0)
    watch.take(Executed(moment(304), None))
    (order,) = of(watch.measure(305, 1000, "response_time"), ExecuteRollback)
    assert order.rule == "response_time.rollback"


# ---------------------------------------------------------------- restart


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.APPROVE])
def test_after_a_restart_a_rule_needs_a_fresh_breaching_sample(mode: Mode) -> None:
    """What was decided or requested and not begun is decided again, on new evidence only."""
    watch = Driven(mode)
    watch.breach()
    watch.take(Restarted(moment(310)))
    assert watch.phase == "watching"
    assert of(watch.measure(312, None), ExecuteRollback) == []
    said = watch.measure(315)
    assert len(of(said, ExecuteRollback) + of(said, RequestApproval)) == 1


def test_after_a_restart_too_late_the_hold_starts_again() -> None:
    """Downtime is time without samples."""
    watch = Driven()
    watch.breach()
    watch.take(Restarted(moment(340)))
    watch.breach(345, 640)
    assert len(watch.heard(ExecuteRollback)) == 1
    assert len(of(watch.measure(645), ExecuteRollback)) == 1


def test_a_persons_rollback_survives_a_restart() -> None:
    """Asked for and not begun, it is asked of the executor again."""
    watch = Driven()
    watch.take(RollbackAsked(moment(5), "ann"))
    (order,) = of(watch.take(Restarted(moment(10))), ExecuteRollback)
    assert (order.by, order.since) == ("ann", moment(5))


def test_a_committed_intent_survives_a_restart() -> None:
    """The executor settles what became of it; the core decides nothing."""
    watch = Driven()
    watch.breach()
    watch.take(IntentCommitted(moment(301)))
    assert watch.take(Restarted(moment(310))) == []
    assert watch.phase == "rolling_back"


def test_a_restart_without_a_decision_changes_nothing() -> None:
    """A pending streak goes on."""
    watch = Driven()
    watch.breach(0, 100)
    before = watch.state.seen.streaks
    assert watch.take(Restarted(moment(110))) == []
    assert watch.state.seen.streaks == before


# ---------------------------------------------------------------- observe, superseded


def test_observe_says_what_would_have_happened_once_per_streak() -> None:
    """And goes on: a second streak is a second note."""
    watch = Driven(Mode.OBSERVE)
    watch.breach(0, 600)
    watch.measure(605, 0.0)
    watch.breach(610, 1000)
    assert [(d.at, d.since) for d in watch.heard(WouldRollBack)] == [
        (moment(300), moment(0)),
        (moment(910), moment(610)),
    ]
    assert watch.phase == "watching"


def test_a_superseded_watch_observes_and_is_armed_again_with_fresh_streaks() -> None:
    """What began while another watch was in charge is not its evidence."""
    watch = Driven()
    watch.take(ArmingChanged(moment(0), False))
    watch.breach(0, 400)
    assert (len(watch.heard(WouldRollBack)), watch.heard(ExecuteRollback)) == (1, [])
    said = watch.take(ArmingChanged(moment(401), True))
    assert {d.reason for d in of(said, StreakCleared)} == {"rearmed"}
    watch.breach(405, 700)
    assert watch.heard(ExecuteRollback) == []
    assert len(of(watch.measure(705), ExecuteRollback)) == 1


def test_superseding_withdraws_an_open_request() -> None:
    """The newer watch is in charge now."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    (withdrawn,) = of(watch.take(ArmingChanged(moment(301), False)), RollbackWithdrawn)
    assert (withdrawn.reason, watch.phase) == ("superseded", "watching")
    assert watch.breach(305, 400) == []


def test_arming_an_armed_watch_changes_nothing() -> None:
    """Its streaks stay."""
    watch = Driven()
    watch.breach(0, 100)
    before = watch.state
    assert watch.take(ArmingChanged(moment(100), True)) == []
    assert watch.state == before


# ---------------------------------------------------------------- step


def test_a_reading_of_an_unknown_metric_only_moves_time() -> None:
    """Also when the shell gives it as a reading."""
    state = new_state(policy(), START)
    state, said = step(policy(), state, Measured(moment(5), Reading("uptime", 1)))
    assert (state.seen.at, said) == (moment(5), ())


def test_a_late_reading_is_counted() -> None:
    """And says so with its own time."""
    watch = Driven()
    watch.measure(10)
    watch.measure(5)
    watch.measure(10)
    assert watch.state.seen.late == 2
