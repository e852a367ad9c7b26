"""What `status --follow` draws: small drawings that tell the limit, a picture that fits 80 columns."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from monitor.cli.follow import change_key, change_line, fitting
from monitor.cli.live import picture
from monitor.cli.spark import bar, sparkline
from tests.site import WATCH

NOW = float(WATCH["started_at"]) + 3600


def chart(*high: float | None) -> dict[str, Any]:
    """A value every second from 0 on."""
    return {
        "since": 0,
        "until": len(high),
        "metrics": {"m": {"at": list(range(len(high))), "high": list(high)}},
    }


def test_a_sparkline_is_full_at_the_limit_and_dotted_where_nothing_was_measured() -> None:
    """Half the limit is half the height; twice the limit is not higher than full."""
    assert sparkline(chart(0, 0.5, 1, 2, None), "m", 1, 5) == "▁▅██·"
    assert sparkline(chart(0, 5, 10), "m", None, 3) == "▁▅█"
    assert sparkline(chart(1, None, 1), "m", 1, 3) == "█·█"
    assert sparkline(chart(1, 1, 1), "m", 1, 5) == "████·"
    assert sparkline({}, "m", 1, 3) == "···"


@pytest.mark.parametrize(("share", "shown"), [(-1, "░░░░"), (0.5, "██░░"), (1, "████"), (7, "████")])
def test_a_bar_shows_how_much_is_over(share: float, shown: str) -> None:
    """Bounded on both sides."""
    assert bar(share, 4) == shown


@pytest.mark.parametrize("color", [None, "truecolor"])
def test_the_picture_fits_eighty_columns_and_says_everything_in_words(color: Any) -> None:
    """Next, metrics, streak with its countdown, readiness and plan; the same words without colours."""
    view = {
        **WATCH,
        "next": {"text": "Rolls back automatically at 12:03:00 UTC.", "at": NOW + 180},
        "readiness": {"ok": False, "reasons": ["the role may not alter contacts"]},
    }
    out = io.StringIO()
    console = Console(file=out, width=80, color_system=color, force_terminal=color is not None)
    changes = {"statements": {"slower": [{"mean_before_ms": 1, "mean_ms": 90, "statement": "SELECT 1"}]}}
    console.print(picture(view, chart(1.0), changes, {"error_rate": "ratio"}, NOW))
    plain = Console(file=io.StringIO(), width=80)
    text = out.getvalue() if color is None else plain.render_str(out.getvalue()).plain
    for words in (
        "Rolls back automatically at 12:03:00 UTC. (in 3m)", "error_rate.rollback exceeded for 2m of 5m",
        "████████░░░░░░░░░░░░", "NOT ready to roll back", "may not alter contacts", "5.2 %",
        "RENAME COLUMN email_address TO email", "slower: 1 ms before, now 90 ms: SELECT 1",
    ):  # fmt: skip
        assert words in text
    if color is None:
        assert max(map(len, text.splitlines())) <= 80


def test_a_line_changes_with_what_happens_and_not_with_the_time() -> None:
    """The age of a streak prints no new line."""
    later = {**WATCH, "streaks": [{**WATCH["streaks"][0], "age_seconds": 130.0}]}
    firing = {**WATCH, "streaks": [{**WATCH["streaks"][0], "state": "firing"}]}
    assert change_key(WATCH, NOW) == change_key(later, NOW) != change_key(firing, NOW)
    ended = {**WATCH, "verdict": "rolled_back"}
    assert change_line(ended, NOW) == "rolled_back · Rolls back automatically at 12:03:00 UTC."
    silent = {**WATCH, "updated_at": NOW - 61}
    assert "No update from the daemon since" in change_line(silent, NOW)


def test_a_further_try_with_the_same_in_its_way_prints_no_line() -> None:
    """Another one does; the line names whom."""
    report, backup = {"application": "report", "pid": 7}, {"application": "backup", "pid": 8}

    def blocked(tries: int, by: dict[str, Any]) -> dict[str, Any]:
        text = f"The rollback waits for {by['application']}: try {tries}."
        attempt = {"kind": "blocked", "tries": tries, "blockers": [by]}
        return {**WATCH, "phase": "rolling_back", "attempt": attempt, "next": {"text": text, "at": None}}

    first, second, other = blocked(1, report), blocked(2, report), blocked(3, backup)
    assert change_key(first, NOW) == change_key(second, NOW) != change_key(other, NOW)
    assert "waits for report" in change_line(first, NOW)


def test_a_value_holds_until_the_next_sample_comes() -> None:
    """A young watch has more places than samples; a read that failed is not joined, nor a longer gap."""
    columns = {"at": [0, 5, 10], "high": [1.0, 1.0, None]}
    young = {"since": 0, "until": 15, "metrics": {"m": columns}}
    assert sparkline(young, "m", 1, 15, gap=30) == "██████████·····"
    apart = {"since": 0, "until": 20, "metrics": {"m": {"at": [0, 15], "high": [1.0, 1.0]}}}
    assert sparkline(apart, "m", 1, 20, gap=6) == "███████········█████"


LONG = "ALTER TABLE contacts ADD CONSTRAINT " + "a_name_of_some_length_" * 4 + " CHECK (note <> 'THE END')"


@pytest.mark.parametrize("width", [60, 80])
def test_nothing_that_matters_is_cut_at_the_edge(width: int) -> None:
    """A statement is shown to its end; of a sparkline the oldest part goes, the newest stays."""
    view = {**WATCH, "plan": [{"step": 1, "sql": LONG, "class": "lossless"}], "times": {"max_gap_seconds": 1}}
    steps = {"since": 0, "until": 24, "metrics": {"error_rate": {"at": list(range(24)), "high": RISING}}}
    out = io.StringIO()
    Console(file=out, width=width).print(picture(view, steps, None, {"error_rate": "ratio"}, NOW))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "THE" in text
    assert "END')" in text
    assert "▅▆▇█" in text


RISING = [0.0] * 20 + [0.0055, 0.0065, 0.0078, 0.02]


def test_what_has_no_room_is_counted() -> None:
    """The first is shown in any case; the last line says how many are missing."""
    console = Console(file=io.StringIO(), width=40)
    panels = [Text("\n".join("abc")) for _ in range(4)]
    assert fitting(panels, console, 12) == panels
    shown = fitting(panels, console, 11)
    assert shown[:3] == panels[:3]
    assert "… and 1 more" in str(shown[3])
    assert len(fitting(panels, console, 2)) == 2
    assert "… and 3 more" in str(fitting(panels, console, 2)[1])
