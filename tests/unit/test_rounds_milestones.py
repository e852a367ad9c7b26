"""When a rollback was decided and how watches ended stays known, after the watch and across a restart."""

from __future__ import annotations

from monitor.ports import DECIDED, Milestone, Outcome, OutcomeKind
from tests.hands import START, Desk


def rolled_back() -> Desk:
    """Decided at second 30 and done there."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=0.05)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    return desk


def test_a_decision_and_a_verdict_are_milestones() -> None:
    """With the migration's name and the moment."""
    decided, ended = rolled_back().rounds.milestones.all
    assert decided == Milestone(DECIDED, ended.migration, START + 30_000_000)
    assert (ended.what, ended.at >= decided.at) == ("rolled_back", True)


def test_a_restart_forgets_no_milestone() -> None:
    """They are kept with the target's memory."""
    desk = rolled_back()
    known = desk.rounds.milestones.all
    desk.say(35)
    desk.begin().start([], desk.records[-1].memory or {})
    assert desk.rounds.milestones.all == known


def test_a_breach_that_only_alerts_is_no_milestone() -> None:
    """Nothing was decided and nothing ended."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 20, error_rate=0.05)
    assert desk.rounds.milestones.all == ()


def test_a_watch_that_ended_is_shown_as_it_ended_before_it_is_stored() -> None:
    """No longer among the open ones; with its verdict."""
    desk = rolled_back()
    assert not desk.rounds.keepers
    assert [(w["phase"], w["verdict"]) for w in desk.rounds.ended.last] == [("ended", "rolled_back")]
