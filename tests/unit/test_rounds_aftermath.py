"""After a rollback it is said whether it helped, once, also across a restart."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.ports import Outcome, OutcomeKind
from tests.hands import START, Desk

BAD = 0.05


def rolled_back() -> Desk:
    """A rollback that took effect at second 30; `verify_for` is 60 s."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    return desk


def told(desk: Desk) -> list[object]:
    """What was said of rollbacks: helped, did not, can't be said."""
    return [e.detail["helped"] for r in desk.records for e in r.events if e.kind == "aftermath"]


@pytest.mark.parametrize(("error_rate", "helped"), [(0.0, True), (BAD, False), (None, None)])
def test_after_verify_for_it_is_said_whether_the_rollback_helped(
    error_rate: float | None, helped: bool | None
) -> None:
    """Not before; and only a rollback that helped wakes nobody."""
    desk = rolled_back()
    desk.say_through(35, 85, error_rate=error_rate)
    assert told(desk) == []
    desk.say_through(90, 120, error_rate=error_rate)
    assert told(desk) == [helped]
    (alert,) = [a for a in desk.alerts() if a.condition == "w-1/aftermath"]
    assert alert.page is (helped is not True)


def test_a_restart_forgets_no_answer() -> None:
    """What is awaited is kept with the target's memory."""
    desk = rolled_back()
    desk.say(35)
    desk.begin().start([], desk.records[-1].memory or {})
    desk.say_through(40, 95)
    assert told(desk) == [True]


def test_a_withdrawn_rollback_is_not_judged() -> None:
    """Nothing took effect, so nothing can have helped."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.say(35)
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "the breach ended"))
    desk.say_through(40, 120)
    assert told(desk) == []


def test_a_newer_watch_ends_the_question_whether_the_rollback_helped() -> None:
    """What is measured from then on is of the newer migration: nobody is woken for the old one."""
    desk = rolled_back()
    desk.say_through(35, 50)
    desk.register("w-2", 2, started_at=START + 50 * SECOND, migration="second")
    desk.say_through(55, 120, error_rate=BAD)
    (event,) = [e for r in desk.records for e in r.events if e.kind == "aftermath"]
    assert event.detail == {"helped": None, "migration": "add_email", "newer": "second"}
    assert [a for a in desk.alerts() if a.condition == "w-1/aftermath"] == []


def test_the_old_watch_says_so_and_its_chart_ends_where_the_newer_one_begins() -> None:
    """Stored, and shown from memory at once."""
    desk = rolled_back()
    desk.say_through(35, 50)
    desk.register("w-2", 2, started_at=START + 48 * SECOND, migration="second")
    view = desk.last_update("w-1").view
    began = (START + 48 * SECOND) // SECOND
    said_at = (START + 50 * SECOND) // SECOND
    assert view["aftermath"] == {"until": began, "said_at": said_at, "helped": None, "newer": "second"}
    assert [w["aftermath"] for w in desk.rounds.ended.last] == [view["aftermath"]]
    assert desk.last_update("w-1").verdict == "rolled_back"


def test_a_newer_watch_whose_migration_began_before_the_rollback_leaves_it_no_time() -> None:
    """Nothing after the verdict is its own, and nothing before it is taken away."""
    desk = rolled_back()
    desk.say(35)
    desk.register("w-2", 2, started_at=START + 10 * SECOND, migration="second")
    assert desk.last_update("w-1").view["aftermath"]["until"] == (START + 30 * SECOND) // SECOND


def test_a_restart_does_not_ask_again_what_a_newer_watch_ended() -> None:
    """The question is gone from the memory too."""
    desk = rolled_back()
    desk.register("w-2", 2, started_at=START + 30 * SECOND, migration="second")
    desk.say(35)
    desk.begin().start([desk.stored_row("w-2", seq=2)], desk.records[-1].memory or {})
    desk.say_through(40, 95, error_rate=0.0005)
    assert told(desk) == [None]


def test_a_watch_that_goes_on_after_a_restart_ends_no_question() -> None:
    """An older one is no news."""
    desk = Desk()
    desk.register("w-2", 2)
    desk.register()
    desk.controls("w-1", superseded=False)
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"), "w-2")
    desk.say(35)
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    desk.say_through(40, 90, error_rate=0.0005)
    assert told(desk) == [True]
