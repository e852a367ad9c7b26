"""A report's timeline speaks to people: every kind of event has words, and every value its unit."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.ports import OutcomeKind
from monitor.present.events import OUTCOMES, SENTENCES, is_told_by_another, sentence
from monitor.present.metrics import Metrics
from monitor.report.timeline import timeline
from monitor.store.retention import KEPT
from tests.logged import event_names

METRICS = Metrics(
    {
        "error_rate": {"unit": "ratio", "limits": {"normal_below": 0.001, "rollback_above": 0.01}},
        "response_time": {"unit": "time", "limits": {"normal_below": 200.0, "investigate_above": 500.0}},
    }
)

SINCE, AT = 1_700_000_000.0, 1_700_000_020.5

FIRED: dict[str, Any] = {
    "rule": "error_rate.rollback", "since": SINCE, "by": "",
    "evidence": {"errors": 2404.0, "requests": 40031.0, "score": 10.8, "needed": 9.0},
}  # fmt: skip

WHY = "error_rate was above 1 % for 20s, evidence 9 of 9: 2,404 errors in 40,031 requests"

OLD = {**FIRED, "evidence": {"errors": 2404.0, "requests": 40031.0, "lower_bound": 0.0571}}
"""As an older program recorded it."""

FEW = {"errors": 3.0, "requests": 4.0, "score": 5.499, "needed": 9.0}

CLEARED = {"rule": "error_rate.rollback", "since": SINCE, "was": "pending", "reason": "recovered"}

DONE: dict[str, Any] = {
    "reason": "the plan took effect and its post-condition holds", "tries": 1, "seconds": 0.057,
    "locked_seconds": 0.036, "against": "plan", "verified": "plan", "salvaged": [],
}  # fmt: skip

AMOUNTS = "1 try; 0.057s in all; locks held for 0.036s; compared with what the plan says"

TOLD: list[tuple[str, dict[str, Any], str]] = [
    ("registered", {"mode": "auto", "sha256": "ab" * 32, "migration": "m"},
     "mode auto; the rollback's sha256 begins abababababababab"),
    ("started", {"mode": "auto"}, "the daemon monitors it from now on, mode auto"),
    (
        "already_breaching", {},
        "the breach began before the migration: rollbacks need approval until that is over",
    ),
    (
        "started", {"mode": "auto", "baseline": {"error_rate": {"said": "error_rate was 2 %"}}},
        "the daemon monitors it from now on, mode auto; error_rate was 2 %",
    ),
    (
        "rearmed", {},
        "the breach from before the migration is over: automatic rollback is possible again",
    ),
    (
        "aftermath", {"helped": None, "newer": "0043_x"},
        "not verified whether the rollback helped: the watch of 0043_x began before that",
    ),
    ("pending", {"rule": "error_rate.rollback"}, "error_rate is above 1 %"),
    ("pending", {"rule": "error_rate.warn"}, "error_rate is not below 0.1 %"),
    ("pending", {"rule": "queue.rollback"}, "queue is above its limit"),
    ("firing", FIRED, f"{WHY}: the rollback rule fires"),
    ("firing", OLD,
     "error_rate was above 1 % for 20s, 2404 errors in 40031 requests: the rollback rule fires"),
    ("insufficient_evidence", {"rule": "error_rate.rollback", "since": SINCE, "evidence": FEW},
     "error_rate was above 1 % for 20s with too little traffic to decide, "
     "evidence 5.4 of 9: 3 errors in 4 requests"),
    ("firing", {"rule": "response_time.investigate", "since": SINCE, "evidence": None},
     "response_time was above 500 ms for 20s: the investigate rule fires"),
    ("cleared", {**CLEARED, "value": 0.0004997501249375312},
     "error_rate is at 0.05 % again, after 20s above 1 %: the rollback rule did not fire"),
    ("cleared", {"rule": "response_time.warn", "since": SINCE, "was": "firing", "reason": "recovered",
                 "value": 19.973129786786888},
     "response_time is at 19.97 ms again, after 20s not below 200 ms"),
    ("cleared", {**CLEARED, "reason": "gap"},
     "error_rate was not measured for too long, after 20s above 1 %: the rollback rule did not fire"),
    ("cleared", {**CLEARED, "was": "firing", "reason": "paused"},
     "error_rate is not evaluated while paused, after 20s above 1 %"),
    ("cleared", {**CLEARED, "was": "firing", "value": None}, "error_rate has recovered, after 20s above 1 %"),
    ("cleared", {**CLEARED, "was": "firing", "reason": "rearmed"},
     "error_rate starts afresh, after 20s above 1 %"),
    ("blind", {"metric": "error_rate"}, "error_rate has gone unmeasured for too long"),
    ("sighted", {"metric": "error_rate"}, "error_rate is measured again"),
    ("instances_missing", {"metric": "error_rate", "answering": 2, "instances": 3},
     "error_rate: 2 of 3 instances answer"),
    ("instances_back", {"metric": "error_rate", "answering": 3, "instances": 3},
     "error_rate: 3 of 3 instances answer"),
    ("not_ready", {"reasons": ["a", "b"], "codes": ["x"]}, "it could not be rolled back right now: a; b"),
    ("ready", {"reasons": [], "codes": []}, "it can be rolled back again"),
    ("superseded", {}, "a newer watch has taken over the target: this one only observes"),
    ("armed_again", {}, "it monitors the target again; streaks start afresh"),
    ("control", {"control": "pause", "by": "ana", "reason": "lunch"}, "pause, by ana: lunch"),
    ("control", {"control": "resume", "by": "", "reason": ""}, "resume, by somebody"),
    ("control_ignored", {"control": "pause", "phase": "rolling_back"},
     "pause has no effect: rolling back"),
    ("promoted", {"before": 1, "now": 2},
     "a new primary is answering and has the watch: timeline 1, now 2"),
    ("ledger_lost", {"text": "the ledger is older"}, "the ledger is older"),
    ("approval_requested", FIRED, f"approval requested: {WHY}"),
    ("would_roll_back", FIRED, f"it would have been rolled back: {WHY}"),
    ("rollback_decided", FIRED, f"the rollback will be executed: {WHY}"),
    ("rollback_decided", {**FIRED, "rule": "", "by": "ana"},
     "the rollback will be executed: ana asked for it"),
    ("withdrawn", {"rule": "error_rate.rollback", "since": SINCE, "reason": "it recovered"},
     "the rollback is no longer needed, nothing took effect: it recovered"),
    ("intent", {**FIRED, "timeline": 1},
     "the intent is committed: too late to pause or cancel"),
    ("intent_followed", {"before": 1, "timeline": 2},
     "a new primary is answering (timeline 1, now 2) and has the intent"),
    ("intent_withdrawn", {"reason": "not wanted"}, "the intent is withdrawn: not wanted"),
    ("rollback_effect", DONE, f"the plan is committed; {AMOUNTS}"),
    ("rollback_group", {"steps": [1, 2], "salvaged": []},
     "part of the plan is committed: statements 1, 2"),
    ("bookkeeping", {"tool": "flyway", "migration": "V2", "statements": []},
     "V2 is marked as reverted in the table of flyway"),
    ("rollback_blocked", {"text": ["pid 7 (psql), idle for 3s"], "tries": 2, "seconds": 1.25},
     "pid 7 (psql), idle for 3s (try 2, 1.25s)"),
    ("rollback_blocked", {"text": [], "blockers": [], "tries": 3, "seconds": 65.2},
     "no blocker was seen (try 3, 1m5s)"),
    ("rollback_cleared", {"text": ["pid 7"], "policy": "cancel"}, "cancelled: pid 7"),
    ("rollback_in_doubt", {"text": "COMMIT was sent"}, "COMMIT was sent"),
    ("rollback_hook_pulled", {"text": "old version: 0.2 s", "hooks": [{"hook": "a"}]}, "old version: 0.2 s"),
    ("outcome_rolled_back", DONE, f"{DONE['reason']}; {AMOUNTS}"),
    ("outcome_failed", {"reason": "no such column", "took_effect": 1, "statements": 2, "tries": 3},
     "no such column; 3 tries; 1 of 2 statements took effect"),
    ("ended", {"verdict": "succeeded", "reason": ""}, "succeeded: all metrics were normal"),
    ("hook_after", {"hook": "cache", "ok": True, "why": "", "seconds": 0.2},
     "hook cache after the rollback succeeded (0.2s)"),
    ("hook_after", {"hook": "cache", "ok": False, "why": "503", "seconds": 0.2},
     "hook cache after the rollback FAILED: 503 (0.2s)"),
    ("aftermath", {"helped": False, "migration": "m"}, "the rollback did NOT help: the breach continues"),
    ("restored", {"of": [{"name": "a.b", "rows": 7, "restored": 5}]}, "a.b: 5 of 7 put back"),
    ("kept_expiring", {"source": "a.b", "place": "s.t"}, "the data kept of a.b will be dropped soon: s.t"),
    ("kept_dropped", {"source": "a.b", "place": "s.t"},
     "the data kept of a.b was dropped, its retention period ended: s.t"),
    ("of_tomorrow", {"some_text": "a", "many": ["b", "c"], "none": None}, "some text a, many b; c"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "detail", "words"), TOLD, ids=[f"{n}-{t[0]}" for n, t in enumerate(TOLD)])
def test_an_event_is_told_in_words_and_units(kind: str, detail: dict[str, Any], words: str) -> None:
    """No key, no raw number, no `false`."""
    assert sentence({"at": AT, "kind": kind, "detail": detail}, METRICS) == words


def test_every_kind_of_event_has_words() -> None:
    """Those of the log, those of the ledger; what the executor reports on its way says it itself."""
    logged = {name.removeprefix("watch.") for name in event_names() if name.startswith("watch.")}
    rows = {*logged - {"phase_changed"}, *KEPT, "hook_after", "kept_expiring"}
    assert {k for k in rows - set(SENTENCES) if not k.startswith("rollback_")} == set()
    assert set(OUTCOMES) == {kind.value for kind in OutcomeKind}


def test_what_ledger_and_daemon_both_say_is_told_once() -> None:
    """But not left out where only one of them came to say it."""
    assert is_told_by_another({"kind": "rollback_effect"}, {"rollback_effect", "outcome_rolled_back"})
    assert not is_told_by_another({"kind": "rollback_effect"}, {"rollback_effect", "intent"})


def test_a_row_that_lacks_what_its_sentence_names_breaks_no_page() -> None:
    """Written by another version."""
    assert "control ignored" in timeline([{"at": AT, "kind": "control_ignored", "detail": {}}], METRICS)
