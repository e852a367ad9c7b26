"""After a rollback it is said whether it helped, once, also across a restart."""

from __future__ import annotations

import pytest

from monitor.ports import Outcome, OutcomeKind
from tests.hands import Desk

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
