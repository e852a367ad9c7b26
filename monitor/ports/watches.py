"""A watch as it is registered and stored, and what a person may ask of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from monitor.core.samples import Micros
from monitor.core.thresholds import Mode
from monitor.ports.shapes import Json


class Control(StrEnum):
    """What a person may ask of a watch."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    APPROVE = "approve"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Controls:
    """A person's controls as committed on the watch's row (database time), None where not asked.

    With them comes what others than the daemon may change of a watch while it is open.
    """

    paused_at: Micros | None = None
    resumed_at: Micros | None = None
    cancelled_at: Micros | None = None
    approved_at: Micros | None = None
    rollback_at: Micros | None = None
    by: str = ""
    reason: str = ""
    rehearsal: Json | None = None  # of the plan, the latest: at (epoch seconds), outcome, said
    superseded: bool = False  # a newer watch of the target counts (not ended as cancelled or rolled_back)

    @property
    def paused(self) -> bool:
        return self.paused_at is not None and (self.resumed_at is None or self.resumed_at < self.paused_at)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """The rollback as it was registered. `sql` is executed byte for byte; `sha256` is of its UTF-8 bytes.

    `digest` is of the whole registration, `intact` whether the stored row still has it.
    """

    sql: str
    sha256: str
    plan: Json
    search_path: str
    system_identifier: str
    timeline: int
    fingerprint: Json
    digest: str = field(default="", compare=False)
    intact: bool = field(default=True, compare=False)

    @property
    def no_rollback(self) -> bool:
        """Whether the migration has none: there is nothing to execute."""
        return bool(self.plan.get("no_rollback"))


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
