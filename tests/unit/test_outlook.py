"""The one sentence that says what happens next with a watch, and when: in every state it can be in."""

from __future__ import annotations

import re
from typing import Any

from monitor.backend import view_of
from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import Loaded, ReadinessRead
from monitor.faults import OURS, THEIRS
from monitor.ports import Controls, Outcome, OutcomeKind, ProgressKind, Readiness
from monitor.present.reasons import WORDS
from monitor.sources.counters import GRAVEST
from tests.hands import START, Desk, row
from tests.prometheus import ROOT

BAD = 0.05
NOON = START / SECOND
"""2027-01-15 08:00:00 UTC."""


def ready(desk: Desk, *reasons: str, id: str = "w-1") -> None:
    desk.take(ReadinessRead(id, Readiness(not reasons, reasons)))


def begun(**changes: Any) -> Desk:
    """A watch with one normal sample, ready."""
    desk = Desk()
    desk.register(**changes)
    ready(desk)
    desk.say(0)
    return desk


def said(desk: Desk) -> tuple[str, float | None]:
    found = desk.view()["next"]
    at = found["at"]
    return found["text"], None if at is None else at - NOON


def test_a_normal_watch_says_when_it_succeeds() -> None:
    """The end of `success_after`, with the clock's time."""
    assert said(begun()) == ("Succeeds at 08:01:40 UTC if everything stays normal.", 100)


def test_a_rollback_streak_says_when_it_rolls_back() -> None:
    """The hold after the first breaching sample; both the metric and its limit are named."""
    desk = begun()
    desk.say(5, error_rate=BAD)
    desk.say(10, error_rate=BAD)
    assert said(desk) == ("Rolls back automatically at 08:00:35 UTC if error_rate stays above 1 %.", 35)


def test_a_guard_without_a_value_says_so_before_people_are_alerted() -> None:
    """In a streak it is what is forgotten, after it what no rollback can be decided for: never a calm end."""
    desk = begun()
    desk.say_through(5, 10, error_rate=BAD)
    desk.say(15, error_rate=None)
    why = "its source does not answer in time"
    text, _ = said(desk)
    assert text.endswith(
        f"error_rate can't be measured now ({why}): this streak is forgotten at 08:00:22 UTC "
        "if this continues."
    )
    desk.say_through(20, 25, error_rate=None)
    assert said(desk) == (
        f"error_rate can't be measured ({why}): no rollback can be decided until it can. "
        "An alert goes out at 08:00:30 UTC if this continues.",
        30,
    )
    desk.say(30, error_rate=0.0)
    assert said(desk)[0].startswith("Succeeds")


def test_in_approve_a_person_is_asked_then_nothing_happens_without_one() -> None:
    """Before and after the hold."""
    desk = begun(mode=Mode.APPROVE)
    desk.say_through(5, 10, error_rate=BAD)
    assert said(desk)[0].startswith("Asks for approval to roll back at 08:00:35 UTC if error_rate")
    desk.say_through(15, 35, error_rate=BAD)
    assert said(desk)[0].startswith("Waiting for approval")


def test_in_observe_a_breach_leads_to_nothing() -> None:
    """And why is said."""
    desk = begun(mode=Mode.OBSERVE)
    desk.say(5, error_rate=BAD)
    text = "No rollback although error_rate is above 1 %: this watch only observes."
    assert said(desk) == (text, None)


def test_what_would_keep_a_rollback_from_being_executed_is_told_with_it() -> None:
    """The first reason; the fact that nothing was checked yet is none."""
    desk = Desk()
    desk.register()
    desk.say(0)
    assert "could not be executed" not in said(desk)[0]
    ready(desk, "the role may not alter contacts", "another")
    assert said(desk)[0].endswith(" The rollback could not be executed now: the role may not alter contacts.")


def test_a_rollback_under_way_and_paused() -> None:
    """Each phase has its sentence."""
    desk = begun()
    desk.say_through(5, 35, error_rate=BAD)
    assert said(desk)[0] == "The rollback begins now."
    desk.progress(ProgressKind.INTENT)
    assert said(desk)[0] == "The rollback is being executed now."
    desk.progress(ProgressKind.IN_DOUBT)
    assert said(desk)[0].startswith("The ledger will show")
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    assert desk.last_update().view["next"]["text"].startswith("Rolled back. Verifying ")
    paused = begun()
    paused.controls(paused_at=START + SECOND, by="ann@ops", reason="a fix is being deployed")
    assert said(paused)[0].startswith(
        "Paused by ann@ops (a fix is being deployed): no decisions until it is resumed"
    )
    assert paused.view()["paused"] == {"by": "ann@ops", "reason": "a fix is being deployed", "at": NOON + 1}


def test_a_watch_that_is_superseded_names_the_newer_one_and_promises_nothing() -> None:
    """In no state; the name is known after the newer one's end and a restart."""
    desk = begun()
    desk.take(Loaded([row("w-2", 2, migration="add_index")]))
    desk.controls(superseded=True)
    only = "Observing only: add_index is monitored on the same target. "
    assert said(desk)[0] == f"{only}Succeeds at 08:01:40 UTC if everything stays normal."
    assert said(desk)[1] is None
    desk.say_through(5, 10, error_rate=BAD)
    assert said(desk)[0] == f"{only}No rollback although error_rate is above 1 %."
    assert desk.view()["superseded_by"] == "add_index"
    kept = desk.stored_row(controls=Controls(superseded=True))
    desk.begin().start([kept], desk.records[-1].memory or {})
    assert desk.view()["superseded_by"] == "add_index"


