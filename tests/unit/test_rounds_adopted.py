"""Watches taken into hand: by a clock behind the database's, and with a rollback that had begun."""

from __future__ import annotations

from typing import Any

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.ports import Outcome, OutcomeKind, ProgressKind
from tests.hands import START, Desk, row

BAD = 0.05


def test_a_daemon_whose_clock_is_behind_the_databases_sees_every_sample() -> None:
    """`started_at` is database time; in our future it would make an hour of samples come too early."""
    desk = Desk()
    desk.register(started_at=START + 3600 * SECOND)
    desk.say_through(0, 30, error_rate=BAD)
    assert [o.since for o in desk.orders] == [START]


def test_what_ended_while_the_daemon_was_down_in_mid_rollback_is_told() -> None:
    """The streaks that ended by the gap are closed, and what went blind is said before it is sighted."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    stored = desk.stored_row(intent_at=START + 30 * SECOND)
    desk.clock.moment = START + 90 * SECOND
    desk.begin().start([stored], {})
    desk.say(95)
    assert desk.kinds().count("cleared") == 2
    assert desk.kinds().count("blind") == desk.kinds().count("sighted") == 2


def test_an_intent_of_a_watch_without_a_readable_state_is_settled_too() -> None:
    """What the last process kept may be of another format; the ledger is asked all the same."""
    desk = Desk()
    desk.begin().start([row(intent_at=START)], {})
    assert [k.id for k in desk.settling] == ["w-1"]
    desk.finish(None)
    desk.say_through(0, 30, error_rate=BAD)
    assert len(desk.orders) == 1


def test_a_breach_that_is_long_over_does_not_make_a_new_watch_ask() -> None:
    """The streak seen before the daemon stopped ended by a gap; the new watch is as automatic as asked."""
    desk = Desk()
    desk.say_through(0, 10, error_rate=BAD)
    memory = desk.records[-1].memory or {}
    desk.clock.moment = START + 3600 * SECOND
    desk.begin().start([row(started_at=START + 3000 * SECOND)], memory)
    assert desk.view()["already_breaching"] is False
    assert desk.view()["mode"] == "auto"


def test_a_pause_that_was_over_before_it_was_read_clears_the_streak_too() -> None:
    """Committed is committed: the hold starts anew, also when the daemon was down meanwhile."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=BAD)
    seen: dict[str, Any] = {"paused_at": START + 26 * SECOND, "resumed_at": START + 27 * SECOND}
    desk.controls(**seen)
    desk.controls(**seen)
    desk.say(30, error_rate=BAD)
    assert desk.orders == []
    assert [k for k in desk.kinds() if k == "cleared"] == ["cleared", "cleared"]
    desk.begin().start([desk.stored_row()], {})
    desk.controls(**seen)
    desk.say_through(35, 60, error_rate=BAD)
    assert [o.since for o in desk.orders] == [START + 30 * SECOND]


def test_an_approved_rollback_without_effect_needs_its_breach_again_after_a_restart() -> None:
    """Approved was a rollback of that breach, not one without any."""
    desk = Desk()
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 30, error_rate=BAD)
    desk.controls(approved_at=START + 31 * SECOND, by="dba")
    desk.progress(ProgressKind.INTENT)
    stored = desk.stored_row(mode=Mode.APPROVE, intent_at=START + 31 * SECOND)
    desk.begin().start([stored], {})
    desk.finish(None)
    desk.say(35)
    assert len(desk.orders) == 1
    assert desk.view()["phase"] == "watching"


def test_a_watch_with_an_intent_is_rolling_back_whatever_was_stored_of_it() -> None:
    """Its decision was not stored any more; it gives up only after it is known what took effect."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 25, error_rate=BAD)
    stored = desk.stored_row(intent_at=START + 30 * SECOND)
    desk.clock.moment = START + 400 * SECOND
    desk.begin().start([stored], {})
    assert desk.view()["phase"] == "rolling_back"
    desk.say(400)
    assert desk.last_update().verdict is None
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    assert desk.last_update().verdict == "rolled_back"
