"""Days with a rollback: on its way, its outcome, and whether it helped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import (
    HooksRan,
)
from monitor.ports import (
    Lack,
    OutcomeKind,
    ProgressKind,
    Readiness,
    Reason,
)
from monitor.ports.hooks import Call, HookResult, Moment
from tests.golden.days import BAD, READY, Day
from tests.hands import START

BLOCKER = {"pid": 4711, "application": "nightly report", "state": "idle in transaction", "age": 61.0}


def breach(day: Day) -> None:
    """Breached for the hold, rolled back, and it helped."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    day.step("the first bad value", day.say, 0, error_rate=BAD)
    day.step("a fifth of the hold", day.through, 5, 10, error_rate=BAD)
    day.step("the hold", day.through, 15, 30, error_rate=BAD)
    day.step("the intent", day.progress, ProgressKind.INTENT)
    day.step(
        "rolled back",
        day.finish,
        OutcomeKind.ROLLED_BACK,
        "the plan took effect and its post-condition holds",
        tries=2,
        seconds=1.4,
        locked_seconds=0.036,
        against="plan",
        verified="plan",
        took_effect=2,
        differences=[],
        salvaged=[
            {
                "source": "public.contacts.email_address",
                "rows": 8540,
                "into": "migration_monitor_salvage.w_1_1",
            }
        ],
    )
    day.step("calm again", day.through, 35, 95)


def _rolling(day: Day) -> None:
    day.register()
    day.ready()
    _decided(day)


def _decided(day: Day) -> None:
    day.through(0, 30, error_rate=BAD)
    day.progress(ProgressKind.INTENT)


def not_helped(day: Day) -> None:
    """Rolled back, and the breach goes on."""
    day.step("rolling back", _rolling, day)
    day.step("rolled back", day.finish, OutcomeKind.ROLLED_BACK, "done", took_effect=2)
    day.step("still bad", day.through, 35, 95, error_rate=BAD)


def unknown_help(day: Day) -> None:
    """Rolled back, and nothing is measured any more."""
    day.step("rolling back", _rolling, day)
    day.step("rolled back", day.finish, OutcomeKind.ROLLED_BACK, "done", took_effect=2)
    day.step("not measured", day.through, 35, 95, error_rate=None)


def overtaken_help(day: Day) -> None:
    """Rolled back, and the next migration begins before it can be said whether that helped."""
    day.step("rolling back", _rolling, day)
    day.step("rolled back", day.finish, OutcomeKind.ROLLED_BACK, "done", took_effect=2)
    day.step("a little later", day.through, 35, 40)
    day.step(
        "another migration", day.register, "w-2", 2, migration="0043_next", started_at=START + 41 * SECOND
    )
    day.step("later", day.through, 45, 95)


def way(day: Day) -> None:
    """Everything that can be told of a rollback under way."""
    day.step("rolling back", _rolling, day)
    text = [
        "nightly report (pid 4711) is idle in transaction for 61 s",
        *(f"worker {n} waits" for n in range(6)),
    ]
    blocked: dict[str, Any] = {"blockers": [BLOCKER], "text": text}
    day.step("blocked", day.progress, ProgressKind.BLOCKED, "did not get its locks", tries=1, **blocked)
    for kind in ProgressKind:
        if kind in {ProgressKind.INTENT, ProgressKind.BLOCKED}:
            continue
        detail: dict[str, Any] = {
            ProgressKind.PROMOTED: {"now": 2, "before": 1},
            ProgressKind.RETRY: {"tries": 2},
        }.get(kind, {})
        if kind in {ProgressKind.BUDGET_SPENT, ProgressKind.CLEARED}:
            detail = {"tries": 9, **blocked}
        if kind in {ProgressKind.HOOK_PULLED, ProgressKind.HOOK_FAILED, ProgressKind.HOOK_BLOCKS}:
            detail = {
                "hooks": [{"name": "before_rollback[0].webhook", "ok": kind is ProgressKind.HOOK_PULLED}]
            }
        day.step(kind.value, day.progress, kind, **detail)
        day.step(
            f"blocked again after {kind.value}",
            day.progress,
            ProgressKind.BLOCKED,
            "did not get its locks",
            blockers=[{}, BLOCKER],
            tries=3,
        )
    day.step(
        "hooks after it",
        day.take,
        HooksRan(
            Call(
                Moment.AFTER,
                "w-1",
                "shop",
                "0042_add_email",
                "error_rate.rollback",
                "error_rate.rollback/1",
                "rolled_back",
            ),
            (
                HookResult("after_rollback[0].webhook", 0.5),
                HookResult("after_rollback[1].command", 1.5, "exit status 3"),
            ),
        ),
    )


