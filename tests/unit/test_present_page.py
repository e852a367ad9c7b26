"""What the page is given: sentences beside the JSON of a watch, its events and its changes."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.present.changes import NO_STATISTICS, NOTHING, on_page
from monitor.present.happened import SHOWN, line, with_sentences
from monitor.present.metrics import Condition, Metrics, condition_of
from monitor.present.page import told, with_words
from tests.alerts import NOON, SECOND
from tests.site import WATCH

NOW = NOON / SECOND
COUNTED = {"errors": 12.0, "requests": 1340.0, "score": 7.19, "needed": 9.0}
METRICS = Metrics({"error_rate": {"unit": "ratio", "limits": {"rollback_above": 0.01}}})


def at(kind: str, **detail: Any) -> dict[str, Any]:
    return {"id": 1, "at": NOW, "kind": kind, "detail": detail}


def why(**changed: Any) -> list[str]:
    return [block.text for block in told({**WATCH, **changed}).why_not]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"superseded": True}, "A newer migration on this target has taken over."),
        ({"no_rollback": True}, "There is no rollback: it only alerts, and manual action is needed."),
        ({"mode": "observe"}, "It only observes."),
        ({"phase": "paused"}, "It is paused: nothing is decided."),
        ({"phase": "awaiting_approval"}, "It has not been approved yet."),
        ({"phase": "rolling_back", "attempt": {"sentence": "It waits."}}, "It waits."),
        ({"verdict": "failed", "reason": "a lock"}, "The rollback failed: a lock"),
        ({}, "error_rate has been beyond the rollback limit since {at}: not for 5 m yet."),
    ],
)
def test_why_there_was_no_rollback_follows_from_where_the_watch_is(
    changed: dict[str, Any], says: str
) -> None:
    assert says in why(**changed)


def test_a_streak_says_what_it_lacks_and_since_when() -> None:
    """A moment is left to the page, which writes it in its reader's zone."""
    streak = {**WATCH["streaks"][0], "evidence": COUNTED}
    weighed = "(evidence 7.1 of 9: 12 errors in 1,340 requests)"
    lead = f"error_rate has been beyond the rollback limit since {{at}} {weighed}"
    for more, rest in (
        ({}, ": not for 5 m yet."),
        ({"age_seconds": 300.0}, ": not certain yet that it has been for 5 m and still is."),
        ({"state": "firing"}, "."),
        ({"insufficient_evidence": True}, ", with too little traffic to decide."),
    ):
        (block,) = told({**WATCH, "streaks": [{**streak, **more}]}).why_not
        assert (block.text, block.at) == (lead + rest, NOW - 120)


def test_a_watch_is_told_its_state_its_trigger_and_what_is_proven() -> None:
    rules = [{"action": "rollback", "limit": 0.01, "hold_seconds": 300}]
    proven = {"errors": 0, "requests": 2140.2, "needed": 3000.0, "normal": False}
    metric = {"value": 0.0, "normal": True, "unit": "ratio", "rules": rules, "proven": proven}
    found = told({**WATCH, "metrics": {"error_rate": metric}})
    assert (found.state, found.mode) == ("watching", "rolls back automatically")
    assert found.trigger == "Rolls back automatically if error_rate stays above 1 % for 5 m."
    assert found.proven == {"error_rate": "proven normal: 2,140 of 3,000 requests"}
    assert found.conditions == {"error_rate": ("✓ normal", "yes")}
    assert told({**WATCH, "verdict": "unverified"}).state == "rolled back, unverified"
    assert told({**WATCH, "superseded": True}).trigger == ""


def test_readiness_says_what_is_in_the_way_and_what_is_at_risk() -> None:
    risk = {"name": "t.a", "what": "values", "count": 8540, "bound": "about", "fate": "salvaged"}
    readiness = {"ok": False, "reasons": ["no right"], "notes": ["0.1 s"], "at_risk": [risk]}
    rehearsal = {"at": NOW, "holds": False, "said": "a is missing"}
    blocks = told({**WATCH, "readiness": readiness, "rehearsal": rehearsal}).ready
    assert [(b.text, list(b.list)) for b in blocks] == [
        ("✗ No, it could not roll back now:", ["no right"]),
        ("", ["0.1 s"]),
        ("At risk if it rolls back now:", ["about 8,540 values of t.a (a backup is kept)"]),
        ("✗ Rehearsed {at}: a is missing", []),
    ]


