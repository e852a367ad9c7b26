"""What is kept of a refused registration: who asked, why, and nothing of what the SQL held."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.daemon.happenings import RefusalsRead
from monitor.daemon.refusals import TOLD_FOR
from monitor.errors import OperatorError, PlanRefused, Problem
from monitor.ports import Refusal, Refused, Via
from monitor.refused import (
    NAME_MAX,
    REASON_MAX,
    REASONS_MAX,
    refusal_of,
    refused_views,
    via_of,
    without_values,
)
from tests.hands import START, Desk

HOUR = 3600 * SECOND


def refused(
    number: int, via: Via = Via.PIPELINE, *, why: str = "no", later: int = 0, watched: bool = False
) -> Refused:
    refusal = Refusal("add_email", (why,), "ci@runner", via)
    return Refused(number, START + later, refusal, watched)


@pytest.mark.parametrize(
    ("environment", "terminal", "via"),
    [
        ({}, True, Via.TERMINAL),
        ({}, False, Via.PIPELINE),
        ({"CI": "true"}, True, Via.PIPELINE),
        ({"CI": "1"}, False, Via.PIPELINE),
        ({"CI": "false"}, True, Via.TERMINAL),
        ({"CI": ""}, True, Via.TERMINAL),
        ({"JENKINS_URL": "http://ci.example/"}, True, Via.PIPELINE),
    ],
)
def test_a_pipeline_says_so_or_has_no_terminal(environment: dict[str, str], terminal: bool, via: Via) -> None:
    """`CI=false` is how a person says that it is none."""
    assert via_of(environment, terminal=terminal) is via


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("syntax error at or near \"'hunter2'\"", 'syntax error at or near "…"'),
        ('unterminated quoted string at or near "\'hunter2"', 'unterminated quoted string at or near "…"'),
        ("near 'it''s hunter2' there", "near '…' there"),
        ("near E'hunter2' and x'ff00' there", "near E'…' and x'…' there"),
        ("a value 'O''Brien' that doesn't end", "a value '…' that doesn't end"),
        ("a body $fn$ SELECT 'hunter2' $fn$ ends", "a body $…$ ends"),
        ("an open $$ body with hunter2", "an open $…$"),
        ("the key 4111111111111111 is there", "the key … is there"),
        ("it can't run: the table doesn't hold 30 rows", "it can't run: the table doesn't hold 30 rows"),
        (
            'column "email_address" of `shop.contacts` is not there',
            'column "email_address" of `shop.contacts` is not there',
        ),
    ],
)
def test_values_of_the_sql_are_not_kept(text: str, kept: str) -> None:
    """Names are: without them a reason says nothing."""
    assert without_values(text) == kept


def test_a_refusal_is_bounded_and_one_line_each() -> None:
    """Whatever was given for a name, and however many problems there are."""
    problems = [Problem("", f"number {n} is {'wrong ' * 200}\n", n) for n in range(9)]
    found = refusal_of("x\n" * 500, PlanRefused(problems), "ci", Via.API)
    assert len(found.migration) <= NAME_MAX
    assert len(found.reasons) == REASONS_MAX + 1
    assert found.reasons[-1] == "and 4 more"
    assert all(len(reason) <= REASON_MAX and "\n" not in reason for reason in found.reasons)
    assert refusal_of("m", OperatorError("no such file"), "ci", Via.API).reasons == ("no such file",)


def test_the_same_refusal_again_is_one_entry_with_the_latest_time() -> None:
    """A pipeline that tries three times says one thing."""
    rows = [refused(n, later=n * SECOND) for n in (1, 2, 3)]
    other = refused(4, why="another reason", later=4 * SECOND)
    first, second = refused_views({"shop": [other, *rows]})
    assert (first["reasons"], first["times"]) == (["another reason"], 1)
    assert (second["times"], second["at"]) == (3, (START + 3 * SECOND) / SECOND)


def told(desk: Desk) -> list[tuple[str, bool]]:
    return [(a.title, a.resolves) for a in desk.alerts() if "registration" in a.condition]


def test_a_refusal_of_a_program_is_told_once_and_that_of_a_person_is_not() -> None:
    """The person has read it."""
    desk = Desk()
    desk.take(RefusalsRead([refused(1, Via.TERMINAL)]))
    assert told(desk) == []
    desk.take(RefusalsRead([refused(1, Via.TERMINAL), refused(2), refused(3, Via.API)]))
    desk.take(RefusalsRead([refused(2), refused(3, Via.API)]))
    assert told(desk) == [("registration REFUSED, it is not monitored", False)]
    (alert,) = [a for a in desk.alerts() if "registration" in a.condition]
    assert (alert.migration, alert.target, alert.watch_id, alert.page) == ("add_email", "shop", None, False)
    assert dict(alert.facts) == {"reason": "no", "asked by": "ci@runner (pipeline)"}


def test_another_reason_is_told_and_a_registration_after_all_resolves_it() -> None:
    """Also by a daemon that has been started since."""
    desk = Desk()
    desk.register(migration="other")
    desk.take(RefusalsRead([refused(1)]))
    desk.take(RefusalsRead([refused(1), refused(2, why="it lacks a right")]))
    desk.begin().start([desk.stored_row()], desk.records[-1].memory or {})
    desk.take(RefusalsRead([refused(1), refused(2, why="it lacks a right")]))
    assert [resolves for _, resolves in told(desk)] == [False, False]
    desk.take(RefusalsRead([refused(1, watched=True), refused(2, why="it lacks a right", watched=True)]))
    desk.take(RefusalsRead([refused(1, watched=True), refused(2, why="it lacks a right", watched=True)]))
    assert [resolves for _, resolves in told(desk)] == [False, False, True]


def test_the_same_refusal_is_news_again_after_a_day() -> None:
    """A deploy that is refused each night is told each night, not at each try of it."""
    desk = Desk()
    rows = [refused(1), refused(2, later=TOLD_FOR), refused(3, later=TOLD_FOR + 1)]
    for number, row in enumerate(rows, 1):
        desk.clock.moment = row.at
        desk.take(RefusalsRead(rows[:number]))
    assert [resolves for _, resolves in told(desk)] == [False, False]


@pytest.mark.parametrize(("age", "messages"), [(TOLD_FOR, 1), (TOLD_FOR + 1, 0)])
def test_what_is_older_than_a_day_is_told_by_status_alone(age: int, messages: int) -> None:
    """A daemon that was away for a week does not tell of last week."""
    desk = Desk()
    desk.clock.moment = START + age
    desk.take(RefusalsRead([refused(1)]))
    assert len(told(desk)) == messages
