"""A watch for people: both numbers, countdowns, and what holds it."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from monitor.cli import screen
from monitor.cli.exits import BY_VERDICT, MEANINGS, STILL_WATCHING
from monitor.cli.status import recent
from monitor.cli.wait import code_of
from monitor.core.events import Verdict
from monitor.present import terminal as words
from monitor.present import times

NOW = 1_700_003_600.0
KINDS = {"error_rate": "ratio", "response_time": "time", "connections": "count"}
VIEW: dict[str, Any] = {
    "id": "w-1",
    "migration": "0042_rename",
    "target": "shop",
    "mode": "auto",
    "phase": "watching",
    "verdict": None,
    "reason": "",
    "started_at": NOW - 3600,
    "ends_at": NOW + 23 * 3600,
    "verdict_at": None,
    "updated_at": NOW - 1,
    "metrics": {
        "error_rate": {
            "value": 0.0213, "normal": False, "blind": False, "quiet": False, "reason": "",
            "limits": {"normal_below": 0.001, "rollback_above": 0.01},
        },
        "response_time": {
            "value": 120.0, "normal": True, "blind": False, "quiet": False, "reason": "",
            "limits": {"normal_below": 200.0, "investigate_above": 500.0},
        },
        "connections": {
            "value": None, "normal": None, "blind": True, "quiet": False, "reason": "timeout",
            "why": "its source does not answer in time",
            "limits": {"normal_below": 60.0},
        },
    },
    "streaks": [
        {
            "rule": "error_rate.rollback", "state": "pending", "age_seconds": 130.0, "hold_seconds": 300.0,
            "insufficient_evidence": False,
        }
    ],
    "coverage": {"unobserved_seconds": 61.0, "unobserved_allowed_seconds": 4320.0},
    "readiness": {
        "ok": False, "reasons": ["no right to ALTER contacts"], "notes": ["estimated lock time 0.1 s"],
    },
    "next": {"text": "Rolls back automatically if errors stay.", "at": NOW + 170},
    "superseded": False,
    "already_breaching": False,
    "plan": [{"step": 1, "sql": "ALTER TABLE contacts\n  DROP COLUMN x", "class": "lossy"}],
}  # fmt: skip


def printed(view: dict[str, Any]) -> str:
    """As a terminal of 120 columns shows it."""
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(screen.watches([view], {"shop": KINDS}, NOW))
    return captured.get()


def test_a_watch_is_told_with_both_numbers_and_the_countdown() -> None:
    """What is measured beside its limits, and how long is left."""
    text = printed(VIEW)
    for part in (
        "0042_rename on shop · w-1 · auto · watching",
        "Rolls back automatically if errors stay. (in 2m50s)",
        "since 2023-11-14 22:13:20 UTC (1h ago), until 2023-11-15 22:13:20 UTC (in 23h)",
        "2.13 %",
        "0.1 %",
        "120 ms",
        "can't be measured",
        "connections can't be measured: its source does not answer in time",
        "error_rate.rollback exceeded for 2m10s of 5m, 2m50s left",
        "NOT ready to roll back:",
        "no right to ALTER contacts",
        "note: estimated lock time 0.1 s",
        "unobserved 1m1s of 1h12m allowed",
    ):
        assert part in text
    found = words.metric_rows(VIEW, KINDS)
    rows = {row.name: (row.value, row.normal, row.acts, row.condition) for row in found}
    assert rows["error_rate"] == ("2.13 %", "0.1 %", "1 %", "not normal")
    assert rows["response_time"] == ("120 ms", "200 ms", "500 ms", "normal")
    assert rows["connections"] == ("–", "60", "–", "can't be measured")


@pytest.mark.parametrize(
    ("metric", "how"),
    [
        ({"normal": None, "quiet": True}, "no requests now"),
        ({"normal": None, "reason": "stale"}, "no data now"),
        ({"normal": None}, "no data yet"),
        ({"normal": None, "blind": True}, "can't be measured"),
        ({"normal": False, "in_part_ours": True}, "not normal, partly caused by the rollback"),
    ],
)
def test_what_is_not_measured_never_looks_normal(metric: dict[str, Any], how: str) -> None:
    """Nothing measured is said with its reason."""
    (found,) = words.metric_rows({"metrics": {"m": metric}}, {})
    assert found.condition == how


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"readiness": {"ok": True}}, "ready to roll back"),
        ({"superseded": True}, "superseded by a newer watch on this target: it observes only"),
        (
            {"superseded": True, "superseded_by": "add_index"},
            "superseded by add_index on this target: it observes only",
        ),
        ({"already_breaching": True}, "a rollback rule was firing before the migration began"),
        ({"baseline": {"error_rate": {"said": "error_rate was 2 %"}}}, "baseline: error_rate was 2 %"),
        ({"updated_at": NOW - 61}, "last known: Rolls back automatically if errors stay."),
        ({"updated_at": NOW - 61}, "is the daemon (`migration-monitor run`) running?"),
        (
            {"phase": "rolling_back", "attempt": {"told": ["pid 7 (report, active, for 3 s)"]}},
            "blocked by: pid 7 (report, active, for 3 s)",
        ),
        (
            {
                "phase": "rolling_back",
                "ours": {"metrics": ["m"], "said": "m is partly caused by the rollback: it waits"},
            },
            "m is partly caused by the rollback: it waits",
        ),
        ({"reason": "the column was there again"}, "reason: the column was there again"),
    ],
)
def test_what_holds_a_watch_is_told(changed: dict[str, Any], line: str) -> None:
    """Each condition has its line."""
    assert any(found.startswith(line) for found in words.condition_lines({**VIEW, **changed}, NOW))


def test_an_ended_watch_tells_its_verdict_and_reason() -> None:
    """Readiness is no question any more."""
    view = {
        **VIEW,
        "verdict": "rolled_back",
        "phase": "ended",
        "verdict_at": NOW - 60,
        "reason": "error_rate",
    }
    assert "ended 2023-11-14 23:12:20 UTC (1m ago)" in words.watched_for(view, NOW)
    assert list(words.condition_lines(view, NOW)) == ["reason: error_rate"]
    assert words.title(view).endswith("rolled_back")


def test_an_ended_watch_shows_its_last_values_as_such_and_no_streak() -> None:
    """Whether its rollback helped is its first line, with how long until that is known."""
    awaited = {"text": "Rolled back. At 23:13:30 UTC it is said whether it helped.", "at": NOW + 10}
    view = {**VIEW, "verdict": "rolled_back", "phase": "ended", "verdict_at": NOW - 60, "next": awaited}
    text = printed(view)
    assert "at the end" in text
    assert " now " not in text
    assert "pending" not in text
    assert "Rolled back. At 23:13:30 UTC it is said whether it helped. (in 10s)" in text


SILENT = {**VIEW, "updated_at": NOW - 31, "times": {"stale_seconds": 30.0}}


def test_a_silent_daemon_is_told_first_and_nothing_is_promised() -> None:
    """By the rule of the daemon's own health; its values are its last ones, its counters stand still."""
    first, *rest = [line.strip("│ ") for line in printed(SILENT).splitlines()[1:]]
    heard = "No update from the daemon since 23:12:49 UTC"
    assert first == f"{heard}: no decisions and no rollbacks."
    text = "\n".join(rest)
    assert "last known: Rolls back automatically if errors stay." in text
    assert "error_rate.rollback exceeded for 2m10s of 5m at 23:12:49 UTC" in text
    assert "left" not in text
    assert "(in " not in text
    assert "last  normal below" in text
    fresh = printed({**SILENT, "updated_at": NOW - 30})
    assert "No update" not in fresh


