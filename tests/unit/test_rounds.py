"""One target's rounds: what a watch decides becomes orders, rows and alerts, across restarts and people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import ReadinessRead, Reminded
from monitor.ports import Gauge, Outcome, OutcomeKind, ProgressKind, Readiness, Severity
from tests.hands import START, Desk, row

BAD = 0.05


def test_a_breach_held_long_enough_is_ordered_once() -> None:
    """The order names the rule and since when; a second one does not follow while it runs."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 60, error_rate=BAD)
    assert [(o.rule, o.since, o.at) for o in desk.orders] == [
        ("error_rate.rollback", START, START + 30 * SECOND)
    ]


def test_a_breach_one_sample_short_is_not_ordered() -> None:
    """Twenty-five of thirty seconds are not enough."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=BAD)
    desk.say_through(30, 60)
    assert desk.orders == []


def test_the_verdict_is_stored_and_the_watch_leaves_the_hand() -> None:
    """Once rolled back nothing more is done for the watch, even if the store still shows it open."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    assert desk.last_update().verdict == "rolled_back"
    desk.register()
    assert desk.rounds.keepers == {}


def test_approval_leads_to_the_order() -> None:
    """In approve mode the rollback is executed only after a person's word, in that person's name."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    assert desk.orders == []
    desk.controls(approved_at=START + 31 * SECOND, by="dba")
    assert [(o.rule, o.by) for o in desk.orders] == [("error_rate.rollback", "dba")]


def test_an_approval_counts_once() -> None:
    """The same committed approval does not approve a later request."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    approved = START + 31 * SECOND
    desk.controls(approved_at=approved, by="dba")
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the streak ended"))
    desk.say(35)
    desk.say_through(40, 80, error_rate=BAD)
    desk.controls(approved_at=approved, by="dba")
    assert len(desk.orders) == 1
    assert desk.view()["phase"] == "awaiting_approval"


def test_an_approval_given_while_the_daemon_was_down_counts_at_the_next_bad_sample() -> None:
    """After a restart a fresh breaching sample asks again, and finds the approval."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    stored = desk.stored_row(mode=Mode.APPROVE)
    desk.begin().start([stored], {})
    desk.controls(approved_at=START + 32 * SECOND, by="dba")
    assert desk.orders == []
    desk.say(35, error_rate=BAD)
    assert [o.by for o in desk.orders] == ["dba"]


def test_in_observe_nothing_is_ordered_and_it_is_said_once() -> None:
    """A firing is recorded as `would have rolled back`, once per streak."""
    desk = Desk()
    desk.register(mode=Mode.OBSERVE)
    desk.say_through(0, 60, error_rate=BAD)
    assert desk.orders == []
    assert desk.kinds().count("would_roll_back") == 1


def test_a_superseded_watch_observes_and_is_armed_again_with_fresh_streaks() -> None:
    """The newer watch is responsible; when it is gone the older one needs a whole hold of its own."""
    desk = Desk()
    desk.register()
    desk.controls(superseded=True)
    desk.say_through(0, 30, error_rate=BAD)
    assert desk.orders == []
    assert desk.view()["superseded"] is True
    desk.controls(superseded=False)
    desk.say_through(35, 60, error_rate=BAD)
    assert desk.orders == []
    desk.say(65, error_rate=BAD)
    assert len(desk.orders) == 1


def test_a_pause_clears_the_streak_and_a_resume_starts_anew() -> None:
    """Nothing is decided while paused; afterwards the hold begins again."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=BAD)
    paused = START + 26 * SECOND
    desk.controls(paused_at=paused)
    desk.say_through(30, 60, error_rate=BAD)
    assert desk.view()["phase"] == "paused"
    desk.controls(paused_at=paused, resumed_at=paused + 40 * SECOND)
    desk.say_through(70, 95, error_rate=BAD)
    assert desk.orders == []
    desk.say(100, error_rate=BAD)
    assert len(desk.orders) == 1


def test_a_cancel_ends_the_watch() -> None:
    """With its reason."""
    desk = Desk()
    desk.register()
    desk.controls(cancelled_at=START, reason="wrong migration")
    update = desk.last_update()
    assert (update.verdict, update.reason) == ("cancelled", "wrong migration")


def test_a_person_rolls_back_without_a_breach() -> None:
    """It is wanted whatever the metrics say."""
    desk = Desk()
    desk.register(mode=Mode.OBSERVE)
    desk.say(0)
    desk.controls(rollback_at=START + SECOND, by="dba")
    desk.say_through(5, 20)
    assert [(o.rule, o.by) for o in desk.orders] == [("person", "dba")]
    assert desk.keeper().still_wanted()