def test_what_another_version_stored_is_shown_without_sentences() -> None:
    """It lacks what they name; the page has the watch all the same."""
    odd = {"id": "w-1", "streaks": [{"rule": "x"}], "phase": "watching"}
    assert with_words(odd) == {**odd, "told": None}
    assert on_page({"statements": {"slower": [{}]}}) is None


def test_an_event_lists_what_it_names_up_to_a_bound() -> None:
    found = line(at("rollback_blocked", text=[f"pid {n}" for n in range(7)], tries=8), METRICS)
    assert found.text == "8 tries did not get the locks; in the way:"
    assert (list(found.list), found.more) == ([f"pid {n}" for n in range(SHOWN)], 2)
    assert (
        line(at("rollback_blocked", text=[], tries=1), METRICS).text == "the first try did not get the locks"
    )


def test_an_event_begins_with_what_it_is_about() -> None:
    assert line(at("outcome_failed", reason="a lock", tries=3), METRICS).text == (
        "the rollback failed: a lock; 3 tries"
    )
    assert line(at("rollback_settled"), METRICS).text == "the ledger has the outcome of the rollback"
    assert line(at("firing"), METRICS).text == "firing"  # of another version: nothing to make a sentence of


def test_a_kind_without_a_sentence_is_told_by_its_plain_values() -> None:
    """Lists and mappings by their keys."""
    odd = at("odd_thing", what=[{"table": "t", "rows": 2}], who={"a": 1}, nothing=None)
    assert line(odd, METRICS).text == "odd thing: what table t, rows 2, who a 1"


def test_a_limit_of_the_moment_and_its_baseline_are_told() -> None:
    detail = {"rule": "error_rate.rollback", "since": NOW - 300, "limit": 0.0142, "baseline": 0.0095}
    text = line(at("would_roll_back", **detail), METRICS).text
    assert text == "it would have been rolled back: error_rate was above 1.42 % for 5m (baseline 0.95 %)"


def test_rows_that_were_put_back_and_an_untouched_failure_have_their_words() -> None:
    restored = {**at("restored"), "detail": [{"name": "t.a", "restored": 3, "rows": 4}]}
    ended = at("ended", verdict="failed", reason="a lock")
    texts = [e["said"]["text"] for e in with_sentences([restored, ended], {"untouched": True})]  # type: ignore[index]
    assert texts[0] == "the data the rollback kept was restored: t.a: 3 of 4 put back"
    assert texts[1].startswith("the rollback FAILED and changed nothing")


QUIET: dict[str, Any] = {"slower": [], "heavier": [], "new": [], "gone": [], "reset": False}


def test_changes_are_told_with_before_now_and_factor() -> None:
    row = {"statement": "SELECT 1", "calls": 1200, "mean_ms": 46.2, "mean_before_ms": 4.1}
    wait = {"relation": "t", "waiting": 1, "longest_seconds": 34.0}
    indexes = [{"name": n, "relation": "t", "new": n == "b"} for n in "ab"]
    found: Any = on_page(
        {"statements": {**QUIET, "slower": [row]}, "lock_waits": [wait], "invalid_indexes": indexes}
    )
    (table,) = found["tables"]
    assert table["rows"] == [
        {"rise": "4.1 ms → 46.2 ms", "factor": "×11.3", "often": "1200 calls since", "statement": "SELECT 1"}
    ]
    assert found["waits"] == ["1 session waits for a lock on t, the longest for 34 s"]
    assert [new for _, new in found["indexes"]] == [True, False]


def test_changes_say_when_there_are_none_and_when_nobody_could_look() -> None:
    none: dict[str, Any] = {"lock_waits": [], "invalid_indexes": []}
    quiet: Any = on_page({**none, "statements": QUIET})
    unread: Any = on_page({**none, "statements": None})
    assert (quiet["notes"], unread["notes"]) == ([NOTHING], [NO_STATISTICS])


@pytest.mark.parametrize("value", [None, 0.5])
def test_only_a_known_normal_value_looks_healthy(value: float | None) -> None:
    """A value whose normality nobody says is not taken for a good one."""
    assert condition_of({"value": value}) is (Condition.NOT_YET if value is None else Condition.NOT_NORMAL)