def test_a_rollback_that_is_under_way_is_not_said_to_be_possible() -> None:
    """Nor is one of a watch that only observes."""
    silent = {"updated_at": NOW - 61}
    for changed in ({"phase": "rolling_back"}, {"phase": "in_doubt"}, {"superseded": True}, silent):
        assert "ready to roll back" not in printed({**VIEW, "readiness": {"ok": True}, **changed})


def test_a_watch_that_expects_a_later_end_says_that_one() -> None:
    """Not the one that it was registered with."""
    line = words.watched_for({**VIEW, "expected_at": NOW + 24 * 3600}, NOW)
    assert line.endswith("until 2023-11-15 23:13:20 UTC (in 24h)")


def test_a_watch_that_no_daemon_has_seen_can_be_shown() -> None:
    """As it is between registration and the first round."""
    view = {**VIEW, "metrics": {}, "streaks": [], "coverage": {}, "updated_at": None}
    assert "0042_rename" in printed(view)


def test_names_are_not_markup() -> None:
    """A migration called [red] is shown as it is called."""
    assert "[red]x[/red]" in printed({**VIEW, "migration": "[red]x[/red]"})


def test_a_streak_without_evidence_says_so() -> None:
    """Its hold is over and it waits for requests."""
    counted = {"score": 7.19, "needed": 9.0, "errors": 12.0, "requests": 1340.0}
    streak = {**VIEW["streaks"][0], "age_seconds": 301.0, "insufficient_evidence": True, "evidence": counted}
    (line,) = words.streak_lines({"streaks": [streak]}, NOW)
    evidence = "evidence 7.1 of 9: 12 errors in 1,340 requests"
    assert line == f"error_rate.rollback exceeded for 5m1s of 5m, {evidence}, too little traffic to decide"


