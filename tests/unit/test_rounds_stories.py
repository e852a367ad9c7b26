"""One breach is one story: as many messages as stages, one thread, at most one incident open."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.daemon.happenings import Reminded
from monitor.daemon.stories import SOON
from monitor.ports import Alert, Outcome, OutcomeKind, ProgressKind, Stage
from tests.hands import POLICY, START, Desk

BAD = 0.05
MINUTE = 60

CALM = Policy(
    thresholds=(
        Threshold("error_rate", 0.001, warn_for=10 * SECOND, rollback_above=0.01, rollback_for=30 * SECOND),
        Threshold(
            "connections", 60.0, warn_for=10 * SECOND, investigate_above=90.0, investigate_for=20 * SECOND
        ),
    ),
    interval=5 * SECOND,
    max_gap=12 * SECOND,
    blind_after=20 * SECOND,
    success_after=3600 * SECOND,
    give_up_after=7200 * SECOND,
)
"""With something to investigate, and long enough for a second breach."""


def loud(desk: Desk) -> list[Alert]:
    """The messages of stories."""
    return [a for a in desk.alerts() if a.story and not a.quiet]


def titles(alerts: Iterable[Alert]) -> list[str]:
    return [a.title for a in alerts]


def stages(desk: Desk) -> list[tuple[str, bool]]:
    return [(a.stage, a.resolves) for a in loud(desk)]


def incidents(desk: Desk) -> list[set[str]]:
    """What a pager that does as it is told has open after each alert."""
    found, after = set[str](), []
    for alert in desk.alerts():
        if alert.page and not alert.resolves:
            found.add(alert.incident or alert.condition)
        found -= {*alert.closes, *({alert.incident} if alert.resolves else ())}
        after.append(set(found))
    return after


def restart(desk: Desk) -> None:
    """The memory as it comes back from the database."""
    memory = json.loads(json.dumps(desk.records[-1].memory, default=str))
    desk.begin().start([desk.stored_row()], memory)


def breach_and_rollback(desk: Desk, *, restarted: bool = False) -> None:
    """5 % errors, sessions pile up behind the locks, the rollback, its help."""
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    if restarted:
        restart(desk)
    desk.say_through(25, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.say_through(35, 60, error_rate=BAD, connections=95.0)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "done"))
    desk.say_through(65, 200)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_breach_has_as_many_messages_as_stages(restarted: bool) -> None:
    """Breached, rolling back, rolled back, helped: whatever else fires on the way joins them quietly."""
    desk = Desk()
    breach_and_rollback(desk, restarted=restarted)
    assert titles(loud(desk)) == [
        "error_rate 5 % is above 1 %",
        "rolling back now: error_rate above 1 % for 30 s",
        "rolled back",
        "the rollback helped: all metrics are within their limits again",
    ]
    assert len({a.story for a in loud(desk)}) == 1
    assert stages(desk)[0] == (Stage.BREACH, False)
    assert stages(desk)[2:] == [(Stage.OUTCOME, True), (Stage.OUTCOME, True)]


def test_of_one_breach_at_most_one_incident_is_open_and_none_in_the_end() -> None:
    """The page of the rollback is the only one, and its good end resolves it."""
    desk = Desk(CALM)
    breach_and_rollback(desk)
    assert all(len(found) <= 1 for found in incidents(desk))
    assert {"w-1/rollback"} in incidents(desk)
    assert incidents(desk)[-1] == set()


def test_a_rollback_rings_although_an_investigation_was_paged_before() -> None:
    """An incident that somebody acknowledged rings no more: the graver stage has its own."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 60, connections=95.0)
    assert incidents(desk)[-1] == {"w-1/breach"}
    desk.say_through(65, 100, error_rate=BAD, connections=95.0)
    assert incidents(desk)[-1] == {"w-1/rollback"}
    assert loud(desk)[-1].closes == ("w-1/breach",)


