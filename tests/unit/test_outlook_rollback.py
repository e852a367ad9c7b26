"""What is said of a rollback: who or what it waits for, how it ended, whether it helped."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.backend import view_of
from monitor.daemon.happenings import Progressed
from monitor.ports import Outcome, OutcomeKind, Progress, ProgressKind
from tests.hands import Desk, row
from tests.unit.test_outlook import BAD, NOON, begun, said


def rolling() -> Desk:
    """A rollback whose intent is committed, 35 s after the beginning."""
    desk = begun()
    desk.say_through(5, 35, error_rate=BAD)
    desk.progress(ProgressKind.INTENT)
    return desk


REPORT = {"pid": 24734, "application": "nightly report", "state": "idle in transaction", "age": 39.2}
WAITS = "The rollback waits for nightly report (pid 24734, idle in transaction for 39 s)"


def tried(desk: Desk, kind: ProgressKind, said_no: str = "canceling statement", **detail: Any) -> str:
    """What is said after this news of the executor."""
    desk.take(Progressed("w-1", Progress(kind, said_no, detail)))
    return said(desk)[0]


def test_a_blocked_rollback_names_who_is_in_its_way() -> None:
    """With every try anew; beyond the budget it goes on slowly; a try that gets through has no blocker."""
    desk, others = rolling(), [{"pid": 1}, {"pid": 0, "age": 7.0}]
    line = "pid 24734 (nightly report, idle in transaction, for 39 s)"
    known: dict[str, Any] = {"blockers": [REPORT], "text": [line]}
    assert tried(desk, ProgressKind.BLOCKED, tries=8, **known) == f"{WAITS}: try 8, retrying shortly."
    assert desk.view()["attempt"]["told"] == [line]
    assert desk.view()["attempt"]["kind"] == "blocked"
    more: dict[str, Any] = {"blockers": [REPORT, *others], "text": []}
    assert tried(desk, ProgressKind.BLOCKED, tries=9, **more).startswith(f"{WAITS} and 2 more: try 9")
    spent = tried(desk, ProgressKind.BUDGET_SPENT, **known)
    assert spent == f"{WAITS}: try 9, retrying at longer intervals while it is needed."
    assert tried(desk, ProgressKind.CLEARED) == spent
    assert tried(desk, ProgressKind.HOOK_PULLED) == "The rollback is being executed now."
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    assert desk.last_update().view["attempt"] is None


def test_what_waits_behind_our_own_statements_is_told_as_ours_while_they_wait() -> None:
    """From the intent to the end, of what is not normal; the error rate is never ours."""
    desk = rolling()
    assert desk.view()["ours"] is None
    desk.say(40, error_rate=BAD, connections=500.0)
    view = desk.view()
    assert view["ours"]["metrics"] == ["connections"]
    assert view["ours"]["said"].startswith(
        "connections is partly caused by the rollback: the rollback is waiting for its locks"
    )
    assert {name: m["in_part_ours"] for name, m in view["metrics"].items()} == {
        "error_rate": False,
        "connections": True,
    }
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    ended = desk.last_update().view
    assert ended["ours"] is None
    assert not any(m["in_part_ours"] for m in ended["metrics"].values())


@pytest.mark.parametrize(
    ("blocker", "name"),
    [
        ({"pid": 0, "age": 7.0}, "a prepared transaction (open for 7 s)"),
        ({"pid": 5, "application": "", "state": "", "age": None}, "an unnamed session (pid 5)"),
        (
            {"pid": 5, "application": "x" * 90, "state": "active", "age": 1.0},
            f"{'x' * 60}… (pid 5, active for",
        ),
    ],
)
def test_whoever_is_in_the_way_has_a_name(blocker: dict[str, Any], name: str) -> None:
    """A prepared transaction has no pid, a role without rights sees no state, a name may be long."""
    assert tried(rolling(), ProgressKind.BLOCKED, tries=1, blockers=[blocker]).startswith(
        f"The rollback waits for {name}"
    )


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (ProgressKind.BLOCKED, "The rollback did not get its locks: try 2, retrying shortly."),
        (ProgressKind.RETRY, "The rollback could not go on: it said no (try 2, retrying shortly)."),
        (ProgressKind.HOOK_BLOCKS, "The rollback is waiting for its hook: it said no."),
        (ProgressKind.RESUMED, "Part of the rollback took effect before a restart"),
    ],
)
def test_what_keeps_a_rollback_from_its_end_is_said(kind: ProgressKind, sentence: str) -> None:
    """Not only locks do."""
    assert tried(rolling(), kind, "it said no", tries=2).startswith(sentence)


IN_PLACE = "The rollback FAILED; the migration is in place, but for what the reason says took effect. Check"


@pytest.mark.parametrize(
    ("outcome", "detail", "sentence"),
    [
        (OutcomeKind.FAILED, {"took_effect": 0},
         "The rollback FAILED and changed nothing; the migration is still in place. "
         "Roll back by hand, or register a corrected rollback."),
        (OutcomeKind.FAILED, {"took_effect": 1}, IN_PLACE),
        (OutcomeKind.REFUSED, {}, "The rollback was REFUSED; the migration is still in place. Fix what"),
        (OutcomeKind.UNVERIFIED, {}, "Rolled back, but the schema is not as expected. Check the"),
    ],
)  # fmt: skip
def test_an_unhappy_end_says_what_is_so_and_what_is_left_to_a_person(
    outcome: OutcomeKind, detail: dict[str, Any], sentence: str
) -> None:
    """Also when the stored watch is read later; and people are told the same."""
    desk = rolling()
    desk.finish(Outcome(outcome, "because", detail))
    assert desk.last_update().view["next"]["text"].startswith(sentence)
    update = desk.last_update()
    shown: Any = view_of(row(verdict=update.verdict, view=update.view))
    assert shown["next"]["text"].startswith(sentence)
    (alert,) = [a for a in desk.alerts() if a.transition.startswith("verdict/")]
    assert sentence.split(".", maxsplit=1)[0].lower() in alert.title.lower()
    assert alert.next.startswith(sentence.partition(". ")[2][:4].lower())


@pytest.mark.parametrize(
    ("error_rate", "said_of_it"),
    [
        (0.0, "Rolled back. The rollback helped: all metrics are within their limits again."),
        (BAD, "Rolled back. The rollback did NOT help: the breach continues. No further automatic action"),
        (None, "Rolled back. Can't tell whether the rollback helped: not every metric is being measured."),
    ],
)
def test_after_a_rollback_it_is_said_when_and_then_whether_it_helped(
    error_rate: float | None, said_of_it: str
) -> None:
    """Also when a restart comes in between: the ended watch is written once more."""
    desk = rolling()
    desk.finish(Outcome(OutcomeKind.ROLLED_BACK, "back"))
    update = desk.last_update()
    awaited = {
        "text": "Rolled back. Verifying whether it helped; result at 08:01:35 UTC.",
        "at": NOON + 95,
    }
    assert update.view["next"] == awaited
    assert update.view["aftermath"] == {"until": NOON + 95, "said_at": None, "helped": None, "newer": ""}
    desk.say(40)
    desk.begin().start([], desk.records[-1].memory or {})
    desk.say_through(45, 95, error_rate=error_rate)
    judged = desk.last_update()
    assert (judged.verdict, judged.verdict_at) == (update.verdict, update.verdict_at)
    assert judged.view["aftermath"]["said_at"] == NOON + 95
    shown: Any = view_of(row(verdict="rolled_back", view=judged.view))
    assert shown["next"]["text"].startswith(said_of_it)
    assert shown["next"]["at"] is None


def test_without_a_time_to_verify_nobody_says_whether_it_helped() -> None:
    """Of a rollback done by hand nothing is awaited either."""
    desk = rolling()
    desk.finish(Outcome(OutcomeKind.RESOLVED_EXTERNALLY, "it was there"))
    assert desk.last_update().view["next"] == {"text": "Found to be rolled back by hand.", "at": None}
