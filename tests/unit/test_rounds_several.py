"""Several open watches on a target: the newest tells what is so on it, the older ones write it down."""

from __future__ import annotations

import json

from monitor.core.samples import SECOND
from monitor.ports import Outcome, OutcomeKind
from tests.hands import START, Desk

BAD = 0.05


def three() -> Desk:
    """Three watches, the first two superseded."""
    desk = Desk()
    for number in (1, 2, 3):
        desk.register(f"w-{number}", number, migration=f"m{number}")
    for id in ("w-1", "w-2"):
        desk.controls(id, superseded=True)
    return desk


def heard(desk: Desk) -> list[tuple[str, bool]]:
    """Conditions of what people were told, and whether it was taken back; beginnings and ends aside."""
    ends = ("/started", "/superseded", "/verdict", "/armed_again")
    return [(a.condition, a.resolves) for a in desk.alerts() if not a.condition.endswith(ends)]


def test_of_several_watches_only_the_newest_tells_of_a_breach() -> None:
    """One breach is one page; each older watch has one notice, that it is superseded, and its own record."""
    desk = three()
    desk.say_through(0, 30, error_rate=BAD)
    desk.say_through(35, 40)
    assert {condition.split("/")[0] for condition, _ in heard(desk)} == {"w-3"}
    notices = [a.condition for a in desk.alerts() if a.condition.endswith("/superseded")]
    assert notices == ["w-1/superseded", "w-2/superseded"]
    assert desk.kinds().count("would_roll_back") == 2


def test_what_was_told_before_it_was_superseded_is_taken_back() -> None:
    """Somebody waits for it."""
    desk = Desk()
    desk.register("w-1", 1)
    desk.say_through(0, 15, connections=70)
    desk.register("w-2", 2, started_at=START + 15 * SECOND)
    desk.controls("w-1", superseded=True)
    desk.say(20)
    assert ("w-1/connections.warn", True) in heard(desk)


def test_blindness_is_told_by_the_newest_and_by_the_older_one_when_it_is_armed_again() -> None:
    """Whoever could act says that it can't see."""
    desk = three()
    desk.say(0)
    desk.say_through(5, 60, error_rate=None)
    assert heard(desk) == [("w-3/error_rate/blind", False)]
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"), "w-3")
    desk.say(65, error_rate=None)
    desk.controls("w-2", superseded=False)
    assert ("w-2/error_rate/blind", False) in heard(desk)
    desk.say(70)
    assert ("w-2/error_rate/blind", True) in heard(desk)
    assert "w-1/error_rate/blind" not in [condition for condition, _ in heard(desk)]


def test_when_the_newer_watch_has_ended_well_the_older_one_tells_again() -> None:
    """It still only observes, but nobody else says what is so on the target."""
    desk = three()
    desk.say(0)
    for id in ("w-2", "w-3"):
        desk.controls(id, cancelled_at=START, superseded=id == "w-2")
    desk.say(5)
    desk.say_through(10, 40, error_rate=BAD)
    assert ("w-1/rollback", False) in heard(desk)


def test_a_restart_takes_nothing_back_that_nobody_was_told() -> None:
    """What was kept back is stored with the watch."""
    desk = three()
    desk.say_through(0, 15, connections=70)
    rows = [
        desk.stored_row(
            id, seq=n, migration=f"m{n}", state=json.loads(json.dumps(desk.last_update(id).state))
        )
        for n, id in ((1, "w-1"), (2, "w-2"), (3, "w-3"))
    ]
    desk.begin().start(rows, desk.records[-1].memory or {})
    desk.say_through(20, 25)
    assert {condition.split("/")[0] for condition, _ in heard(desk)} == {"w-3"}


def test_the_older_watch_is_armed_again_with_fresh_streaks_when_the_newer_is_rolled_back() -> None:
    """It needs a whole hold of its own after that."""
    desk = Desk()
    desk.register("w-1", 1, migration="older")
    desk.register("w-2", 2, migration="newer")
    desk.controls("w-1", superseded=True)
    desk.say_through(0, 30, error_rate=BAD)
    assert [o.watch.id for o in desk.orders] == ["w-2"]
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"), "w-2")
    desk.controls("w-1", superseded=False)
    desk.say_through(35, 60, error_rate=BAD)
    assert [o.watch.id for o in desk.orders] == ["w-2"]
    desk.say(65, error_rate=BAD)
    assert [(o.watch.id, o.since) for o in desk.orders][1:] == [("w-1", START + 35 * SECOND)]
