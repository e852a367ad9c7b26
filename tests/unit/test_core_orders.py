"""A rollback's order: of which streak, on what evidence, what is told of it, and until when it stands."""

from __future__ import annotations

import pytest

from monitor.core.counting import begun
from monitor.core.decisions import (
    ControlIgnored,
    Decision,
    Ended,
    ExecuteRollback,
    RequestApproval,
    RollbackWithdrawn,
    StreakFiring,
    WouldRollBack,
)
from monitor.core.events import (
    ApprovalNeeded,
    Approved,
    ArmingChanged,
    BatchEnded,
    Cancelled,
    Executed,
    IntentCommitted,
    Measured,
    Paused,
    Rearmed,
    Restarted,
    Resumed,
    RollbackAsked,
    Verdict,
)
from monitor.core.lifecycle import BY_PERSON, order_is_due, order_stands
from monitor.core.samples import Reading
from monitor.core.thresholds import Mode
from tests.replays import LOAD, US, moment, policy
from tests.watches import Driven, of

RULE = "error_rate.rollback"


def count(watch: Driven, at: float, errors: float, requests: float = 100) -> list[Decision]:
    """One round of counts."""
    reading = Reading("error_rate", errors=errors, requests=requests)
    return watch.take(Measured(moment(at), reading), BatchEnded(moment(at)))


def outage(watch: Driven, last: float = 300) -> list[Decision]:
    """Three of ten requests fail from the start on, every 5 s."""
    return [d for n in range(round(last / 5) + 1) for d in count(watch, 5 * n, 30)]


def requested() -> Driven:
    """A watch that asked a person at 300 s, about a streak from 0 s on."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    return watch


def withdrawn(at: float, reason: str) -> RollbackWithdrawn:
    return RollbackWithdrawn(moment(at), RULE, moment(0), reason)


# ---------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(Mode.AUTO, ExecuteRollback), (Mode.APPROVE, RequestApproval), (Mode.OBSERVE, WouldRollBack)],
)
def test_what_fires_tells_its_rule_its_beginning_and_its_evidence(
    mode: Mode, kind: type[ExecuteRollback] | type[RequestApproval] | type[WouldRollBack]
) -> None:
    """A person who is asked sees the counts that speak for it, as the executor records them."""
    watch = Driven(mode)
    said = outage(watch, 305)
    (told,), fired = of(said, kind), of(said, StreakFiring)[-1]
    assert fired.rule == RULE
    assert fired.evidence is not None
    assert told == kind(fired.at, RULE, fired.since, fired.evidence)


def test_an_approval_executes_at_its_own_moment_on_the_evidence_of_the_request() -> None:
    """By whom it was given."""
    watch = Driven(Mode.APPROVE)
    (asked,) = of(outage(watch, 305), RequestApproval)
    said = watch.take(Approved(moment(310), "ann"))
    assert said == [ExecuteRollback(moment(310), RULE, asked.since, asked.evidence, "ann")]


def test_what_is_taken_back_tells_when_and_why() -> None:
    """Of which rule, and since when it had been so."""
    assert withdrawn(301, "paused") in requested().take(Paused(moment(301)))
    assert withdrawn(302, "cancelled") in requested().take(Cancelled(moment(302)))
    assert requested().take(ArmingChanged(moment(303), False)) == [withdrawn(303, "superseded")]
    assert withdrawn(305, "the streak ended") in requested().measure(305, 0.0)
    watch = Driven()
    watch.breach()
    assert watch.take(Executed(moment(306), None, "no lock")) == [withdrawn(306, "no lock")]


def test_a_request_that_giving_up_withdraws_says_so() -> None:
    """And the end says what stood in the way of success."""
    watch = Driven(Mode.APPROVE, policy(give_up_after=305))
    watch.breach(0, 305)
    last, ended = watch.said[-2:]
    assert last == withdrawn(305, "gave up")
    assert ended == Ended(moment(305), Verdict.INCONCLUSIVE, f"{RULE} fires; error_rate.warn fires")


def test_a_watch_that_gives_up_before_it_could_succeed_has_a_reason() -> None:
    """Such limits are not refused: nothing stood in its way but time."""
    watch = Driven(told=policy(LOAD, success_after=1000, give_up_after=10))
    watch.measure(0, 1, "connections")
    reason = "not all metrics were seen to be normal"
    assert watch.measure(10, 1, "connections") == [Ended(moment(10), Verdict.INCONCLUSIVE, reason)]


def test_an_end_is_kept_with_its_moment_and_its_reason() -> None:
    """Nothing is ordered of a watch that has ended."""
    watch = requested()
    watch.take(Cancelled(moment(302), "false alarm"))
    life = watch.state.life
    assert (life.verdict, life.verdict_at, life.reason) == (Verdict.CANCELLED, moment(302), "false alarm")
    assert life.order is None


def test_a_success_says_that_all_metrics_were_normal() -> None:
    watch = Driven(told=policy(LOAD, success_after=10))
    watch.measure(0, 1, "connections")
    said = watch.measure(10, 1, "connections")
    assert said == [Ended(moment(10), Verdict.SUCCEEDED, "all metrics were normal")]


# ---------------------------------------------------------------- until when it stands


def test_the_end_of_its_streak_does_not_take_back_what_is_being_executed() -> None:
    """Only the executor knows how far it is; it asks whether the order stands."""
    watch = Driven()
    watch.breach()
    assert of(watch.measure(305, 0.0), RollbackWithdrawn) == []
    assert watch.phase == "rolling_back"


@pytest.mark.parametrize("value", [0.0, 0.005])
def test_an_order_does_not_pass_on_to_another_streak(value: float) -> None:
    """Not to a warning that began with it and goes on, nor to the rule's next streak."""
    watch = Driven()
    watch.breach()
    watch.measure(305, value)
    assert not order_stands(watch.policy, watch.state)
    watch.measure(310, 0.5)
    assert not order_stands(watch.policy, watch.state)
    assert not order_is_due(watch.policy, watch.state)


