"""A rollback that a person did by hand ends the watch, once; not while it is paused or under way."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import ReadinessRead
from monitor.ports import Lack, Readiness, Reason
from tests.hands import START, Desk

DONE = Readiness(False, (Reason("the schema is already as the rollback would leave it", Lack.BY_HAND),))
LOST = Readiness(False, ("no rights",))


@pytest.mark.parametrize("mode", list(Mode))
def test_a_rollback_found_done_by_hand_ends_the_watch_with_one_alert(mode: Mode) -> None:
    """In every mode; what was said about readiness before is closed with it."""
    desk = Desk()
    desk.register(mode=mode)
    desk.take(ReadinessRead("w-1", LOST))
    before = len(desk.alerts())
    desk.take(ReadinessRead("w-1", DONE))
    desk.take(ReadinessRead("w-1", DONE))
    assert desk.last_update().verdict == "resolved_externally"
    told = [a for a in desk.alerts()[before:] if not a.condition.endswith("readiness")]
    assert len(told) == 1
    assert not [a for a in desk.alerts()[before:] if a.condition.endswith("readiness") and not a.resolves]


def test_a_paused_watch_waits_for_its_resume() -> None:
    """A person who paused it may be in the middle of something."""
    desk = Desk()
    desk.register()
    desk.controls(paused_at=START + SECOND)
    desk.take(ReadinessRead("w-1", DONE))
    assert desk.view()["phase"] == "paused"
    desk.controls(paused_at=START + SECOND, resumed_at=START + 2 * SECOND)
    desk.take(ReadinessRead("w-1", DONE))
    assert desk.last_update().verdict == "resolved_externally"
