"""What people are told, where it goes, and the outbox in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any, Protocol

from monitor.core.samples import Micros
from monitor.ports.shapes import Json


class Severity(StrEnum):
    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Stage(StrEnum):
    """How far a breach has come, from the first value that is not normal to what its rollback brought."""

    NOT_NORMAL = "not_normal"
    BREACH = "breach"  # a limit that leads to a rollback or wants an investigation
    UNDECIDED = "undecided"  # ... for as long as it takes, with too little traffic to decide
    ASKED = "asked"  # a person must approve the rollback, or act
    ROLLING = "rolling_back"
    STUCK = "stuck"  # the rollback is under way and can't go on: a person should look
    OUTCOME = "outcome"  # rolled back, failed, refused; helped or not


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to people about one transition. Holds no secret and no raw remote text.

    `condition` groups what belongs together: a later alert with the same condition and `resolves`
    closes it. `transition` names the change; with watch and channel it is the idempotency key.

    What one breach leads to is one `story`: its messages are one thread where a channel can, and one
    condition for receivers. `quiet` ones change what was told already and are no message of their own.
    `incident` is the one a pager has open from now on, `closes` those that are over with this.
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
    stage: str = ""  # of a story; "": a message that belongs to none
    story: str = ""  # e.g. "w-1f3a/breach@1700000000000000"
    quiet: bool = False
    incident: str = ""  # "": the condition
    closes: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What is raised and resolved, for receivers: the story's breach, else the condition."""
        return self.story.rpartition("@")[0] or self.condition

    @property
    def thread(self) -> str:
        """What its messages belong together by, and never overtake each other in."""
        return self.story or self.condition


RANK: Mapping[str, int] = {stage.value: rank for rank, stage in enumerate(Stage, 1)}
"""How grave a stage is."""


def alert_to(alert: Alert) -> Json:
    """As it is stored while it is open, for older programs too: what is not as it is by default."""
    every = {f.name: (getattr(alert, f.name), f.default) for f in fields(alert)}
    return {name: value for name, (value, default) in every.items() if default is MISSING or value != default}


def alert_from(stored: Mapping[str, Any]) -> Alert:
    """What `alert_to` gave, before or after it was JSON."""
    facts: Sequence[Sequence[str]] = stored.get("facts", ())
    return Alert(
        **{
            **stored,
            "severity": Severity(stored["severity"]),
            "facts": tuple((label, text) for label, text in facts),
            "commands": tuple(stored.get("commands", ())),
            "closes": tuple(stored.get("closes", ())),
        }
    )


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

    @property
    def threads(self) -> bool:
        """Whether it can continue an earlier message, and so wants to be told of it."""

    def takes(self, alert: Alert) -> bool:
        """Whether it has anything to send for it; what it does not take is no message of this channel."""

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        """Delivers once or raises ChannelError; `key` is the idempotency key.

        `earlier`: what it returned for an earlier message of the same thread; "" without one. Returns what
        it wants to know when it continues the thread, "" for nothing new.
        """

    async def aclose(self) -> None: ...


class Outbox(Protocol):
    """Durable rows of alerts not yet delivered."""

    async def undelivered(self) -> Sequence[AlertRow]: ...

    async def settle(
        self, key: str, *, delivered: bool, attempts: int, error: str, final: bool, receipt: str = ""
    ) -> None:
        """Marks one attempt: delivered, failed (to be tried again), or given up (`final`).

        `receipt`: what the channel returned.
        """

    async def receipt(self, channel: str, thread: str) -> str:
        """The latest receipt of a channel's messages of that thread; "" without one."""