def test_an_order_is_due_while_the_latest_read_says_so_too() -> None:
    """A good minute of an outage postpones the try; the order stands."""
    watch = Driven()
    outage(watch, 305)
    assert order_is_due(watch.policy, watch.state)
    count(watch, 310, 0, 5000)
    assert order_stands(watch.policy, watch.state)
    assert not order_is_due(watch.policy, watch.state)


def test_an_order_on_a_plain_value_is_due_as_long_as_its_streak() -> None:
    """A failed read says nothing against it."""
    watch = Driven()
    assert not order_is_due(watch.policy, watch.state)
    watch.breach()
    watch.measure(305, None)
    assert order_is_due(watch.policy, watch.state)


def test_a_persons_order_is_due_at_once() -> None:
    """Whatever is measured."""
    watch = Driven()
    watch.measure(0, 0.0)
    watch.take(RollbackAsked(moment(1)))
    assert order_is_due(watch.policy, watch.state)


def test_what_no_longer_stands_is_not_kept() -> None:
    """Withdrawn, superseded, restarted, or given back."""
    ended, superseded, restarted, back = requested(), requested(), requested(), Driven()
    ended.measure(305, 0.0)
    superseded.take(ArmingChanged(moment(301), False))
    restarted.take(Restarted(moment(301)))
    back.breach()
    back.take(Executed(moment(301), None))
    assert [w.state.life.order for w in (ended, superseded, restarted, back)] == [None] * 4
    assert back.state.seen.streaks[0] is not None
    assert back.state.seen.streaks[0].acted is False


def test_a_persons_order_is_repeated_whole_after_a_restart() -> None:
    """With the moment of the restart: an older one would be taken for the first."""
    watch = Driven()
    watch.take(RollbackAsked(moment(5), "ann"))
    expected = ExecuteRollback(moment(10), BY_PERSON, moment(5), None, "ann")
    assert watch.take(Restarted(moment(10))) == [expected]


