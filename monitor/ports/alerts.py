"""What people are told, where it goes, and the outbox in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from monitor.core.samples import Micros


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