@pytest.mark.parametrize(
    ("proven", "line"),
    [
        ({"errors": 0, "requests": 2140.2, "needed": 3000.0, "normal": False},
         "error_rate: proven normal: 2,140 of 3,000 requests"),
        ({"errors": 3, "requests": 2140, "needed": 3000.0, "normal": False},
         "error_rate: proven normal: 2,140 of 3,000 requests, 3 of them failed"),
        ({"errors": 2, "requests": 3000, "needed": 3000.0, "normal": True},
         "error_rate: proven normal by 3,000 requests"),
        ({"errors": 3, "requests": 3000, "needed": 3000.0, "normal": False},
         "error_rate: not proven normal: 3 of 3,000 requests failed"),
    ],
)  # fmt: skip
def test_what_success_still_needs_is_told_of_each_counted_metric(proven: dict[str, Any], line: str) -> None:
    """How many requests there were, of how many; a metric without counts has no such line."""
    metrics = {**VIEW["metrics"], "error_rate": {**VIEW["metrics"]["error_rate"], "proven": proven}}
    metrics["connections"] = {**VIEW["metrics"]["connections"], "proven": None}
    lines = list(words.condition_lines({**VIEW, "metrics": metrics}, NOW))
    assert [found for found in lines if "proven" in found] == [line]


def test_a_plan_is_told_by_statement_on_one_line() -> None:
    """Numbered, with its class."""
    assert list(words.plan_lines(VIEW)) == ["  1. [lossy] ALTER TABLE contacts DROP COLUMN x"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0s"),
        (59.6, "59s"),
        (61, "1m1s"),
        (3661, "1h1m"),
        (90_000, "25h"),
        (360_000, "4d4h"),
        (-1, "0s"),
    ],
)
def test_a_span_has_two_units_at_most(seconds: float, text: str) -> None:
    """More would be noise."""
    assert times.span(seconds) == text


def test_every_verdict_has_its_exit_code() -> None:
    """A script can tell them apart as documented."""
    assert set(BY_VERDICT) == set(Verdict)
    assert {code_of({"verdict": v.value}) for v in Verdict} <= set(MEANINGS)
    assert code_of({"verdict": "rolled_back"}) == code_of({"verdict": "resolved_externally"}) == 10
    assert code_of({"verdict": None}) == STILL_WATCHING


def test_watches_that_ended_long_ago_are_not_listed() -> None:
    """A day is enough to be told of it."""
    old, young = {"verdict_at": NOW - 90_000}, {"verdict_at": NOW - 80_000}
    assert recent([old, young, {"verdict_at": None}], NOW) == [young, {"verdict_at": None}]


def test_a_watch_that_is_open_beyond_its_earliest_success_is_not_told_an_end_that_has_passed() -> None:
    """Something held it up; "until 25 s ago" is no sentence."""
    line = words.watched_for({**VIEW, "ends_at": NOW - 25}, NOW)
    assert line.endswith(", not a success yet (earliest 2023-11-14 23:12:55 UTC)"), line


def test_what_asks_for_a_person_is_known_by_its_kind_and_not_by_its_words() -> None:
    """A reason that speaks of NOT NULL is no alarm of its own; the line before it is."""
    readiness = {"ok": False, "reasons": ["column email is NOT NULL now"], "notes": []}
    lines = list(words.condition_lines({**VIEW, "readiness": readiness}, NOW))
    assert [str(line) for line in lines if isinstance(line, words.Alarm)] == ["NOT ready to roll back:"]
    assert "  column email is NOT NULL now" in lines