# ---------------------------------------------------------------- phases and modes


def test_an_approval_during_a_rollback_is_refused() -> None:
    """It would be a second order for one streak."""
    watch = Driven()
    watch.breach()
    said = watch.take(Approved(moment(301)), RollbackAsked(moment(302)))
    assert said == [
        ControlIgnored(moment(301), "approve", "rolling_back"),
        ControlIgnored(moment(302), "rollback", "rolling_back"),
    ]


def test_warm_up_lasts_until_its_end() -> None:
    """A batch before it changes nothing; a pause over it leads back to watching."""
    watch = Driven(told=policy(warm_up=100))
    watch.measure(50, 0.0)
    assert watch.phase == "warming"
    watch.take(Paused(moment(60)), Resumed(moment(100 - US)))
    assert watch.phase == "warming"
    watch.take(Paused(moment(100 - US)), Resumed(moment(100)))
    assert watch.phase == "watching"


@pytest.mark.parametrize(("warm_up", "phase"), [(0, "watching"), (US, "warming")])
def test_any_warm_up_is_one(warm_up: float, phase: str) -> None:
    assert Driven(told=policy(warm_up=warm_up)).phase == phase


def test_a_committed_intent_without_its_decision_is_a_rollback_under_way() -> None:
    """The decision was lost in a restart: no second one, and no pause."""
    watch = Driven()
    assert watch.take(IntentCommitted(moment(5))) == []
    assert (watch.phase, watch.state.life.intent) == ("rolling_back", True)


@pytest.mark.parametrize(
    ("asked", "needed", "again"),
    [
        (Mode.AUTO, Mode.APPROVE, Mode.AUTO),
        (Mode.APPROVE, Mode.APPROVE, Mode.AUTO),
        (Mode.OBSERVE, Mode.OBSERVE, Mode.OBSERVE),
    ],
)
def test_who_only_observes_goes_on_so(asked: Mode, needed: Mode, again: Mode) -> None:
    """`auto` asks a person from `ApprovalNeeded` on, and acts by itself again from `Rearmed` on."""
    watch = Driven(asked)
    assert watch.take(ApprovalNeeded(moment(1))) == []
    assert watch.state.life.mode is needed
    assert watch.take(Rearmed(moment(2))) == []
    assert watch.state.life.mode is again


def test_a_superseded_watch_asks_nobody() -> None:
    """Also when a request of its own was open: its next streak is only noted."""
    watch = requested()
    watch.take(ArmingChanged(moment(301), False))
    assert watch.state.life.armed is False
    watch.measure(305, 0.0)
    said = watch.breach(310, 610)
    assert of(said, RequestApproval) == []
    assert len(of(said, WouldRollBack)) == 1
    idle = Driven()
    idle.take(ArmingChanged(moment(1), False))
    assert idle.state.life.armed is False


# ---------------------------------------------------------------- what a control leaves as it is


def test_a_pause_begins_evidence_anew_and_keeps_what_is_proven() -> None:
    """The counts before it are no evidence after it; for success they still count."""
    watch = Driven()
    count(watch, 0, 30)
    count(watch, 65, 30)
    watch.take(Measured(moment(1), Reading("error_rate", 0.0)))
    before = watch.state.seen.counting[0]
    assert before is not None
    watch.take(Paused(moment(70)))
    place = watch.policy.places["error_rate"]
    assert watch.state.seen.counting == (begun(place, moment(70), before.proof),)
    assert before.proof.bad != ()
    assert watch.state.seen.late == 1


def test_a_decision_and_its_withdrawal_leave_what_was_seen() -> None:
    """Time without samples before them stays unobserved."""
    watch = Driven()
    watch.measure(0, 0.0)
    watch.breach(100, 395)
    seen = watch.state.coverage
    assert seen.unobserved.total > 0
    watch.measure(400, 0.5)
    assert watch.phase == "rolling_back"
    assert watch.state.coverage == seen
    watch.take(Executed(moment(401), None))
    assert watch.state.coverage == seen
