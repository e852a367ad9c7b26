"""A person's controls: what pause, cancel, approve and rollback do in every phase."""

from __future__ import annotations

import pytest

from monitor.core.decisions import (
    ControlIgnored,
    Ended,
    ExecuteRollback,
    RequestApproval,
    RollbackWithdrawn,
    Sighted,
    StreakCleared,
    WentBlind,
)
from monitor.core.events import (
    Approved,
    BatchEnded,
    Cancelled,
    DoubtChanged,
    Event,
    Executed,
    IntentCommitted,
    Passed,
    Paused,
    Resumed,
    RollbackAsked,
    Verdict,
)
from monitor.core.thresholds import Mode
from tests.replays import LOAD, moment, policy
from tests.watches import Driven, of

# ---------------------------------------------------------------- pause


def test_pause_clears_streaks_and_resume_starts_afresh() -> None:
    """A hold begun before the pause counts for nothing after it."""
    watch = Driven()
    watch.breach(0, 295)
    said = watch.take(Paused(moment(296)))
    assert [(d.rule, d.reason, d.was) for d in of(said, StreakCleared)] == [
        ("error_rate.rollback", "paused", "pending"),
        ("error_rate.warn", "paused", "firing"),
    ]
    assert watch.phase == "paused"
    watch.take(Resumed(moment(298)))
    watch.breach(300, 595)
    assert watch.heard(ExecuteRollback) == []
    assert len(of(watch.measure(600), ExecuteRollback)) == 1


def test_samples_during_a_pause_start_no_streaks() -> None:
    """Decisions are suspended, however long it breaches."""
    watch = Driven()
    watch.take(Paused(moment(0)))
    assert watch.breach(0, 600) == []
    assert watch.phase == "paused"


def test_blind_and_sighted_go_on_during_a_pause() -> None:
    """A pause of decisions is no pause of sight."""
    watch = Driven()
    watch.take(Paused(moment(0)))
    said = watch.measure(500)
    assert (of(said, WentBlind)[0].at, of(said, Sighted)[0].at) == (moment(120), moment(500))


def test_a_paused_watch_neither_succeeds_nor_gives_up() -> None:
    """Both come at the first round after it; the pause itself was observed."""
    watch = Driven(told=policy(LOAD, success_after=100, give_up_after=50))
    watch.take(Paused(moment(0)))
    for at in range(0, 200, 5):
        assert of(watch.measure(at, 1, "connections"), Ended) == []
    watch.take(Resumed(moment(200)))
    (ended,) = of(watch.measure(200, 1, "connections"), Ended)
    assert (ended.verdict, ended.at) == (Verdict.SUCCEEDED, moment(200))


def test_resumed_in_warm_up_the_watch_is_warming_again() -> None:
    """And watching once warm_up is over."""
    watch = Driven(told=policy(warm_up=100))
    assert watch.phase == "warming"
    watch.take(Paused(moment(10)), Resumed(moment(20)))
    assert watch.phase == "warming"
    watch.take(Passed(moment(100)), BatchEnded(moment(100)))
    assert watch.phase == "watching"


def test_a_pause_before_the_intent_takes_the_decision_back() -> None:
    """The executor is told; when it gives up its work the watch stays paused."""
    watch = Driven()
    watch.breach()
    said = watch.take(Paused(moment(301)))
    assert [d.reason for d in of(said, RollbackWithdrawn)] == ["paused"]
    assert watch.phase == "paused"
    assert watch.take(Executed(moment(302), None, "overruled")) == []
    assert watch.phase == "paused"


def test_the_time_of_a_fired_warning_ends_with_the_pause_that_clears_it() -> None:
    """Abnormal from its first breach to the pause."""
    watch = Driven()
    watch.breach(0, 100)
    watch.take(Paused(moment(110)))
    assert list(watch.state.coverage.abnormal) == [(moment(0), moment(110))]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("control", "name"),
    [
        (Resumed(moment(1)), "resume"),
        (Approved(moment(1)), "approve"),
    ],
)
def test_a_control_that_does_not_apply_is_ignored_and_said_so(control: Event, name: str) -> None:
    """Nothing to resume, nothing to approve."""
    watch = Driven()
    assert watch.take(control) == [ControlIgnored(moment(1), name, "watching")]
    assert watch.phase == "watching"


def test_a_second_pause_is_ignored() -> None:
    """Paused is paused."""
    watch = Driven()
    watch.take(Paused(moment(1)))
    assert watch.take(Paused(moment(2))) == [ControlIgnored(moment(2), "pause", "paused")]