def test_the_order_is_not_wanted_any_more_when_its_streak_ends() -> None:
    """And when the executor gives it back, the watch continues and may decide again."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    assert desk.keeper().still_wanted()
    desk.say(35)
    assert not desk.keeper().still_wanted()
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the streak ended"))
    assert desk.view()["phase"] == "watching"
    desk.say_through(40, 70, error_rate=BAD)
    assert len(desk.orders) == 2


def test_a_restart_in_mid_streak_goes_on_with_it() -> None:
    """Downtime within max_gap does not lengthen the hold."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    desk.say(30, error_rate=BAD)
    assert [o.since for o in desk.orders] == [START]


def test_a_restart_after_max_gap_starts_afresh() -> None:
    """Downtime is time without samples."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    desk.begin().start([desk.stored_row()], {})
    desk.say_through(35, 60, error_rate=BAD)
    assert desk.orders == []
    desk.say(65, error_rate=BAD)
    assert [o.since for o in desk.orders] == [START + 35 * SECOND]


def test_a_decision_without_an_intent_needs_a_fresh_sample_after_a_restart() -> None:
    """A good sample instead lets it go."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.begin().start([desk.stored_row()], {})
    assert desk.view()["phase"] == "watching"
    assert len(desk.orders) == 1
    desk.say(35, error_rate=BAD)
    assert len(desk.orders) == 2


def test_a_committed_intent_is_settled_before_anything_else() -> None:
    """Without effect the watch decides again on fresh evidence; with it the verdict stands."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.begin().start([desk.stored_row(intent_at=START + 30 * SECOND)], {})
    assert [k.id for k in desk.settling] == ["w-1"]
    desk.say(35, error_rate=BAD)
    assert len(desk.orders) == 1
    desk.finish(None)
    desk.say(40, error_rate=BAD)
    assert len(desk.orders) == 2


def test_a_persons_order_without_effect_is_given_again_after_a_restart() -> None:
    """It needs no breach, before and after."""
    desk = Desk()
    desk.register()
    desk.say(0)
    desk.controls(rollback_at=START + SECOND, by="dba")
    desk.progress(ProgressKind.INTENT)
    desk.begin().start([desk.stored_row(intent_at=START + SECOND)], {})
    desk.finish(None)
    assert [o.by for o in desk.orders] == ["dba", "dba"]


def test_doubt_is_shown_and_ends() -> None:
    """While a COMMIT is in doubt the phase says so."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.IN_DOUBT)
    assert desk.view()["phase"] == "in_doubt"
    desk.progress(ProgressKind.SETTLED)
    assert desk.view()["phase"] == "rolling_back"


def test_pause_after_the_intent_changes_nothing() -> None:
    """It is recorded as ignored."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.controls(paused_at=START + 31 * SECOND)
    assert desk.view()["phase"] == "rolling_back"
    assert "control_ignored" in desk.kinds()


def test_success_after_the_whole_time() -> None:
    """All metrics normal for success_after."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 100)
    assert desk.last_update().verdict == "succeeded"


def test_blindness_alerts_once_and_resolves() -> None:
    """No data is never a rollback; people are told, and told when it is over."""
    desk = Desk()
    desk.register()
    desk.say(0)
    desk.say_through(5, 60, error_rate=None)
    desk.say(65)
    assert desk.orders == []
    told = [(a.condition, a.resolves) for a in desk.alerts() if "blind" in a.condition]
    assert told == [("w-1/error_rate/blind", False), ("w-1/error_rate/blind", True)]


def test_readiness_alerts_on_each_change_only() -> None:
    """The first good proof is no news; a loss is an error, its end resolves it."""
    desk = Desk()
    desk.register()
    for readiness in (Readiness(True), *[Readiness(False, ("no rights",))] * 3, Readiness(True)):
        desk.take(ReadinessRead("w-1", readiness))
    told = [(a.severity, a.resolves) for a in desk.alerts() if a.condition == "w-1/readiness"]
    assert told == [(Severity.ERROR, False), (Severity.INFO, True)]


def test_a_pending_streak_is_told_when_a_fifth_of_its_hold_is_over() -> None:
    """A blip is not told; what is told is resolved."""
    desk = Desk()
    desk.register()
    desk.say(0, error_rate=BAD)
    desk.say(5)
    desk.say_through(10, 20, error_rate=BAD)
    desk.say(25)
    told = [a.resolves for a in desk.alerts() if a.condition == "w-1/error_rate.rollback"]
    assert told == [False, True]


def test_every_alert_of_a_whole_rollback_is_told_once() -> None:
    """No transition repeats its key."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    keys = [a.key for r in desk.records for a in r.alerts]
    assert len(keys) == len(set(keys))
    assert {"w-1/rollback/decided/" + str(START) + "/log", "w-1/verdict/rolled_back/log"} <= set(keys)


def test_the_clock_is_never_behind_what_is_stored() -> None:
    """A wall clock set back while the daemon was down makes no sample late."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    stored = desk.stored_row()
    desk.clock.moment = START - 3600 * SECOND
    desk.begin().start([stored], {})
    assert desk.clock.now() >= START + 20 * SECOND


