"""Days without a rollback, or before it is decided: what is seen, what people ask, how a watch ends."""

from __future__ import annotations

from dataclasses import replace

from monitor.core.samples import HOUR, SECOND, Reading
from monitor.core.thresholds import Mode
from monitor.daemon.happenings import (
    ChangesRead,
    ControlsRead,
    Loaded,
    RefusalsRead,
    Reminded,
    row_of,
)
from monitor.ports import (
    Controls,
    Gauge,
    Lack,
    OutcomeKind,
    Readiness,
    Reason,
    Refusal,
    Refused,
    SampleRow,
    Via,
)
from tests.golden.days import BAD, PLAN, POLICY, READY, Day, row
from tests.hands import START

CHANGES = {
    "statements": {
        "slower": [
            {
                "statement": "SELECT * FROM contacts WHERE email_address = $1",
                "mean_before_ms": 1.25,
                "mean_ms": 84.0,
            }
        ],
        "gone": [{"statement": "UPDATE contacts SET name = $1"}],
    },
    "lock_waits": [{"waiting": 3, "relation": "public.contacts"}],
    "invalid_indexes": [{"new": True, "name": "contacts_email", "relation": "public.contacts"}],
}

REHEARSED = {
    "at": START / SECOND - 3600,
    "outcome": "reversed",
    "said": "down and up again brought the schema back",
}


def normal(day: Day) -> None:
    """Nothing is wrong until the end."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    day.step("the first values", day.say, 0)
    day.step("an hour of calm", day.through, 5, 60)
    day.step("the end", day.through, 65, 100)


def observe(day: Day) -> None:
    """It would have been rolled back."""
    day.step("registered", day.register, mode=Mode.OBSERVE)
    day.step("ready", day.ready)
    day.step("pending", day.through, 0, 10, error_rate=BAD)
    day.step("breach", day.through, 15, 30, error_rate=BAD)
    day.step("over", day.say, 35)
    day.step("the end", day.through, 40, 105)


def no_rollback(day: Day) -> None:
    """There is none: a person must act."""
    plan = replace(PLAN, sql="", plan={"statements": [], "no_rollback": True})
    day.step("registered", day.register, mode=Mode.OBSERVE, plan=plan)
    day.step("pending", day.through, 0, 10, error_rate=BAD)
    day.step("breach", day.through, 15, 30, error_rate=BAD)
    day.step("over", day.say, 35)
    day.step("the end", day.through, 40, 105)


def superseded(day: Day) -> None:
    """A newer watch is responsible, and gives it back."""
    day.step("registered", day.register)
    day.step("not ready", day.ready, Readiness(False, (Reason("no rights", Lack.RIGHTS),)))
    day.step("a newer one", day.register, "w-2", 2, migration="0043_next")
    day.step("superseded", day.take, ControlsRead({"w-1": Controls(superseded=True), "w-2": Controls()}))
    day.step("breach", day.through, 0, 30, error_rate=BAD)
    day.step("not measured", day.through, 35, 60, response_time=None)
    cancelled = Controls(cancelled_at=START + 61 * SECOND, by="ana", reason="wrong file")
    day.step("the newer one is cancelled", day.take, ControlsRead({"w-1": Controls(), "w-2": cancelled}))
    day.step("calm", day.through, 65, 80)


def blind(day: Day) -> None:
    """Not measured for too long, and again; instances go and come."""
    day.step("registered", day.register)
    day.step("normal", day.through, 0, 5)
    day.step("not measured", day.through, 10, 30, error_rate=None, connections=None)
    day.step("measured again", day.say, 35)
    for answering in (2, 3):
        labels = (("metric", "error_rate"),)
        day.probe.shown = (
            Gauge("probe_instances", 3.0, labels),
            Gauge("probe_instances_answering", float(answering), labels),
        )
        day.step(f"{answering} of 3 instances answer", day.say, 35 + 5 * (answering - 1))


def not_ready(day: Day) -> None:
    """Each reason why it could not be rolled back, and its end."""
    day.step("registered", day.register)
    for n, lack in enumerate(lack for lack in Lack if lack is not Lack.BY_HAND):
        day.at(60 * n)
        day.step(lack.value, day.ready, Readiness(False, (Reason(f"a sentence of {lack.value}", lack),)))
    day.step(
        "two reasons",
        day.ready,
        Readiness(False, ("a plain one", Reason("no rights", Lack.RIGHTS)), READY.notes),
    )
    day.step("ready again", day.ready)


def by_hand(day: Day) -> None:
    """Found rolled back by a person."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    day.step("breach", day.through, 0, 10, error_rate=BAD)
    by_hand = Reason("the schema is what the rollback would leave: it was rolled back by hand", Lack.BY_HAND)
    day.step("found", day.ready, Readiness(False, (by_hand,)))


