"""A target's rounds under virtual time: readings in, records and orders out; nothing outside is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.core.samples import SECOND, Micros, Reading
from monitor.core.thresholds import Mode, Policy, Threshold
from monitor.daemon.happenings import ControlsRead, Finished, Happening, Loaded, Progressed, Readings, Tick
from monitor.daemon.keeper import Keeper
from monitor.daemon.parts import Outgoing, TargetParts, TargetPorts, TargetRules
from monitor.daemon.rounds import Hands, Rounds
from monitor.ports import (
    Alert,
    AlertRow,
    Controls,
    Gauge,
    Json,
    Order,
    Outcome,
    Progress,
    ProgressKind,
    Readiness,
    Record,
    StoredPlan,
    WatchRow,
)
from monitor.ports.hooks import Call
from monitor.units import Kind
from tests.fakes import MemoryStore

START: Micros = 1_800_000_000 * SECOND

PLAN = StoredPlan("SELECT 1", "0" * 64, {"statements": []}, "public", "1", 1, {})

POLICY = Policy(
    thresholds=(
        Threshold("error_rate", 0.001, warn_for=10 * SECOND, rollback_above=0.01, rollback_for=30 * SECOND),
        Threshold("connections", 60.0, warn_for=10 * SECOND),
    ),
    interval=5 * SECOND,
    max_gap=12 * SECOND,
    blind_after=20 * SECOND,
    success_after=100 * SECOND,
    give_up_after=300 * SECOND,
)


class HandClock:
    """Time that moves only when it is told to."""

    def __init__(self, now: Micros = START) -> None:
        self.moment = now

    def now(self) -> Micros:
        return self.moment

    def not_before(self, moment: Micros) -> None:
        self.moment = max(self.moment, moment)


class Counting:
    """Telemetry that only remembers."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, dict[str, str]]] = []

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counted.append((name, labels))

    def observe(self, name: str, value: float, **labels: str) -> None:
        self.counted.append((name, labels))


class IdleProbe:
    """A probe whose memory is what it was given; the tests bring the readings themselves."""

    def __init__(self) -> None:
        self.name = "error_rate"
        self.metrics: tuple[str, ...] = ("error_rate",)
        self.kept: Json = {}
        self.shown: tuple[Gauge, ...] = ()

    async def read(self, now: Micros) -> Sequence[Reading]:
        return [Reading("error_rate", reason="idle")]

    def gauges(self) -> Sequence[Gauge]:
        return self.shown

    def memory(self) -> Json:
        return self.kept

    def restore(self, memory: Json) -> None:
        self.kept = memory

    async def aclose(self) -> None:
        """Holds nothing."""


class IdleExecutor:
    """An executor that is ready and never asked: the tests play its part through happenings."""

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        return Readiness(True)

    async def execute(self, order: Order, wanted: Any, report: Any) -> Outcome:
        raise AssertionError("rounds execute nothing themselves")

    async def settle(self, watch: WatchRow, wanted: Any, report: Any) -> Outcome | None:
        raise AssertionError("rounds settle nothing themselves")

    async def aclose(self) -> None:
        """Holds nothing."""


def rows_of(alert: Alert) -> tuple[AlertRow, ...]:
    return (AlertRow(f"{alert.watch_id}/{alert.transition}/log", "log", alert),)


@dataclass
class Desk:
    """One target at work. `say` brings readings of one moment; what came out is in the lists."""

    policy: Policy = POLICY
    clock: HandClock = field(default_factory=HandClock)
    telemetry: Counting = field(default_factory=Counting)
    probe: IdleProbe = field(default_factory=IdleProbe)
    orders: list[Order] = field(default_factory=list)
    settling: list[WatchRow] = field(default_factory=list)
    hooks_run: list[Call] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    remind_every: Mapping[str, Micros] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rounds = self.begin()

    def begin(self) -> Rounds:
        """Fresh rounds, as after a restart."""
        kinds = {"error_rate": Kind.RATIO, "connections": Kind.COUNT}
        parts = TargetParts(
            "shop", TargetRules(self.policy, SECOND, kinds, 60 * SECOND),
            TargetPorts((self.probe,), MemoryStore(), IdleExecutor()),
            Outgoing(rows_of, lambda rows: None, self.remind_every), self.telemetry, self.clock,
        )  # fmt: skip
        hands = Hands(
            lambda order, wanted: self.orders.append(order),
            lambda watch, wanted: self.settling.append(watch),
            self.records.append,
            self.hooks_run.append,
        )
        self.rounds = Rounds(parts, hands)
        return self.rounds

    # ---- what happens

    def take(self, *happenings: Happening) -> None:
        self.rounds.take(happenings)

    def say(self, seconds: float, error_rate: float | None = 0.0, connections: float | None = 10.0) -> None:
        """Moves to START + seconds and reads both metrics."""
        self.clock.moment = START + round(seconds * SECOND)
        values = {"error_rate": error_rate, "connections": connections}
        readings = [Reading(m, v, "" if v is not None else "timeout") for m, v in values.items()]
        self.take(Readings(readings), Tick())

    def count(self, seconds: float, errors: float, requests: float) -> None:
        """The same of a source that counts, whose ratio is theirs; nobody asks anything with 0 requests."""
        self.clock.moment = START + round(seconds * SECOND)
        value = errors / requests if requests else None
        reason = "" if requests else "insufficient_traffic"
        counted = Reading("error_rate", value, reason, not requests, errors, requests)
        self.take(Readings([counted, Reading("connections", 10.0)]), Tick())

    def say_through(self, start: int, end: int, **values: float | None) -> None:
        """Every 5 s from start to end, both included."""
        for second in range(start, end + 1, 5):
            self.say(second, **values)

    def register(self, id: str = "w-1", seq: int = 1, mode: Mode = Mode.AUTO, **changes: Any) -> None:
        self.take(Loaded([row(id, seq, mode, **changes)]))

    def controls(self, id: str = "w-1", **columns: Any) -> None:
        self.take(ControlsRead({id: Controls(**columns)}))

    def progress(self, kind: ProgressKind, id: str = "w-1") -> None:
        self.take(Progressed(id, Progress(kind, kind.value)))

    def finish(self, outcome: Outcome | None, id: str = "w-1") -> None:
        self.take(Finished(id, outcome))

    # ---- what came out

    def keeper(self, id: str = "w-1") -> Keeper:
        return self.rounds.keepers[id]

    def view(self, id: str = "w-1") -> Mapping[str, Any]:
        return self.keeper(id).view()

    def kinds(self) -> list[str]:
        """Kinds of all event rows so far, in order."""
        return [e.kind for r in self.records for e in r.events]

    def alerts(self) -> list[Alert]:
        return [a.alert for r in self.records for a in r.alerts]

    def last_update(self, id: str = "w-1") -> Any:
        return [u for r in self.records for u in r.watches if u.id == id][-1]

    def stored_row(self, id: str = "w-1", **changes: Any) -> WatchRow:
        """The row a restart would load."""
        update = self.last_update(id)
        changes = {"verdict": update.verdict, "state": update.state, **changes}
        return replace(row(id), phase=update.phase, **changes)


def row(id: str = "w-1", seq: int = 1, mode: Mode = Mode.AUTO, **changes: Any) -> WatchRow:
    found = WatchRow(id, seq, "add_email", "shop", mode, START, START + POLICY.success_after, PLAN)
    return replace(found, **changes)