def waits(day: Day) -> None:
    """A rollback waits for sessions that are called otherwise, or nothing."""
    day.step("rolling back", _rolling, day)
    for name, blockers in {
        "a prepared transaction": [{"pid": None, "age": 7.0}],
        "one without a name": [{"pid": 12, "state": "active"}],
        "one with a long name": [{"pid": 12, "application": "x" * 80, "state": "active", "age": 3.0}],
        "nobody that is known": [],
    }.items():
        day.step(name, day.progress, ProgressKind.BLOCKED, "did not get its locks", blockers=blockers)


def outcomes(day: Day, kind: OutcomeKind, **detail: object) -> None:
    day.step("rolling back", _rolling, day)
    day.step("in doubt", day.progress, ProgressKind.IN_DOUBT, "the answer to COMMIT was lost")
    day.step("settled", day.progress, ProgressKind.SETTLED, "the ledger says what is so")
    day.step("outcome", day.finish, kind, "public.contacts: column email_address still exists", **detail)
    day.step("later", day.through, 35, 100, error_rate=BAD if kind is not OutcomeKind.WITHDRAWN else 0.0)


def withdrawn(day: Day) -> None:
    """The breach ends before anything took effect."""
    day.step("rolling back", _rolling, day)
    day.step("the budget is over", day.progress, ProgressKind.BUDGET_SPENT, "no locks for 120 s", tries=7)
    day.step("calm", day.say, 35)
    day.step("withdrawn", day.finish, OutcomeKind.WITHDRAWN, "the breach ended")
    day.step("a second breach", day.through, 40, 75, error_rate=BAD)


def approve(day: Day) -> None:
    """A person is asked, and approves."""
    day.step("registered", day.register, mode=Mode.APPROVE)
    day.step("ready", day.ready)
    day.step("breach", day.through, 0, 30, error_rate=BAD)
    day.step("approved", day.controlled, approved_at=START + 31 * SECOND, by="ana")
    day.step("the intent", day.progress, ProgressKind.INTENT)
    day.step("rolled back", day.finish, OutcomeKind.ROLLED_BACK, "done", took_effect=2)


def not_approved(day: Day) -> None:
    """A person is asked, and the breach ends first."""
    day.step("registered", day.register, mode=Mode.APPROVE)
    day.step("not ready", day.ready, Readiness(False, (Reason("no rights", Lack.RIGHTS),)))
    day.step("pending", day.through, 0, 10, error_rate=BAD)
    day.step("breach", day.through, 15, 30, error_rate=BAD)
    day.step("over", day.say, 35)


def failover(day: Day) -> None:
    """Another primary answers, and has lost what was decided."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    day.step("promoted", day.ready, replace(READY, timeline=2))
    day.step("rolling back", _decided, day)
    lost = "a failover lost part of the ledger of this rollback"
    day.step("the ledger is lost", day.finish, OutcomeKind.LEDGER_LOST, lost, timeline=3)
    day.step("still bad", day.through, 35, 70, error_rate=BAD)


def lost_intent(day: Day) -> None:
    """After a restart the intent is on no primary any more."""
    day.step("rolling back", _rolling, day)
    day.step("restarted", day.restart)
    day.step("another timeline", day.ready, replace(READY, timeline=2))


def restarted(day: Day) -> None:
    """What was decided and not begun is given up until there is fresh evidence."""
    day.step("registered", day.register)
    day.step("breach", day.through, 0, 30, error_rate=BAD)
    day.step("restarted", day.restart)
    day.step("still bad", day.say, 35, error_rate=BAD)
    day.step("restarted under an intent", day.restart, intent_at=START + 36 * SECOND)
    day.step("resumed", day.progress, ProgressKind.RESUMED, "step 1 took effect before the restart")
    day.step("nothing had taken effect", day.finish, None)


def ours(day: Day) -> None:
    """Sessions that wait behind our own statements make more connections and slower answers."""
    day.step("rolling back", _rolling, day)
    day.step(
        "they wait behind it",
        day.through,
        35,
        60,
        error_rate=BAD,
        connections=90.0,
        response_time=900.0,
        query_latency=400.0,
    )
