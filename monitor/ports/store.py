"""The durable side of one target, as the daemon uses it, and the rows it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.core.samples import Micros
from monitor.ports.alerts import AlertRow
from monitor.ports.refusals import Refused
from monitor.ports.shapes import Json
from monitor.ports.watches import Controls, WatchRow


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
        """Whether this daemon holds the target's lease now, as far as it knows."""

    @property
    def stranger(self) -> str:
        """Who has the daemon's advisory lock without being one, as a sentence; "" if nobody."""

    @property
    def waits_for(self) -> str:
        """The daemon that has the lease while `open` waits for it; "" when none was found to."""

    async def open(self) -> None:
        """Connects, creates the schema if missing, takes the lease; waits while another daemon has it."""

    async def load(self) -> tuple[Sequence[WatchRow], Json]:
        """All open watches of the target in order of `seq`, and the target's memory ({} if none)."""

    async def past(self, since: Micros) -> Sequence[SampleRow]:
        """The target's samples since that moment, in order of time."""

    async def record(self, record: Record) -> None:
        """In one transaction; a verdict once stored and a person's controls are never overwritten."""

    async def controls(self) -> Mapping[str, Controls]:
        """Controls of every open watch, by id; a new id is a new registration."""

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        """Refused registrations of the target, newest first."""

    async def wait_for_news(self, seconds: float) -> None:
        """Returns when a registration or a control was committed, or after `seconds`."""

    async def baseline(self, watch_id: str) -> Json | None:
        """How the database was when the watch began; None before `keep_changes`."""

    async def keep_changes(self, watch_id: str, baseline: Json, found: Json | None) -> None:
        """Keeps the first baseline of a watch, and the latest changes since."""

    async def forget(self, older_than: Micros) -> int:
        """Deletes samples, settled alerts and events before that moment; returns how many rows."""

    async def aclose(self) -> None: ...
