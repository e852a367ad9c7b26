"""What people are told of a watch, and that it is taken back: across restarts, and when superseded."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import ReadinessRead
from monitor.ports import Alert, Gauge, Outcome, OutcomeKind, ProgressKind, Readiness, Severity
from tests.hands import START, Desk

BAD = 0.05
LOST = Readiness(False, ("no rights",))


def told(desk: Desk, condition: str) -> list[bool]:
    """Of each alert of that condition: whether it resolves."""
    return [a.resolves for a in desk.alerts() if a.condition == f"w-1/{condition}"]


def restart(desk: Desk, mode: Mode = Mode.AUTO) -> None:
    desk.begin().start([desk.stored_row(mode=mode)], desk.records[-1].memory or {})


def test_a_page_of_readiness_is_resolved_by_the_first_good_proof_after_a_restart() -> None:
    """What was mended while the daemon was down does not stay open."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", LOST))
    restart(desk)
    desk.take(ReadinessRead("w-1", Readiness(True)))
    assert told(desk, "readiness") == [False, True]


def test_a_page_of_readiness_is_not_repeated_by_a_restart() -> None:
    """It is open already; reminders have their own time."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", LOST))
    restart(desk)
    desk.take(ReadinessRead("w-1", LOST))
    assert told(desk, "readiness") == [False]


def test_nobody_is_paged_for_the_readiness_of_a_watch_that_only_observes() -> None:
    """It would not roll back anyway; its view says all the same what is missing."""
    desk = Desk()
    desk.register(mode=Mode.OBSERVE)
    desk.take(ReadinessRead("w-1", LOST))
    assert told(desk, "readiness") == []
    assert desk.view()["readiness"]["reasons"] == ["no rights"]


def test_a_superseded_watch_is_told_once_and_again_when_it_is_armed() -> None:
    """One notice each; neither wakes anybody."""
    desk = Desk()
    desk.register()
    for superseded in (True, True, False, False):
        desk.controls(superseded=superseded)
    notices = [a for a in desk.alerts() if a.condition in {"w-1/superseded", "w-1/armed_again"}]
    assert [(a.condition, a.page) for a in notices] == [("w-1/superseded", False), ("w-1/armed_again", False)]
    assert [k for k in desk.kinds() if k in {"superseded", "armed_again"}] == ["superseded", "armed_again"]


def test_a_superseded_watch_that_was_not_ready_is_nobodys_page_any_more() -> None:
    """It is resolved by the notice, and open again when the watch is armed again and still not ready."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", LOST))
    desk.controls(superseded=True)
    desk.take(ReadinessRead("w-1", Readiness(False, ("a later migration is watched",))))
    desk.controls(superseded=False)
    assert told(desk, "readiness") == [False, True, False]


def test_a_superseded_watch_offers_no_rollback() -> None:
    """The command would be refused."""
    desk = Desk()
    desk.register()
    desk.controls(superseded=True)
    desk.say_through(0, 30, error_rate=BAD)
    would = [a for a in desk.alerts() if a.condition == "w-1/rollback"]
    assert [a.commands for a in would] == [("migration-monitor status add_email",)]


def test_a_pause_resolves_an_alert_but_does_not_say_that_the_breach_is_over() -> None:
    """It goes on, as far as anybody knows: nobody counts it."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    desk.controls(paused_at=START + 20 * SECOND)
    (title,) = [a.title for a in desk.alerts() if a.resolves and a.condition == "w-1/error_rate.rollback"]
    assert title.startswith("error_rate.rollback: the breach no longer counts after ")
    assert title.endswith(": paused")


def test_what_a_withdrawn_rollback_had_opened_on_its_way_is_resolved() -> None:
    """A spent budget for locks is no news any more when the breach is over."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.BUDGET_SPENT)
    desk.say(35)
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the breach ended"))
    last = desk.alerts()[-1]
    assert last.title == "the rollback is withdrawn: the breach ended"
    assert (last.resolves, last.closes) == (True, ("w-1/stuck",)), "nobody is paged for it any more"


def test_a_doubt_settled_after_a_restart_is_resolved() -> None:
    """Nothing had taken effect: the watch continues, and nobody is left in doubt."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.IN_DOUBT)
    stored = desk.stored_row(intent_at=START + 30 * SECOND)
    desk.begin().start([stored], desk.records[-1].memory or {})
    desk.finish(None)
    assert told(desk, "rollback/in_doubt") == [False]
    after = desk.alerts()[-1]
    assert (after.incident, after.closes) == ("", ("w-1/stuck",))


def test_a_pending_streak_told_before_a_restart_is_resolved_after_it_and_not_told_twice() -> None:
    """One message for its beginning, one for its end."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 10, error_rate=BAD)
    restart(desk)
    desk.say(15, error_rate=BAD)
    desk.say(20)
    assert told(desk, "error_rate.rollback") == [False, True]


def test_a_missing_instance_is_not_told_again_after_a_restart() -> None:
    """It is still the same one; its return is told."""
    desk = Desk()
    desk.register()
    answers(desk, 0, 2)
    restart(desk)
    answers(desk, 5, 2)
    answers(desk, 10, 3)
    assert told(desk, "error_rate/instances") == [False, True]


def answers(desk: Desk, second: int, answering: int) -> None:
    labels = (("metric", "error_rate"),)
    desk.probe.shown = (
        Gauge("probe_instances", 3, labels),
        Gauge("probe_instances_answering", answering, labels),
    )
    desk.say(second)


