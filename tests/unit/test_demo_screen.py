"""What the demonstration shows, and what it takes from the daemon's API."""

from __future__ import annotations

import io

from rich.console import Console

from monitor.demo import main
from monitor.demo.load import Load
from monitor.demo.screen import Screen, Standing, facts, percent
from monitor.demo.stage import CONFIG, HOLD_SECONDS, SHORTENED
from monitor.demo.story import latest, rollback_streak, standing_of

STREAK = {"rule": "error_rate.rollback", "since": 1000.0, "hold_seconds": 15.0, "state": "pending"}
WATCH = {
    "migration": "add_contact_email",
    "phase": "watching",
    "verdict": None,
    "metrics": {"error_rate": {"value": 0.25}},
    "streaks": [{"rule": "error_rate.warn"}, STREAK],
}


def shown(screen_to: io.StringIO, *, terminal: bool) -> Screen:
    """A screen that writes into `screen_to`."""
    return Screen(
        Console(file=screen_to, force_terminal=terminal, width=100, highlight=False, soft_wrap=True)
    )


def test_without_a_terminal_every_line_has_its_time_and_who_said_it() -> None:
    """No escape sequences, so that a log of it can be read."""
    out = io.StringIO()
    with shown(out, terminal=False) as screen:
        screen.say("daemon", "ready")
        screen.quote("slack", ["one", "two"])
    assert out.getvalue().splitlines() == [
        "  0.0 s  daemon  ready",
        "  0.0 s  slack   │ one",
        "                 │ two",
    ]


def test_a_line_too_long_for_the_terminal_is_broken_between_words() -> None:
    """The default terminal has 80 columns; whoever reads a log gets the line whole."""
    said = ["  1. [lossless] ALTER TABLE contacts RENAME COLUMN email_address TO email", "x" * 90]
    for terminal in (True, False):
        out = io.StringIO()
        console = Console(
            file=out, force_terminal=terminal, color_system=None, width=80, highlight=False, soft_wrap=True
        )
        Screen(console).quote("deploy", said)
        lines = out.getvalue().splitlines()
        bars = " " * 17 + "│ "
        if terminal:
            first, second = said[0].split(" email_address")
            assert lines == ["  0.0 s  deploy  │ " + first, bars + "  email_address" + second, bars + said[1]]
        else:
            assert lines == ["  0.0 s  deploy  │ " + said[0], bars + said[1]]


def test_on_a_terminal_the_standing_is_drawn_below() -> None:
    """Rates, streak and phase, each with its bar."""
    out = io.StringIO()
    with shown(out, terminal=True) as screen:
        screen.show(Standing(0.5, 120, 0.25, 4.0, 15.0, "rolling_back"))
    assert "50.0 %" in out.getvalue()
    assert "4.0 s of 15 s" in out.getvalue()
    assert "rolling back" in out.getvalue()


def test_the_standing_in_words_leaves_out_what_is_not_known() -> None:
    """Nothing is shown as zero that was not measured."""
    assert facts(Standing()) == ["customers meet ? errors at 0 requests/s"]
    assert facts(Standing(0.3, 120, 0.25, 4, 15, "watching")) == [
        "customers meet 30.0 % errors at 120 requests/s",
        "the daemon measures 25.0 %",
        "above 1 % for 4.0 s of 15 s",
    ]
    assert percent(None) == "?"


async def test_the_watch_of_the_migration_is_found_among_others() -> None:
    """The API lists newest first; another migration's watch is not ours."""
    other = {"migration": "other"}
    assert latest([other, WATCH]) == latest({"watches": [other, WATCH]}) == WATCH
    assert latest([other]) == latest([]) == {}
    standing = standing_of(WATCH, Load(1), 1004.0)
    assert (standing.measured, standing.age, standing.hold, standing.phase) == (0.25, 4.0, 15.0, "watching")
    assert standing_of({}, Load(1), 1004.0) == Standing()


def test_only_the_rollback_rule_counts_up_to_the_rollback() -> None:
    """A warning's streak is not it."""
    assert rollback_streak(WATCH) == STREAK
    assert rollback_streak({"streaks": [{"rule": "error_rate.warn"}]}) is None
    assert rollback_streak({}) is None


def test_what_is_shortened_is_what_the_configuration_says() -> None:
    """Every shortened value is printed, and no other stands in the file."""
    assert {key for key, _, _ in SHORTENED} == {"rollback_for"}
    for key, _, _ in SHORTENED:
        assert f"{key}: %({key})s" in CONFIG
    assert {k: s for k, _, s in SHORTENED}["rollback_for"] == f"{HOLD_SECONDS}s"


def test_the_whole_demonstration_ends_within_90_seconds() -> None:
    """Its own limit leaves time to clear away."""
    assert main.LIMIT_SECONDS + 6 <= 90