def test_pause_and_cancel_after_the_intent_are_refused() -> None:
    """What is committed is carried out; also while its outcome is in doubt."""
    watch = Driven()
    watch.breach()
    watch.take(IntentCommitted(moment(301)))
    assert watch.take(Paused(moment(302))) == [ControlIgnored(moment(302), "pause", "rolling_back")]
    assert watch.take(Cancelled(moment(303))) == [ControlIgnored(moment(303), "cancel", "rolling_back")]
    watch.take(DoubtChanged(moment(304), True))
    assert watch.take(Cancelled(moment(305))) == [ControlIgnored(moment(305), "cancel", "in_doubt")]
    assert watch.phase == "in_doubt"


def test_a_rollback_asked_for_during_one_or_a_pause_is_ignored() -> None:
    """One is enough; and a pause stands until it is resumed."""
    watch = Driven()
    watch.breach()
    said = watch.take(RollbackAsked(moment(301), "ann"), Paused(moment(302)), RollbackAsked(moment(303)))
    assert [(d.control, d.phase) for d in of(said, ControlIgnored)] == [
        ("rollback", "rolling_back"),
        ("rollback", "paused"),
    ]


# ---------------------------------------------------------------- cancel


def test_cancel_ends_the_watch_and_takes_a_decision_back() -> None:
    """The verdict is `cancelled`, with the person's reason; nothing is taken in after it."""
    watch = Driven()
    watch.breach()
    said = watch.take(Cancelled(moment(301), "false alarm"))
    assert [type(d) for d in said] == [RollbackWithdrawn, Ended]
    assert of(said, Ended) == [Ended(moment(301), Verdict.CANCELLED, "false alarm")]
    assert watch.state.ended
    assert watch.take(Paused(moment(302)), Executed(moment(303), Verdict.ROLLED_BACK)) == []


def test_a_paused_watch_can_be_cancelled() -> None:
    """Cancel needs no resume."""
    watch = Driven()
    watch.take(Paused(moment(1)), Cancelled(moment(2)))
    assert watch.state.life.verdict is Verdict.CANCELLED


# ---------------------------------------------------------------- approve


def test_in_approve_a_firing_asks_and_an_approval_executes() -> None:
    """With the rule's evidence, and the name of who approved."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    assert watch.phase == "awaiting_approval"
    (request,) = watch.heard(RequestApproval)
    assert (request.at, request.rule, request.since) == (moment(300), "error_rate.rollback", moment(0))
    (order,) = of(watch.take(Approved(moment(310), "ann")), ExecuteRollback)
    assert (order.rule, order.since, order.by) == ("error_rate.rollback", moment(0), "ann")
    assert watch.phase == "rolling_back"


def test_an_approval_without_a_name_is_a_persons() -> None:
    """Never mistaken for the rule alone."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    assert of(watch.take(Approved(moment(310))), ExecuteRollback)[0].by != ""


@pytest.mark.parametrize("good", [True, False])
def test_a_request_is_withdrawn_with_its_streak(good: bool) -> None:
    """By a recovery or by silence; approving it then is refused, and a new streak asks anew."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    said = watch.measure(305, 0.0) if good else watch.measure(400, 0.0)
    assert len(of(said, RollbackWithdrawn)) == 1
    assert of(watch.take(Approved(moment(401))), ControlIgnored) != []
    watch.breach(405, 705)
    assert [r.since for r in watch.heard(RequestApproval)] == [moment(0), moment(405)]


def test_a_request_stands_while_its_streak_lasts() -> None:
    """It is made once, however many more samples breach."""
    watch = Driven(Mode.APPROVE)
    watch.breach(0, 900)
    assert len(watch.heard(RequestApproval)) == 1
    assert watch.heard(RollbackWithdrawn) == []


def test_a_request_that_nobody_answers_ends_with_giving_up() -> None:
    """Withdrawn, then inconclusive."""
    watch = Driven(Mode.APPROVE, policy(give_up_after=400))
    watch.breach(0, 400)
    assert [type(d) for d in watch.said[-2:]] == [RollbackWithdrawn, Ended]
    assert watch.state.life.verdict is Verdict.INCONCLUSIVE


# ---------------------------------------------------------------- rollback


@pytest.mark.parametrize("mode", list(Mode))
def test_a_persons_rollback_needs_no_breach(mode: Mode) -> None:
    """In every mode, also in warm_up."""
    watch = Driven(mode, policy(warm_up=100))
    (order,) = of(watch.take(RollbackAsked(moment(5), "ann")), ExecuteRollback)
    assert (order.at, order.evidence, order.by) == (moment(5), None, "ann")
    assert watch.phase == "rolling_back"


def test_a_persons_rollback_answers_an_open_request() -> None:
    """Asked for while one awaits approval, it is carried out."""
    watch = Driven(Mode.APPROVE)
    watch.breach()
    assert len(of(watch.take(RollbackAsked(moment(301))), ExecuteRollback)) == 1
