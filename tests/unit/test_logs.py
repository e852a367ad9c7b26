"""docs/logs.md has every event name that the code can log, and no other; a transition is one line."""

from __future__ import annotations

import re
from typing import Any

from structlog.testing import capture_logs

from monitor.daemon.event_log import LEVELS
from monitor.ports import Outcome, OutcomeKind, ProgressKind
from tests.hands import Desk
from tests.logged import event_names
from tests.prometheus import ROOT

ROW = re.compile(r"^\| `([a-z]+\.[a-z_]+)` \| ([a-z ]+) \|", re.MULTILINE)

SHOWN = dict(ROW.findall((ROOT / "docs/logs.md").read_text(encoding="utf-8")))
"""Event -> level, as documented."""


def test_every_event_is_documented_and_every_documented_one_exists() -> None:
    """Constant names: what varies is in the keys."""
    assert set(SHOWN) == event_names()


def test_the_levels_of_a_watchs_events_are_those_of_the_code() -> None:
    """The table of the code names only kinds that exist."""
    names = {0: "", 20: "info", 30: "warning", 40: "error"}
    for kind, level in LEVELS.items():
        assert SHOWN[f"watch.{kind}"] == names[level]
    others = {e: level for e, level in SHOWN.items() if e.startswith("watch.") and e[6:] not in LEVELS}
    assert set(others.values()) == {"info"}


def moves(lines: list[Any]) -> list[tuple[str, str]]:
    """From which phase to which, as logged."""
    return [(line["was"], line["phase"]) for line in lines if line["event"] == "watch.phase_changed"]


def test_a_transition_is_one_line_with_all_one_asks_for() -> None:
    """Decided, in doubt, settled and done."""
    desk = Desk()
    desk.register()
    with capture_logs() as lines:
        desk.say_through(0, 30, error_rate=0.05)
        desk.progress(ProgressKind.INTENT)
        desk.progress(ProgressKind.IN_DOUBT)
        desk.progress(ProgressKind.SETTLED)
        desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    assert moves(lines) == [
        ("watching", "rolling_back"),
        ("rolling_back", "in_doubt"),
        ("in_doubt", "rolling_back"),
        ("rolling_back", "ended"),
    ]
    last = [line for line in lines if line["event"] == "watch.phase_changed"][-1]
    assert (last["watch"], last["migration"], last["target"]) == ("w-1", "add_email", "shop")
    assert (last["verdict"], last["log_level"]) == ("rolled_back", "info")


def test_a_persons_pause_is_a_line_that_names_the_person() -> None:
    """The phases of a pause and its end."""
    desk = Desk()
    desk.register()
    desk.say(0)
    with capture_logs() as lines:
        desk.controls(paused_at=desk.clock.moment, by="a script")
        desk.say(5)
        desk.controls(by="a person")
        desk.say(10)
    assert moves(lines) == [("watching", "paused"), ("paused", "watching")]
    assert [line["by"] for line in lines if line["event"] == "watch.phase_changed"] == [
        "a script",
        "a person",
    ]


def test_what_happened_carries_the_phase_and_its_level() -> None:
    """A firing is a warning, in the phase that it was in."""
    desk = Desk()
    desk.register()
    with capture_logs() as lines:
        desk.say_through(0, 30, error_rate=0.05)
    (firing,) = [x for x in lines if x["event"] == "watch.firing" and x["rule"] == "error_rate.rollback"]
    assert (firing["log_level"], firing["phase"]) == ("warning", "watching")
