"""What the daemon asks of the outside, as Protocols with few methods, and the values that cross.

The daemon and the tests know only this page; adapters (probes, rollback, store, channels, web)
implement it and never import each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Mode

Json = Mapping[str, object]
"""An object that `json.dumps` takes."""


# ---------------------------------------------------------------- probes


@dataclass(frozen=True, slots=True)
class Gauge:
    """A further value a probe came by, exported without a threshold; `name` lacks the common prefix."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Probe(Protocol):
    """Reads one source and yields readings of one or more metrics.

    `read` never raises for anything the remote does: that is a Reading without a value and with a
    reason. It may raise only CancelledError and bugs. The daemon holds one read in flight per probe
    and gives it a total deadline.
    """

    @property
    def name(self) -> str:
        """`error_rate`, `database`: for logs and metrics; unique within a target."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that every read yields a Reading of, in this order."""

    async def read(self, now: Micros) -> Sequence[Reading]:
        """One reading for each of `metrics`; `now` is the moment the read starts."""

    def gauges(self) -> Sequence[Gauge]:
        """Further values of the last read (sessions by state, ...); () if none."""

    def memory(self) -> Json:
        """What `restore` needs to give a delta at the first read after a restart; {} if nothing."""

    def restore(self, memory: Json) -> None:
        """Takes back what `memory` gave; anything it can't use it ignores."""

    async def aclose(self) -> None: ...


# ---------------------------------------------------------------- store


class Control(StrEnum):
    """What a person may ask of a watch."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    APPROVE = "approve"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Controls:
    """A person's controls as committed on the watch's row (database time), None where not asked."""

    paused_at: Micros | None = None
    resumed_at: Micros | None = None
    cancelled_at: Micros | None = None
    approved_at: Micros | None = None
    rollback_at: Micros | None = None
    by: str = ""
    reason: str = ""
    superseded: bool = False  # a newer watch of the target counts (not ended as cancelled or rolled_back)

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and (self.resumed_at is None or self.resumed_at < self.paused_at)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """The rollback as it was registered. `sql` is executed byte for byte; `sha256` is of its UTF-8 bytes."""

    sql: str
    sha256: str
    plan: Json
    search_path: str
    system_identifier: str
    timeline: int
    fingerprint: Json


@dataclass(frozen=True, slots=True)
class Registration:
    """A watch to be stored."""

    migration: str
    target: str
    mode: Mode
    started_at: Micros
    ends_at: Micros
    plan: StoredPlan


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A watch as stored: `seq` orders registrations on a target; `state` is the decision core's, if any."""

    id: str
    seq: int
    migration: str
    target: str
    mode: Mode
    started_at: Micros
    ends_at: Micros
    plan: StoredPlan
    phase: str = "watching"
    verdict: str | None = None
    verdict_at: Micros | None = None
    reason: str = ""
    state: Json | None = None
    view: Json | None = None
    controls: Controls = field(default_factory=Controls)
    intent_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One row of `sample`."""

    metric: str
    at: Micros
    value: float | None
    reason: str = ""
    quiet: bool = False
    errors: float | None = None
    requests: float | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One row of `event`; the same `key` is written once. `id` is 0 before it is stored."""

    watch_id: str | None
    at: Micros
    kind: str
    detail: Json
    key: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class WatchUpdate:
    """What changed of a watch in a round."""

    id: str
    phase: str
    verdict: str | None
    verdict_at: Micros | None
    reason: str
    state: Json
    view: Json


