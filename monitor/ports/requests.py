"""What people ask for, by the command line or over HTTP, and what they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.core.samples import Micros
from monitor.core.thresholds import Mode
from monitor.ports.shapes import Json
from monitor.ports.watches import Control


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """A watch as a person or a deploy asks for it. `target` None: the only one configured.

    `rollback` None: as the target's migration tool has it in its files. `no_rollback`: it has none, and
    the watch only alerts.
    """

    migration: str
    rollback: bytes | None
    target: str | None = None
    mode: Mode = Mode.AUTO
    data_loss: str = "salvage"
    accept_loss: tuple[str, ...] = ()
    allow_opaque: bool = False
    started_at: Micros | None = None  # None: now, by the database's clock
    before: bytes | None = None  # a fingerprint from before the migration, as its file's bytes
    no_rollback: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The stored watch as JSON; whether it is new; what the operator should know before the night."""

    view: Json
    new: bool
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportPage:
    """A report as HTML; `style` is the hash of its only style, as a content security policy names it."""

    html: str
    style: str


class Backend(Protocol):
    """What the HTTP interface asks of the stored watches. Answers are ready for `json.dumps`.

    Raises NotFound, ControlRefused, PlanRefused, ConfigError; DatabaseError when the store is away.
    """

    async def watches(self) -> Sequence[Json]:
        """Watches of all targets as JSON, newest first, bounded."""

    async def refused(self) -> Sequence[Json]:
        """Registrations that were refused within the last week, newest first."""

    async def watch(self, watch_id: str) -> Json | None: ...

    async def samples(self, watch_id: str, since: float, limit: int) -> Sequence[Json]:
        """Samples of the watch's target from `since` (epoch seconds) on, in order of time."""

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        """Events with an id above `after`, in the order written."""

    async def changes(self, watch_id: str) -> Json | None:
        """What is different in the target's database since the watch began; None: not known yet."""

    async def report(self, watch_id: str) -> Json:
        """What happened to the watch so far, as one document."""

    async def report_page(self, watch_id: str) -> ReportPage:
        """The same for people: complete in itself."""

    async def chart(self, watch_id: str, since: float, slots: int) -> Json:
        """The watch's samples from `since` (epoch seconds; 0: its start) until now or its end, summed up.

        since, until, step (seconds) and for each metric lists of equal length: at, low, high (null where
        nothing could be measured), missing (samples without a value), quiet, reason.
        """

    async def alerts(self, watch_id: str, limit: int) -> Sequence[Json]:
        """What people were told of the watch, one for each channel, newest first."""

    async def register(self, request: Json, by: str) -> tuple[Json, bool]:
        """The stored watch as JSON, and whether it is new."""

    async def control(self, watch_id: str, control: Control, by: str, reason: str) -> Json:
        """Commits a person's control; the watch as JSON."""
