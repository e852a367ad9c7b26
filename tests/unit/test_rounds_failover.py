"""Failover: a promotion is a notice; a ledger that has lost something takes the decision from the daemon."""

from __future__ import annotations

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import Progressed, ReadinessRead
from monitor.ports import Outcome, OutcomeKind, Progress, ProgressKind, Readiness
from tests.hands import START, Desk

BAD = 0.05
LOST = Outcome(OutcomeKind.LEDGER_LOST, "a failover from timeline 1 to 2 lost the committed intent")


def test_a_promotion_is_told_once_and_the_watch_goes_on_in_its_mode() -> None:
    """Also after a restart it is known."""
    desk = Desk()
    desk.register()
    for timeline in (1, 1, 2, 2, 0):
        desk.take(ReadinessRead("w-1", Readiness(True, timeline=timeline)))
    assert [a.page for a in desk.alerts() if a.condition == "w-1/promoted"] == [False]
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    desk.take(ReadinessRead("w-1", Readiness(True, timeline=2)))
    assert desk.kinds().count("promoted") == 1
    assert desk.keeper().state.life.mode is Mode.AUTO


def test_after_a_lost_ledger_the_breach_asks_a_person() -> None:
    """Paged, shown, and remembered after a restart; the next breaching sample asks for approval."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.IN_DOUBT)
    desk.finish(LOST)
    assert [a.page for a in desk.alerts() if a.condition == "w-1/ledger_lost"] == [True]
    desk.say(31, error_rate=BAD)
    assert (desk.keeper().state.life.mode, desk.view()["phase"]) == (Mode.APPROVE, "awaiting_approval")
    assert len(desk.orders) == 1
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    assert desk.view()["ledger_lost"] == LOST.reason
    assert desk.keeper().state.life.mode is Mode.APPROVE


def test_one_failover_is_told_once_by_the_rollback_that_met_it() -> None:
    """What it has lost is not followed by word that the watch goes on there, nor what it has not by the same
    again."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.take(ReadinessRead("w-1", Readiness(True, timeline=2)))
    assert "promoted" not in desk.kinds()
    desk.finish(Outcome(OutcomeKind.LEDGER_LOST, LOST.reason, {"timeline": 2}))
    desk.take(ReadinessRead("w-1", Readiness(True, timeline=2)))
    assert [kind for kind in desk.kinds() if kind in {"promoted", "ledger_lost"}] == ["ledger_lost"]


def test_a_rollback_that_goes_on_on_the_new_primary_has_told_of_it() -> None:
    """And a later failover is told again."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    news = Progress(ProgressKind.PROMOTED, "timeline 1 to 2", {"before": 1, "now": 2})
    desk.take(Progressed("w-1", news))
    desk.say_through(31, 70, error_rate=0.0)
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the breach ended"))
    desk.take(ReadinessRead("w-1", Readiness(True, timeline=2)))
    assert "promoted" not in desk.kinds()
    desk.take(ReadinessRead("w-1", Readiness(True, timeline=3)))
    assert desk.kinds().count("promoted") == 1


def test_an_intent_that_only_the_history_remembers_is_lost_when_the_timeline_changed() -> None:
    """The history may be in another database; without a change of timeline it was given back in order."""
    for timeline, mode in ((1, Mode.AUTO), (2, Mode.APPROVE)):
        desk = Desk()
        desk.register()
        desk.say_through(0, 25, error_rate=BAD)
        replicated = desk.stored_row()
        desk.say(30, error_rate=BAD)
        desk.progress(ProgressKind.INTENT)
        desk.say(31, error_rate=BAD)
        memory = desk.records[-1].memory or {}
        assert memory["intents"] == {"w-1": 1}
        desk.begin().start([replicated], memory)
        desk.take(ReadinessRead("w-1", Readiness(True, timeline=timeline)))
        assert desk.keeper().state.life.mode is mode
        assert ("promoted" in desk.kinds(), "ledger_lost" in desk.kinds()) == (False, timeline == 2)


def test_a_watch_that_observes_goes_on_observing_after_a_lost_ledger() -> None:
    """A person's own rollback in `observe` may be what was lost."""
    desk = Desk()
    desk.register(mode=Mode.OBSERVE)
    desk.say(0)
    desk.controls(rollback_at=START + SECOND, by="ann")
    desk.finish(LOST)
    assert desk.keeper().state.life.mode is Mode.OBSERVE