@dataclass(frozen=True, slots=True)
class Record:
    """Everything one round leaves behind, written in one transaction; writing it twice changes nothing."""

    watches: tuple[WatchUpdate, ...] = ()
    samples: tuple[SampleRow, ...] = ()
    events: tuple[EventRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    memory: Json | None = None


class Store(Protocol):
    """The durable side of one target. Every method has its own deadline and raises DatabaseError.

    DatabaseUnreachable means: try again later. StoreHeld (one of them) means that another daemon
    looks after the store, or did meanwhile: what is in memory is out of date, `open` and `load` again.
    """

    @property
    def holds(self) -> bool:
        """Whether this daemon holds the store's lock now, as far as it knows."""

    async def open(self) -> None:
        """Connects, creates the schema if missing, takes the store's lock; waits while another holds it."""

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        """All open watches of the target in order of `seq`, and the target's memory ({} if none)."""

    async def record(self, record: Record) -> None:
        """In one transaction; a verdict once stored and a person's controls are never overwritten."""

    async def controls(self) -> Mapping[str, Controls]:
        """Controls of every open watch, by id; a new id is a new registration."""

    async def wait_for_news(self, seconds: float) -> None:
        """Returns when a registration or a control was committed, or after `seconds`."""

    async def forget(self, older_than: Micros) -> int:
        """Deletes the target's samples before that moment, in bounded batches; returns how many."""

    async def aclose(self) -> None: ...


class Registry(Protocol):
    """What the command line and the API ask of the stored watches of one target."""

    async def register(self, registration: Registration) -> tuple[WatchRow, bool]:
        """Stores a watch; True if it is new. Same migration, target and hash while open is the same watch.

        Raises PlanRefused when an open watch of the same migration has another hash.
        """

    async def find(self, name: str) -> WatchRow | None:
        """By id, else the latest watch of the migration of that name."""

    async def watches(self, limit: int) -> Sequence[WatchRow]:
        """Newest first."""

    async def control(self, watch_id: str, control: Control, *, by: str, reason: str) -> WatchRow:
        """Commits a person's control under the row lock. Raises ControlRefused when it is too late."""

    async def samples(self, since: Micros, until: Micros, limit: int) -> Sequence[SampleRow]: ...

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[EventRow]:
        """In the order written, those with id > `after`."""


# ---------------------------------------------------------------- alerts


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to people about one transition. Holds no secret and no raw remote text.

    `condition` groups what belongs together: a later alert with the same condition and `resolves`
    closes it (PagerDuty's dedup key). `transition` names the change; with watch and channel it is
    the idempotency key.
    """

    transition: str  # e.g. "error_rate.rollback/firing/1700000000000000"
    condition: str  # e.g. "w-1f3a/error_rate.rollback"
    target: str
    migration: str
    watch_id: str | None
    at: Micros
    severity: Severity
    title: str  # what, one line
    facts: tuple[tuple[str, str], ...] = ()  # (label, text): since when, both numbers
    next: str = ""  # what happens next
    commands: tuple[str, ...] = ()  # what a person can do: exact commands
    resolves: bool = False
    page: bool = True  # False: informs (Slack, log, webhook), wakes nobody (PagerDuty)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One message for one channel, as it stands in the outbox."""

    key: str
    channel: str
    alert: Alert
    attempts: int = 0


class Channel(Protocol):
    """Where an alert goes."""

    @property
    def name(self) -> str:
        """Unique within the configuration: `slack`, `slack-2`, `pagerduty`."""

    @property
    def gap(self) -> float:
        """Seconds the receiver wants between two messages; 0: any rate."""

    async def send(self, key: str, alert: Alert) -> None:
        """Delivers once or raises ChannelError; `key` is the idempotency key."""

    async def aclose(self) -> None: ...


class Outbox(Protocol):
    """Durable rows of alerts not yet delivered."""

    async def undelivered(self) -> Sequence[AlertRow]: ...

    async def settle(self, key: str, *, delivered: bool, attempts: int, error: str, final: bool) -> None:
        """Marks one attempt: delivered, failed (to be tried again), or given up (`final`)."""


# ---------------------------------------------------------------- rollback


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a rollback could be executed now. `reasons` are sentences; `notes` inform without blocking."""

    ok: bool
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class OutcomeKind(StrEnum):
    ROLLED_BACK = "rolled_back"  # committed, post-condition holds
    UNVERIFIED = "unverified"  # committed, post-condition does not hold
    FAILED = "failed"  # an error that is not retried; nothing of the open group took effect
    REFUSED = "refused"  # a check before the first statement said no
    WITHDRAWN = "withdrawn"  # the streak ended before any statement took effect
    OVERRULED = "overruled"  # a person's pause or cancel was committed before the intent
    RESOLVED_EXTERNALLY = "resolved_externally"  # found rolled back by hand


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: OutcomeKind
    reason: str = ""  # one sentence for people
    detail: Json = field(default_factory=dict)  # tries, seconds, verified, salvaged rows, differences


@dataclass(frozen=True, slots=True)
class Order:
    """One rollback to execute: which watch, why (the evidence of the intent), who asked ("" = the rule)."""

    watch: WatchRow
    at: Micros
    rule: str
    since: Micros
    evidence: Json
    by: str = ""


class ProgressKind(StrEnum):
    INTENT = "intent"  # committed: pause and cancel are refused from here on
    BLOCKED = "blocked"  # a try did not get its locks: blockers in the detail
    BUDGET_SPENT = "budget_spent"  # lock_budget is over: page, go on slowly
    RETRY = "retry"  # the connection was lost or the server asked to retry
    IN_DOUBT = "in_doubt"  # COMMIT was sent, its answer was lost
    SETTLED = "settled"  # the doubt is over, from the ledger


@dataclass(frozen=True, slots=True)
class Progress:
    kind: ProgressKind
    text: str
    detail: Json = field(default_factory=dict)


class Executor(Protocol):
    """The rollback of one target: holds a direct connection to its writable primary."""

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        """Cheap part at every poll, full part every few minutes; never raises DatabaseError."""

    async def execute(
        self, order: Order, wanted: Callable[[], bool], report: Callable[[Progress], None]
    ) -> Outcome:
        """Steps 1, 2, 4 and 5 of the protocol. `wanted` is asked before each try: False = withdraw.

        Returns only a settled outcome: while a COMMIT is in doubt it goes on asking the primary.
        Cancelling it (SIGTERM) finishes a COMMIT that was sent, or rolls the open group back.
        """

    async def settle(
        self, watch: WatchRow, wanted: Callable[[], bool], report: Callable[[Progress], None]
    ) -> Outcome | None:
        """After a restart: what became of a committed intent. None: the effect has not happened."""

    async def aclose(self) -> None: ...


# ---------------------------------------------------------------- the HTTP interface


class Backend(Protocol):
    """What the HTTP interface asks of the stored watches. Answers are ready for `json.dumps`.

    Raises NotFound, ControlRefused, PlanRefused, ConfigError; DatabaseError when the store is away.
    """

    async def watches(self) -> Sequence[Json]:
        """Watches of all targets as JSON, newest first, bounded."""

    async def watch(self, watch_id: str) -> Json | None: ...

    async def samples(self, watch_id: str, since: float, limit: int) -> Sequence[Json]:
        """Samples of the watch's target from `since` (epoch seconds) on, in order of time."""

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        """Events with an id above `after`, in the order written."""

    async def register(self, request: Json, by: str) -> tuple[Json, bool]:
        """The stored watch as JSON, and whether it is new."""

    async def control(self, watch_id: str, control: Control, by: str, reason: str) -> Json:
        """Commits a person's control; the watch as JSON."""


# ---------------------------------------------------------------- what people ask for


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """A watch as a person or a deploy asks for it. `target` None: the only one configured."""

    migration: str
    rollback: bytes
    target: str | None = None
    mode: Mode = Mode.AUTO
    data_loss: str = "salvage"
    accept_loss: tuple[str, ...] = ()
    allow_opaque: bool = False
    started_at: Micros | None = None  # None: now, by the database's clock


@dataclass(frozen=True, slots=True)
class Registered:
    """The stored watch as JSON; whether it is new; what the operator should know before the night."""

    view: Json
    new: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `check` found. A problem must be mended; a note informs."""

    where: str
    text: str
    problem: bool = True


# ---------------------------------------------------------------- telemetry


class Telemetry(Protocol):
    """Counts what happened; names are those of the metrics page without the prefix."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TargetView:
    """How one target stands, for health, readiness and the metrics page."""

    name: str
    last_decision: Micros | None  # of the decision loop; None before its first round
    stale_after: Micros  # older than this, the loop is stale
    store_reachable: bool
    holds_store: bool  # False: another daemon looks after it, we wait
    watches: tuple[Json, ...] = ()  # open watches as JSON
    metrics: Mapping[str, Json] = field(
        default_factory=dict
    )  # name -> {value, normal, blind, reason, at, ...}
    gauges: tuple[Gauge, ...] = ()


class Overview(Protocol):
    """What the daemon shows of itself; answers from memory, at once."""

    def now(self) -> Micros: ...

    def targets(self) -> Sequence[TargetView]: ...


Task = Callable[[], Awaitable[None]]
