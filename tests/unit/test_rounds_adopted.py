"""Watches taken into hand: by a clock behind the database's, and with a rollback that had begun."""

from __future__ import annotations

from monitor.core.samples import SECOND
from monitor.ports import ProgressKind
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