def test_a_rollback_that_can_not_go_on_rings_and_its_bad_end_rings_again() -> None:
    """Each wants something else of a person; the last one stays open for whoever mends it."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.BUDGET_SPENT)
    assert incidents(desk)[-1] == {"w-1/stuck"}
    desk.finish(Outcome(OutcomeKind.FAILED, "a table is gone"))
    assert incidents(desk)[-1] == {"w-1/outcome"}
    assert not loud(desk)[-1].resolves


def test_what_hindered_a_rollback_is_over_without_ringing_for_the_rollback_again() -> None:
    """Good news wakes nobody; the incident is over with the rollback."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    desk.progress(ProgressKind.HOOK_BLOCKS)
    before = len(loud(desk))
    desk.progress(ProgressKind.HOOK_PULLED)
    assert len(loud(desk)) == before
    assert incidents(desk)[-1] == {"w-1/stuck"}
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "done"))
    assert incidents(desk)[-1] == set()


def test_a_rollback_that_did_not_help_rings_in_the_same_thread() -> None:
    """After its end was told as resolved."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "done"))
    assert incidents(desk)[-1] == set()
    desk.say_through(35, 130, error_rate=BAD)
    last = loud(desk)[-1]
    assert (last.title, last.page) == ("the rollback did NOT help: the breach continues", True)
    assert last.story == loud(desk)[0].story
    assert incidents(desk)[-1] == {"w-1/outcome"}


def test_two_metrics_of_one_cause_are_one_message_and_one_end() -> None:
    """Both are named; the end comes when the last of them is normal."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 10, error_rate=0.005)
    desk.say_through(15, 60, error_rate=0.005, connections=70.0)
    assert len(loud(desk)) == 1
    (update,) = [a for a in desk.alerts() if a.quiet]
    assert ("also", "connections 70 is not below 60 for 10 s") in update.facts
    desk.say_through(65, 100, connections=70.0)
    assert len(loud(desk)) == 1
    desk.say_through(105, 140)
    assert [resolves for _, resolves in stages(desk)] == [False, True]
    assert ("began as", loud(desk)[0].title) in loud(desk)[1].facts


