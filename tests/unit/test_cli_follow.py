"""What `status --follow` draws: small drawings that tell the limit, a picture that fits 80 columns."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from monitor.cli.follow import change_line
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
        "next": {"text": "Rolls back by itself at 12:03:00 UTC.", "at": NOW + 180},
        "readiness": {"ok": False, "reasons": ["the role may not alter contacts"]},
    }
    out = io.StringIO()
    console = Console(file=out, width=80, color_system=color, force_terminal=color is not None)
    changes = {"statements": {"slower": [{"mean_before_ms": 1, "mean_ms": 90, "statement": "SELECT 1"}]}}
    console.print(picture(view, chart(1.0), changes, {"error_rate": "ratio"}, NOW))
    plain = Console(file=io.StringIO(), width=80)
    text = out.getvalue() if color is None else plain.render_str(out.getvalue()).plain
    for words in (
        "Rolls back by itself at 12:03:00 UTC. (in 3m)", "error_rate.rollback pending for 2m of 5m",
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
    assert change_line(WATCH) == change_line(later) != change_line(firing)
    assert change_line({**WATCH, "verdict": "rolled_back", "streaks": []}).startswith("rolled_back")