def test_probe_memory_survives_a_restart() -> None:
    """What the probe kept is what it gets back."""
    desk = Desk()
    desk.probe.kept = {"counter": 7}
    desk.say(0)
    memory = desk.records[-1].memory or {}
    desk.probe.kept = {}
    desk.begin().start([], memory)
    assert desk.probe.kept == {"counter": 7}


@pytest.mark.parametrize("kind", [OutcomeKind.FAILED, OutcomeKind.REFUSED, OutcomeKind.UNVERIFIED])
def test_a_rollback_that_did_not_work_pages(kind: OutcomeKind) -> None:
    """The verdict says which, and people are woken."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(kind, "why"))
    ended = desk.alerts()[-1]
    assert (ended.condition, ended.severity) == ("w-1/rollback", Severity.CRITICAL)
    assert (ended.page, ended.resolves) == (True, False)
    assert desk.last_update().verdict == kind.value


@pytest.mark.parametrize(
    ("took_effect", "said"), [(0, "changed nothing"), (1, "but for what the reason says")]
)
def test_a_failed_rollback_says_whether_it_left_anything(took_effect: int, said: str) -> None:
    """One transaction leaves nothing behind; statements outside may have taken effect."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.FAILED, "why", {"took_effect": took_effect}))
    assert said in desk.alerts()[-1].title


def test_an_ended_row_is_not_taken_up() -> None:
    """Verdicts never change."""
    desk = Desk()
    desk.rounds.start([replace(row(), verdict="succeeded")], {})
    assert desk.rounds.keepers == {}


def test_a_good_end_resolves_the_page_of_the_decision() -> None:
    """One incident: opened when the rollback was decided, closed when it was done."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    told = [a.resolves for a in desk.alerts() if a.condition == "w-1/rollback"]
    assert told == [False, True]


def test_an_open_page_is_repeated_every_remind_every_until_it_is_resolved() -> None:
    """Also after a restart; a channel that wants no reminders gets none."""
    desk = Desk(remind_every={"log": 60 * SECOND, "slack": 0})
    desk.register()
    desk.say(0)
    desk.say_through(5, 60, error_rate=None)
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    for second in range(65, 200, 5):
        desk.say(second, error_rate=None if second < 170 else 0.0)
        desk.take(Reminded())
    still = [a.key for r in desk.records for a in r.alerts if "/reminder/" in a.key]
    told = [f"{START + second * SECOND}/log" for second in (80, 140)]
    assert [key.split("/reminder/")[1] for key in still] == told


def test_pages_of_an_ended_watch_are_closed() -> None:
    """What it had opened elsewhere does not stay open for ever."""
    desk = Desk()
    desk.register()
    desk.take(ReadinessRead("w-1", Readiness(False, ("no rights",))))
    desk.say(1)
    desk.controls(cancelled_at=START)
    assert [a.resolves for a in desk.alerts() if a.condition == "w-1/readiness"] == [False, True]


def test_a_missing_instance_is_told_once_and_its_return_too() -> None:
    """The metric is still measured, from the instances that answer."""
    desk = Desk()
    desk.register()
    for second, answering in enumerate([3, 2, 2, 3, 3]):
        labels = (("metric", "error_rate"),)
        desk.probe.shown = (
            Gauge("probe_instances", 3, labels),
            Gauge("probe_instances_answering", answering, labels),
        )
        desk.say(second)
    told = [(a.title, a.resolves) for a in desk.alerts() if "instances" in a.condition]
    assert told == [
        ("error_rate: 2 of 3 instances answer", False),
        ("error_rate: all instances answer again", True),
    ]


def test_what_observe_would_have_done_is_closed_when_the_breach_ends() -> None:
    """The page does not stay open for a breach that is over."""
    desk = Desk()
    desk.register(mode=Mode.OBSERVE)
    desk.say_through(0, 40, error_rate=BAD)
    desk.say(45)
    told = [a.resolves for a in desk.alerts() if a.condition == "w-1/rollback"]
    assert told == [False, True]


def test_a_request_whose_breach_ended_while_the_daemon_was_down_is_closed() -> None:
    """The streak ends by a gap, and with it the page that asked for approval."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    desk.begin().start([desk.stored_row(mode=Mode.APPROVE)], desk.records[-1].memory or {})
    desk.say(60)
    told = [a.resolves for a in desk.alerts() if a.condition == "w-1/rollback"]
    assert told == [False, True]