def controls(day: Day) -> None:
    """A person pauses, resumes, asks for the rollback, and cancels."""
    day.step("registered", day.register)
    day.step("breach", day.through, 0, 20, error_rate=BAD)
    paused = Controls(paused_at=START + 21 * SECOND, by="ana", reason="load test")
    day.step("paused", day.take, ControlsRead({"w-1": paused}))
    day.step("in the pause", day.through, 25, 60, error_rate=BAD)
    day.step(
        "resumed",
        day.take,
        ControlsRead({"w-1": replace(paused, resumed_at=START + 61 * SECOND, by="", reason="")}),
    )
    day.step("approved, and nothing waits", day.controlled, approved_at=START + 62 * SECOND, by="bo")
    day.step("rollback asked for", day.controlled, rollback_at=START + 63 * SECOND, by="bo", reason="wrong")
    day.step("overruled", day.finish, OutcomeKind.OVERRULED, "a person paused the watch")
    day.step("cancelled", day.controlled, cancelled_at=START + 64 * SECOND, by="bo", reason="not needed")


def registrations(day: Day) -> None:
    """Registrations that were refused, and one that came after all."""
    day.step("nothing is watched", day.say, 0)
    reasons = (
        "line 1: DO can do anything",
        "--accept-loss public.contacts names nothing that the plan destroys",
    )
    rows: list[Refused] = []
    for id, via in enumerate(Via, 1):
        refusal = Refusal(f"00{id}_x", reasons, "ci", via)
        rows.append(Refused(id, START + id * SECOND, refusal, False, via is Via.API))
        day.step(f"refused via {via.value}", day.take, RefusalsRead(list(rows)))
    day.step("refused again", day.take, RefusalsRead([*rows, replace(rows[1], id=9)]))
    day.step("watched after all", day.take, RefusalsRead([replace(row, watched_since=True) for row in rows]))


def stranger(day: Day) -> None:
    """Somebody has the daemon's lock."""
    day.step("registered", day.register)
    day.store.stranger = "role app (pid 99, application psql) has the daemon's advisory lock"
    day.step("a stranger", day.say, 0)
    day.store.stranger = ""
    day.step("gone", day.through, 5, 40)


def _counted(errors: float, requests: float, first: int, last: int, step: int = 60) -> list[SampleRow]:
    moments = range(first, last + 1, step)
    read = Reading("error_rate", errors / requests, errors=errors, requests=requests)
    return [row_of(START + s * SECOND, read) for s in moments]


def baseline(day: Day) -> None:
    """A service that always fails a little: its limit is another."""
    day.step("registered", day.take, Loaded([row("w-1", 1, Mode.AUTO, POLICY)], _counted(2, 100, -7200, -60)))
    day.step("as before", day.counts, 0, 40, 2, 100)
    day.step("worse", day.counts, 40, 120, 60, 100)


def already(day: Day) -> None:
    """It was bad before the migration."""
    day.step("bad before", day.through, -60, 0, error_rate=BAD)
    day.at(2)
    day.step("registered", day.register, started_at=START + SECOND)
    day.step("ready", day.ready)
    day.step("still bad", day.through, 5, 40, error_rate=BAD)
    day.step("over", day.through, 45, 90)


def late(day: Day) -> None:
    """Registered long after the migration, which broke it at once."""
    day.step("before", day.through, -60, 0)
    day.step("the migration breaks it", day.through, 5, 60, error_rate=BAD, connections=70.0)
    day.step("registered", day.register, started_at=START + 4 * SECOND)
    day.step("the next read", day.say, 65, error_rate=BAD, connections=70.0)


def counted(day: Day) -> None:
    """Evidence gathers from counts; then too little traffic to decide; then nobody asks."""
    day.step("registered", day.register, ends_at=START + HOUR)
    day.step("ready", day.ready)
    day.step("normal", day.counts, 0, 60, 0, 200)
    day.step("some fail", day.counts, 60, 75, 3, 20)
    day.step("fewer ask", day.counts, 75, 130, 1, 1)
    day.step("nobody asks", day.counts, 130, 160, 0, 0)
    day.step("all is well again", day.counts, 160, 260, 0, 400)


