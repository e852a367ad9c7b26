"""Hooks after a rollback: called at least once, and what became of them is told."""

from __future__ import annotations

from monitor.daemon.happenings import HooksRan
from monitor.ports import Outcome, OutcomeKind, ProgressKind
from monitor.ports.hooks import HookResult
from tests.hands import START, Desk

BAD = 0.05


def rolled_back() -> Desk:
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK))
    return desk


def test_a_rollback_pulls_its_hooks_once_and_a_failure_is_told() -> None:
    """With the outcome, under the decision's own key."""
    desk = rolled_back()
    (call,) = desk.hooks_run
    assert (call.outcome, call.decision) == ("rolled_back", f"error_rate.rollback/{START}")
    desk.take(HooksRan(call, (HookResult("after_rollback[0].command", 0.1, "it ended with exit code 3"),)))
    (alert,) = [a for a in desk.alerts() if a.condition == "w-1/hooks"]
    assert "exit code 3" in alert.facts[0][1]
    assert "hook_after" in desk.kinds()
    desk.begin().start([], desk.records[-1].memory or {})
    assert desk.hooks_run == [call]


def test_hooks_that_a_restart_interrupted_are_pulled_again_under_the_same_key() -> None:
    """At least once."""
    desk = rolled_back()
    desk.begin().start([], desk.records[-1].memory or {})
    assert len(desk.hooks_run) == 2
    assert desk.hooks_run[0] == desk.hooks_run[1]


def test_a_withdrawn_rollback_pulls_nothing_after_it() -> None:
    """Nothing took effect."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.WITHDRAWN))
    assert desk.hooks_run == []