def test_a_command_can_be_pasted_whatever_the_migration_is_called() -> None:
    """A name that the shell would take apart is quoted."""
    desk = Desk()
    desk.register(migration="add email; reboot")
    desk.say_through(0, 30, error_rate=BAD)
    decided: list[Alert] = [a for a in desk.alerts() if a.condition == "w-1/rollback"]
    assert decided[0].commands == ("migration-monitor status 'add email; reboot'",)


@pytest.mark.parametrize("control", ["paused_at", "cancelled_at"])
def test_a_withdrawal_does_not_say_of_a_cancelled_watch_that_it_goes_on(control: str) -> None:
    """A pause keeps the watch, a cancel ends it."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    desk.controls(id="w-1", **dict.fromkeys([control], START + 31 * SECOND))
    last = desk.alerts()[-1]
    assert last.title.startswith("the rollback is withdrawn" if control == "paused_at" else "cancelled")
    assert ("continues" in last.next) is (control == "paused_at")


def test_a_decision_that_a_restart_gives_up_is_an_event_and_its_page_stays_open() -> None:
    """It is asked again with the next breach; only an end without one resolves it."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    restart(desk, Mode.APPROVE)
    desk.say(31, error_rate=BAD)
    withdrawn = [e for r in desk.records for e in r.events if e.kind == "withdrawn"]
    assert "restarted" in str(withdrawn[0].detail["reason"])
    assert not any(told(desk, "rollback"))


def test_a_warning_that_outlasts_its_watch_is_resolved_with_it() -> None:
    """Nobody was paged for it, but Slack shows it open."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 15, connections=70.0)
    desk.controls(cancelled_at=START + 16 * SECOND)
    begun, over = [a for a in desk.alerts() if a.story]
    assert (begun.condition, begun.resolves) == ("w-1/connections.warn", False)
    assert (over.title, over.resolves, over.story) == ("cancelled", True, begun.story)


def test_a_streak_that_ended_says_by_which_value_and_one_that_a_pause_ended_says_none() -> None:
    """So that the page can say why no rollback happened: "streak 10 s, ended by 0.04 %"."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 10, error_rate=BAD)
    desk.say_through(15, 60, error_rate=0.0004)
    cleared = [e.detail for r in desk.records for e in r.events if e.kind == "cleared"]
    assert {detail["value"] for detail in cleared} == {0.0004}
    desk.say_through(65, 75, error_rate=BAD)
    desk.controls(paused_at=desk.clock.moment)
    paused = [e.detail for r in desk.records for e in r.events if e.kind == "cleared"][len(cleared) :]
    assert paused
    assert all("value" not in detail for detail in paused)


def test_sessions_that_pile_up_while_the_rollback_is_under_way_are_told_as_ours_in_part() -> None:
    """Who waits behind its statement for a lock is slow; before the rollback nothing is said of it."""
    for rolling in (False, True):
        desk = Desk()
        desk.register()
        if rolling:
            desk.say_through(0, 30, error_rate=BAD)
            desk.progress(ProgressKind.INTENT)
            assert desk.view()["phase"] == "rolling_back"
        desk.say_through(35, 400, error_rate=BAD if rolling else 0.0, connections=500.0)
        slow = [a for a in desk.alerts() if "connections 500" in str((a.title, a.facts))]
        assert slow
        assert all(("partly caused by the rollback" in dict(a.facts)) is rolling for a in slow)
        assert all(a.quiet is rolling for a in slow), "while it is under way that is no message of its own"


def count_through(desk: Desk, start: int, end: int, errors: int, requests: int) -> None:
    """The same counts every 3 s, two reads in each block of the rollback rule's hold."""
    for second in range(start, end + 1, 3):
        desk.count(second, errors, requests)


def test_errors_with_too_little_traffic_to_decide_are_told_once_per_streak() -> None:
    """A warning that wakes nobody, with the counts; resolved when the streak ends, and then told anew."""
    desk = Desk()
    desk.register()
    count_through(desk, 3, 48, 1, 1)
    told = [a for a in desk.alerts() if "with too little traffic to decide" in a.title]
    assert [(a.severity, a.page, a.condition) for a in told] == [
        (Severity.WARNING, False, "w-1/error_rate.rollback")
    ]
    assert told[0].title == "error_rate 100 % is above 1 %, with too little traffic to decide"
    assert dict(told[0].facts)["evidence"] == "9 of 9, 15 errors in 15 requests (100 %)"
    assert told[0].next == "add_email will be rolled back automatically as soon as more requests fail"
    assert desk.kinds().count("insufficient_evidence") == 2, "of the warn rule, too, which alerts nobody"
    assert desk.view()["streaks"][0]["insufficient_evidence"]
    assert not desk.orders


def test_what_is_told_of_counts_says_evidence_limit_and_baseline() -> None:
    """Before it fires, and with the decision."""
    desk = Desk()
    desk.register()
    count_through(desk, 3, 45, 10, 100)
    pending, decided = (
        next(a for a in desk.alerts() if a.title.startswith(words))
        for words in ("error_rate 10 % is above 1 %", "rolling back now")
    )
    assert dict(pending.facts)["evidence"] == "3.6 of 9, 30 errors in 300 requests (10 %)"
    assert dict(decided.facts)["evidence"] == "9 of 9, 110 errors in 1,100 requests (10 %)"
    assert [order.rule for order in desk.orders] == ["error_rate.rollback"]