def outage(day: Day) -> None:
    """Counts that decide."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    day.step("normal", day.counts, 0, 30, 0, 200)
    day.step("half of all fail", day.counts, 30, 80, 100, 200)


def _now_and_then(day: Day) -> None:
    for second in range(40, 120, 5):
        day.count(second, second % 10 == 0, 1)


def scant(day: Day) -> None:
    """A handful of errors on a quiet service."""
    day.step("registered", day.register)
    day.step("calm", day.counts, 0, 40, 0, 1)
    day.step("one fails now and then", _now_and_then, day)
    day.step("calm again", day.counts, 120, 300, 0, 2)


def slow(day: Day) -> None:
    """Answers become slow; what became slower in the database is told."""
    day.step("registered", day.register)
    day.step("what changed", day.take, ChangesRead("w-1", CHANGES))
    day.step("slow", day.through, 0, 15, response_time=300.0)
    day.step("slower", day.through, 20, 50, response_time=900.0, connections=80.0, query_latency=250.0)
    day.step("normal", day.through, 55, 70)


def several(day: Day) -> None:
    """Everything goes wrong at once, and the watch ends with it."""
    day.step("registered", day.register)
    day.step("not ready", day.ready, Readiness(False, (Reason("no rights", Lack.RIGHTS),)))
    day.step("all bad", day.through, 0, 20, error_rate=BAD, response_time=900.0, connections=80.0)
    day.step("cancelled", day.controlled, cancelled_at=START + 21 * SECOND)


def inconclusive(day: Day) -> None:
    """Not everything was seen to be normal until it is given up."""
    day.step("registered", day.register)
    day.step("never normal", day.through, 0, 100, connections=70.0)
    day.step("given up", day.through, 105, 300, connections=70.0)


def reminders(day: Day) -> None:
    """What is open is repeated."""
    day.step("registered", day.register)
    day.step("not ready", day.ready, Readiness(False, (Reason("no rights", Lack.RIGHTS),)))
    day.step("a breach to approve", day.through, 0, 30, error_rate=BAD)
    for seconds in (40, 100, 4000):
        day.at(seconds)
        day.step(f"after {seconds} s", day.take, Reminded())


def rehearsed(day: Day) -> None:
    """An order's facts say whether it was rehearsed, and links where to look."""
    day.step("registered", day.register, controls=Controls(rehearsal=REHEARSED))
    day.step("ready", day.ready)
    day.step("breach", day.through, 0, 30, error_rate=BAD)


def warm(day: Day) -> None:
    """What is measured first takes no part."""
    day.policy = replace(POLICY, warm_up=20 * SECOND)
    day.rounds = day.begin()
    day.step("registered", day.register)
    day.step("bad while it warms up", day.through, 0, 15, error_rate=BAD)
    day.step("normal", day.through, 20, 30)


def step_by_step(day: Day) -> None:
    """What is said at each read of what comes and goes."""
    day.step("registered", day.register)
    day.step("ready", day.ready)
    reads: dict[str, dict[str, float | None]] = {
        "normal": {},
        "too many sessions": {"connections": 80.0},
        "more slow": {"connections": 80.0, "response_time": 900.0},
        "errors too": {"connections": 80.0, "response_time": 900.0, "error_rate": BAD},
        "errors are not measured": {"error_rate": None},
        "still not": {"error_rate": None, "response_time": None},
        "and not": {"error_rate": None, "response_time": None},
        "and for too long": {"error_rate": None, "response_time": None},
        "measured": {},
        "errors": {"error_rate": BAD},
    }
    for n, (name, values) in enumerate(reads.items()):
        day.step(name, day.say, 5 * n, **values)
    day.step("not ready", day.ready, Readiness(False, (Reason("no rights", Lack.RIGHTS),)))
    for n in range(10, 15):
        day.step(f"errors {n}", day.say, 5 * n, error_rate=BAD)


def asks(day: Day) -> None:
    """The same, where a person is asked, with counts that are slow to decide."""
    day.step("registered", day.register, mode=Mode.APPROVE)
    day.step("ready", day.ready)
    for n, (errors, requests) in enumerate(
        [(0, 100), (2, 100), (2, 90), (3, 100), (0, 0), (2, 100), (3, 90), (3, 90)]
    ):
        day.step(f"{errors} of {requests}", day.count, 5 * n, errors, requests)
    for n in range(8, 20):
        day.step(f"2 of 80 at {5 * n} s", day.count, 5 * n, 2, 80)


def too_late(day: Day) -> None:
    """So much was not normal that it can't succeed any more."""
    day.policy = replace(POLICY, give_up_after=120 * SECOND)
    day.rounds = day.begin()
    day.step("registered", day.register)
    day.step("not normal", day.through, 0, 60, connections=90.0)
    day.step("normal", day.through, 65, 80)
    day.step("given up", day.through, 85, 130)


def out_of_breath(day: Day) -> None:
    """The watch ends with a breach that was told and lasts."""
    day.step("registered", day.register)
    day.step("a breach", day.through, 0, 20, error_rate=BAD)
    day.step("not measured for a gap", day.say, 40, error_rate=BAD)
    day.step("cancelled", day.controlled, cancelled_at=START + 41 * SECOND)
