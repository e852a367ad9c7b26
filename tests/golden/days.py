"""One target's days under virtual time, written down as they go: what happens, and what is said of it.

A day is a function that takes a `Day` and lets things happen; each `step` writes what came of it: phase and
next step, events, log lines, alerts as people read them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from structlog.testing import capture_logs

from monitor.channels.message import message_of
from monitor.core.samples import SECOND, Micros, Reading
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.daemon.happenings import (
    ControlsRead,
    Finished,
    Happening,
    Loaded,
    Progressed,
    ReadinessRead,
    Readings,
    Tick,
)
from monitor.daemon.parts import Outgoing, TargetParts
from monitor.daemon.rounds import Hands, Rounds
from monitor.ports import (
    Alert,
    AtRisk,
    Controls,
    Fate,
    Json,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Record,
    StoredPlan,
    WatchRow,
)
from monitor.ports.hooks import NoHooks
from monitor.units import Kind
from tests.fakes import MemoryStore
from tests.golden.text import filled, plain
from tests.hands import START, Counting, HandClock, IdleExecutor, IdleProbe, rows_of

KINDS = {
    "error_rate": Kind.RATIO,
    "response_time": Kind.TIME,
    "connections": Kind.COUNT,
    "query_latency": Kind.TIME,
}

POLICY = Policy(
    thresholds=(
        Threshold("error_rate", 0.001, warn_for=10 * SECOND, rollback_above=0.01, rollback_for=30 * SECOND),
        Threshold(
            "response_time", 200.0, warn_for=10 * SECOND, investigate_above=500.0, investigate_for=20 * SECOND
        ),
        Threshold("connections", 60.0, warn_for=10 * SECOND),
        Threshold("query_latency", 100.0, warn_for=10 * SECOND),
    ),
    interval=5 * SECOND,
    max_gap=12 * SECOND,
    blind_after=20 * SECOND,
    success_after=100 * SECOND,
    give_up_after=300 * SECOND,
)

CALM = {"error_rate": 0.0, "response_time": 120.0, "connections": 10.0, "query_latency": 4.0}

STATEMENTS = [
    {"step": 1, "text": "ALTER TABLE contacts DROP COLUMN email_address", "line": 1, "sha256": "11" * 32,
     "class": "lossy", "kind": "ALTER TABLE … DROP COLUMN", "transactional": True,
     "actions": [{"kind": "drop_column", "relation": ["contacts"]}], "relations": [["contacts"]]},
    {"step": 2, "text": "DROP INDEX CONCURRENTLY contacts_email", "line": 2, "sha256": "22" * 32,
     "class": "lossless", "kind": "DROP INDEX CONCURRENTLY", "transactional": False,
     "actions": [{"kind": "drop_index_concurrently", "relation": ["contacts_email"]}], "relations": []},
]  # fmt: skip

RISK = AtRisk("contacts.email_address", "values", 8540, "about", Fate.SALVAGED)

PLAN = StoredPlan(
    "ALTER TABLE contacts DROP COLUMN email_address;\nDROP INDEX CONCURRENTLY contacts_email",
    "33" * 32,
    {"statements": STATEMENTS, "data_loss": "salvage", "accept_loss": [], "allow_opaque": False,
     "at_risk": plain([RISK])},
    "public", "7300000000000000001", 1, {}, "44" * 32,
)  # fmt: skip

READY = Readiness(True, (), ("estimated lock time 0.2 s",), timeline=1, at_risk=(RISK,))

BAD = 0.05

_SLOTS = range(12)
CHART = {
    "since": START / SECOND, "until": START / SECOND + 60, "step": 5,
    "metrics": {
        name: {
            "at": [START / SECOND + 5 * n for n in _SLOTS],
            "low": [None if n == 4 else 0.001 * n for n in _SLOTS],
            "high": [None if n == 4 else 0.002 * n for n in _SLOTS],
            "missing": [int(n == 4) for n in _SLOTS], "quiet": [int(n == 7) for n in _SLOTS],
            "reason": ["timeout" if n == 4 else "" for n in _SLOTS],
        }
        for name in ("error_rate", "response_time")
    },
}  # fmt: skip
"""What `status --follow` draws."""


@dataclass
class Day:
    """What happens to one target; `lines` is what was written down."""

    policy: Policy = POLICY
    remind_every: Mapping[str, Micros] = field(default_factory=dict)
    verify_for: Micros = 60 * SECOND
    links: bool = False
    lines: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    views: dict[str, Json] = field(default_factory=dict)  # by the step after which they were so
    clock: HandClock = field(default_factory=HandClock)
    probe: IdleProbe = field(default_factory=IdleProbe)
    store: MemoryStore = field(default_factory=MemoryStore)
    _shown: int = 0
    _were: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rounds = self.begin()

    def begin(self) -> Rounds:
        """Fresh rounds, as after a restart."""
        page = "https://monitor.example" if self.links else ""
        parts = TargetParts(
            "shop", self.policy, SECOND, (self.probe,), self.store, IdleExecutor(),
            Outgoing(rows_of, lambda rows: None, self.remind_every), Counting(), self.clock, KINDS,
            NoHooks(), self.verify_for, page_url=page,
        )  # fmt: skip
        hands = Hands(lambda keeper, order: None, lambda keeper: None, self.records.append, lambda call: None)
        self.rounds = Rounds(parts, hands)
        return self.rounds

    # ---- what happens

    def step(self, what: str, happen: Callable[..., object], *with_: Any, **more: Any) -> None:
        """Lets it happen, and writes down what came of it."""
        with capture_logs() as logged:
            happen(*with_, **more)
        self.lines.append(f"\n## {what}")
        written = self.records[self._shown :]
        self._shown = len(self.records)
        for record in written:
            self._record(record)
        details = [event.detail for record in written for event in record.events]
        self.lines += [logged_line(dict(line), details) for line in logged]
        for id in sorted({*self.rounds.keepers, *self._were}):
            self._where(id, what)

    def take(self, *happenings: Happening) -> None:
        self.rounds.take(happenings)

    def at(self, seconds: float) -> None:
        self.clock.moment = START + round(seconds * SECOND)

    def say(self, seconds: float, **values: float | None) -> None:
        """One reading of each metric; those that are not said are normal, None is not measured."""
        self.at(seconds)
        said = {**CALM, **values}
        readings = [Reading(m, v, "" if v is not None else "timeout") for m, v in said.items()]
        self.take(Readings(readings), Tick())

    def through(self, first: int, last: int, **values: float | None) -> None:
        """Every 5 s, both ends included."""
        for second in range(first, last + 1, 5):
            self.say(second, **values)

    def count(self, seconds: float, errors: float, requests: float) -> None:
        """The same of a source that counts."""
        self.at(seconds)
        value = errors / requests if requests else None
        reason = "" if requests else "insufficient_traffic"
        counted = Reading("error_rate", value, reason, not requests, errors, requests)
        rest = [Reading(m, v) for m, v in CALM.items() if m != "error_rate"]
        self.take(Readings([counted, *rest]), Tick())

    def counts(self, first: int, last: int, errors: float, requests: float) -> None:
        """The same every 5 s, the last moment left out."""
        for second in range(first, last, 5):
            self.count(second, errors, requests)

    def controlled(self, id: str = "w-1", **columns: Any) -> None:
        """What a person has committed of one watch."""
        self.take(ControlsRead({id: Controls(**columns)}))

    def register(self, id: str = "w-1", seq: int = 1, mode: Mode = Mode.AUTO, **changes: Any) -> None:
        self.take(Loaded([row(id, seq, mode, self.policy, **changes)]))

    def ready(self, readiness: Readiness = READY, id: str = "w-1") -> None:
        self.take(ReadinessRead(id, readiness))

    def progress(self, kind: ProgressKind, text: str = "", /, **detail: object) -> None:
        self.take(Progressed("w-1", Progress(kind, text or f"text of {kind.value}", detail)))

    def finish(self, kind: OutcomeKind | None, reason: str = "", /, **detail: object) -> None:
        self.take(Finished("w-1", None if kind is None else Outcome(kind, reason, detail)))

    def restart(self, **changes: Any) -> None:
        """The process ends, and another goes on with what is stored."""
        update = [u for r in self.records for u in r.watches][-1]
        stored = row(update.id, 1, Mode.AUTO, self.policy)
        state = json.loads(json.dumps(update.state))
        memory = json.loads(json.dumps(self.records[-1].memory))
        self.begin().start(
            [replace(stored, phase=update.phase, verdict=update.verdict, state=state, **changes)], memory
        )
        self.rounds.save()

    # ---- what came of it

    def _record(self, record: Record) -> None:
        for event in record.events:
            self.lines.append(f"event {event.kind} {_line(event.detail)}")
        for one in record.alerts:
            self.lines += told(one.alert)

    def _where(self, id: str, what: str) -> None:
        keeper = self.rounds.keepers.get(id) or None
        updates = [u for r in self.records for u in r.watches if u.id == id]
        view: Any = keeper.view() if keeper else updates[-1].view
        now = (view["mode"], view["phase"], view["verdict"], view["superseded"], view["next"]["text"])
        if self._were.get(id) != now:
            self._were[id] = now
            said = " · ".join(str(part) for part in now[:3] if part)
            self.lines.append(f"watch {id}: {said}{' · superseded' if now[3] else ''}: {now[4]}")
        self.views[what] = view

    def alerts(self) -> list[Alert]:
        return [a.alert for r in self.records for a in r.alerts]


SAID_OF_ALL = {"event", "log_level", "watch", "target", "migration", "moment"}


def logged_line(line: dict[str, Any], details: list[Json]) -> str:
    """A log line; what an event of the same step says too is not said twice."""
    known = [d for d in details if d.items() <= line.items()]
    rest = {k: v for k, v in line.items() if k not in SAID_OF_ALL and not any(k in d for d in known)}
    named = "" if "watch" in line else " (of no watch)"
    return f"log {line['log_level']} {line['event']}{named} {_line(rest) if rest else ''}".rstrip()


def row(id: str, seq: int, mode: Mode, policy: Policy, **changes: Any) -> WatchRow:
    found = WatchRow(id, seq, "0042_add_email", "shop", mode, START, START + policy.success_after, PLAN)
    return replace(found, **{"controls": Controls(), **changes})


def told(alert: Alert) -> list[str]:
    """An alert as people read it, and what receivers sort it by."""
    sorted_by = filled(plain({
        "transition": alert.transition, "condition": alert.condition, "stage": alert.stage,
        "page": alert.page, "resolves": alert.resolves, "quiet": alert.quiet, "story": alert.story,
        "incident": alert.incident, "closes": alert.closes,
    }))  # fmt: skip
    return [
        f"alert {_line(sorted_by)}",
        *(f"  | {line}" for line in message_of(alert).text().splitlines() if line not in EVERYWHERE),
    ]


EVERYWHERE = {"target: shop", "migration: 0042_add_email"}


def _line(value: object) -> str:
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)