@pytest.mark.parametrize(("later", "messages"), [(SOON // SECOND - 10, 1), (SOON // SECOND, 2)])
def test_what_joins_long_after_is_a_message_again(later: int, messages: int) -> None:
    """Within five minutes it is taken for the same thing; the warning is told when its 10 s are over."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 10, error_rate=0.005)
    desk.say_through(15, 5 + later, error_rate=0.005)
    desk.say_through(10 + later, 25 + later, error_rate=0.005, connections=70.0)
    assert len(loud(desk)) == messages


def test_a_page_that_joins_what_woke_nobody_rings() -> None:
    """A pending rollback informs; an investigation that joins it wants a person."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 5, error_rate=BAD, connections=95.0)
    desk.say_through(10, 25, error_rate=BAD, connections=95.0)
    assert {"w-1/breach"} in incidents(desk)


def test_the_next_breach_is_a_new_story() -> None:
    """What is updated hours later is not seen."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 15, connections=70.0)
    desk.say_through(20, 40)
    desk.say_through(45, 60, connections=70.0)
    first, over, second = loud(desk)
    assert first.story == over.story != second.story
    assert (over.resolves, second.resolves) == (True, False)


def test_a_story_is_reminded_of_once_whatever_is_open_in_it() -> None:
    """By its gravest page, in its thread; the others are named."""
    desk = Desk(CALM, remind_every={"log": 60 * SECOND})
    desk.register(mode=Mode.APPROVE)
    desk.say_through(0, 60, connections=95.0)
    desk.say_through(65, 180, error_rate=BAD, connections=95.0)
    before = len(desk.alerts())
    desk.take(Reminded())
    (again,) = desk.alerts()[before:]
    assert again.title.startswith("still: approval needed to roll back")
    assert again.story == loud(desk)[0].story
    assert again.incident == "w-1/rollback"
    assert "connections" in str(again.facts)


def test_open_pages_of_an_older_program_are_resolved_as_it_raised_them() -> None:
    """Its incidents had the condition as their key, and its memory knows no stories."""
    desk = Desk(CALM)
    desk.register()
    desk.say_through(0, 60, connections=95.0)
    memory = json.loads(json.dumps(desk.records[-1].memory, default=str))
    del memory["stories"]
    for page in memory["open_pages"].values():
        assert "stage" not in page["alert"], "the older program knows no such field"
        page.pop("stage")
    desk.begin().start([desk.stored_row()], memory)
    desk.say_through(65, 100)
    ends = [a for a in desk.alerts() if a.resolves]
    assert {a.condition for a in ends} == {"w-1/connections.investigate", "w-1/connections.warn"}
    assert not any(a.story for a in ends)


def test_a_pause_ends_the_story_of_a_breach() -> None:
    """Nobody counts any more: one message says so."""
    desk = Desk(POLICY)
    desk.register()
    desk.say_through(0, 20, error_rate=BAD)
    desk.controls(paused_at=START + 20 * SECOND)
    assert [resolves for _, resolves in stages(desk)] == [False, True]


def test_a_warning_of_a_metric_that_would_be_rolled_back_is_told_with_it() -> None:
    """The warning comes first where its time is short: both are one message, of the graver stage."""
    desk = Desk(replace(CALM, thresholds=(replace(CALM.thresholds[0], rollback_for=300 * SECOND),)))
    desk.register()
    desk.say_through(0, 60, error_rate=BAD)
    (message,) = loud(desk)
    assert (message.title, message.stage) == ("error_rate 5 % is above 1 %", Stage.BREACH)
    assert not [a for a in desk.alerts() if a.quiet]


def test_a_rollback_that_is_decided_again_after_it_was_taken_back_is_told_and_rings_again() -> None:
    """The streak is the same one; what is asked again with its page still open is no news."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    stored = desk.stored_row(intent_at=START + 30 * SECOND)
    desk.begin().start([stored], json.loads(json.dumps(desk.records[-1].memory, default=str)))
    desk.finish(None)
    assert incidents(desk)[-1] == set()
    desk.say(35, error_rate=BAD)
    decided = [a for a in loud(desk) if a.title.startswith("rolling back now")]
    assert len({a.transition for a in decided}) == 2
    assert incidents(desk)[-1] == {"w-1/rollback"}
    restart(desk)
    desk.say(40, error_rate=BAD)
    again = [a for a in loud(desk) if a.title.startswith("rolling back now")]
    assert len({a.transition for a in again}) == 2


def test_a_second_withdrawal_of_the_same_streak_closes_the_page_again() -> None:
    """Its key must not be that of the first, or nobody would hear of it."""
    desk = Desk()
    desk.register()
    desk.say_through(0, 30, error_rate=BAD)
    for second in (30, 35):
        desk.progress(ProgressKind.INTENT)
        stored = desk.stored_row(intent_at=START + second * SECOND)
        desk.begin().start([stored], json.loads(json.dumps(desk.records[-1].memory, default=str)))
        desk.finish(None)
        assert incidents(desk)[-1] == set()
        desk.say(second + 5, error_rate=BAD)
    withdrawn = [a.transition for a in loud(desk) if a.title.startswith("the rollback is withdrawn")]
    assert len(set(withdrawn)) == len(withdrawn) == 2


def test_a_page_that_is_asked_for_again_after_a_restart_is_reminded_of_as_before() -> None:
    """Its reminders must not have the keys of those before the restart, or the outbox drops them."""
    desk = Desk(CALM, remind_every={"log": 20 * SECOND})
    desk.register(mode=Mode.APPROVE)
    for start in (0, 60):
        desk.say_through(start, start + 55, error_rate=BAD)
        desk.take(Reminded())
        memory = json.loads(json.dumps(desk.records[-1].memory, default=str))
        desk.begin().start([desk.stored_row(mode=Mode.APPROVE)], memory)
    keys = [row.key for r in desk.records for row in r.alerts if "/reminder/" in row.key]
    assert len(set(keys)) == len(keys) == 2