def test_a_watch_expects_its_end_when_the_sentence_says() -> None:
    """A fired warning moves success away; both say the same."""
    desk = begun()
    assert desk.view()["expected_at"] == desk.view()["ends_at"] == NOON + 100
    desk.say_through(5, 20, connections=80)
    desk.say(25)
    text, at = said(desk)
    assert "08:02:0" in text
    assert desk.view()["expected_at"] == NOON + (at or 0) > desk.view()["ends_at"]


def test_a_withdrawn_rollback_is_tried_again_at_the_next_breach() -> None:
    """The streak still fires; only a fresh breaching sample acts."""
    desk = begun()
    desk.say_through(5, 35, error_rate=BAD)
    desk.clock.moment += SECOND
    desk.finish(Outcome(OutcomeKind.WITHDRAWN, "overruled"))
    assert said(desk) == ("Rolls back automatically at the next sample with error_rate above 1 %.", None)


def test_another_breach_says_when_people_are_alerted() -> None:
    """A warning's hold."""
    desk = begun()
    desk.say(5, connections=80)
    text = "Alerts at 08:00:15 UTC if connections stays at or above 60; it never triggers a rollback."
    assert said(desk) == (text, 15)


def test_an_alerted_breach_keeps_success_away() -> None:
    """The abnormal time must leave the window, and the metric must be normal again."""
    desk = begun()
    desk.say_through(5, 20, connections=80)
    text, at = said(desk)
    assert text.startswith(
        "Succeeds at 08:01:59 UTC at the earliest, once connections is normal again; ends as"
    )
    assert at == 119  # 20 s more, but for the hundredth that may be abnormal


def test_a_streak_older_than_its_hold_says_what_it_lacks() -> None:
    """Evidence; or, where that is there, that it was so for the whole hold and still is."""
    desk = begun()
    for second in range(3, 48, 3):
        desk.count(second, 1, 1)
    assert said(desk)[0].startswith(
        "Rolls back automatically as soon as it is certain that error_rate is above 1 %, has been for 30 s, "
        "and still "
        "is (evidence 9 of 9: "
    )
    scarce = begun()
    for second in range(3, 60, 3):
        failed = int(second % 15 == 3)
        scarce.count(second, failed, failed)
    lacking = "as soon as there is enough evidence that error_rate is above 1 % (evidence 7.2 of 9: "
    assert said(scarce)[0].startswith(f"Rolls back automatically {lacking}")


def test_a_counted_metric_says_how_many_requests_success_needs() -> None:
    """As many as prove that fewer than its normal share fail."""
    desk = begun()
    desk.count(5, 0, 2140)
    assert "once error_rate is proven normal (by 2,140 of 3,000 requests now)" in said(desk)[0]


def test_a_metric_that_can_not_be_measured_keeps_success_away() -> None:
    """It is named."""
    desk = begun()
    desk.say_through(5, 40, connections=None)
    assert "once connections can be measured" in said(desk)[0]


def test_a_guard_that_is_blind_is_said_to_be_off() -> None:
    """With the reason in words; a watch that would not act has no guard."""
    desk = begun()
    desk.say_through(5, 40, error_rate=None)
    why = "its source does not answer in time"
    assert said(desk) == (
        f"error_rate can't be measured ({why}): no rollback can be decided until it can.",
        None,
    )
    assert desk.view()["metrics"]["error_rate"]["why"] == why
    observing = begun(mode=Mode.OBSERVE)
    observing.say_through(5, 40, error_rate=None)
    assert said(observing)[0].startswith("Succeeds at")


GIVEN = re.compile(r'SourceError\(\s*"(\w+)"|reason ?= ?"(\w+)"')


def test_every_reason_of_a_probe_has_words() -> None:
    """Read from the code: each word that is given as a reason."""
    found = {*GRAVEST, *OURS, *THEIRS}
    for path in [
        ROOT / "monitor/net.py",
        ROOT / "monitor/names.py",
        *(ROOT / "monitor/sources").rglob("*.py"),
    ]:
        text = path.read_text(encoding="utf-8")
        found |= {a or b for a, b in GIVEN.findall(text)}
    assert {"timeout", "no_series", "dns", "insufficient_traffic"} <= found
    assert found <= WORDS.keys()


def test_a_watch_that_can_not_succeed_any_more_says_when_it_gives_up() -> None:
    """The abnormal time leaves the window too late."""
    desk = begun()
    desk.say_through(5, 250, connections=80)
    assert said(desk)[0].startswith("Ends as inconclusive at 08:05:00 UTC")


def test_a_watch_that_no_daemon_has_seen_says_so() -> None:
    """And one whose verdict came from elsewhere has ended."""
    assert "Waiting for the daemon" in view_of(row())["next"]["text"]  # type: ignore[index]
    shown: Any = view_of(row(verdict="cancelled", view={"next": {"text": "old", "at": 1}}))
    text = "Cancelled. This migration is no longer monitored."
    assert shown["next"] == {"text": text, "at": None}
