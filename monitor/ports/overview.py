"""What the daemon counts and shows of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitor.core.samples import Micros
from monitor.ports.probes import Gauge
from monitor.ports.shapes import Json


class Telemetry(Protocol):
    """Counts what happened; names are those of the metrics page without the prefix."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


DECIDED = "decided"
"""What a milestone is that is no verdict: a rollback was decided."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """The latest time that something happened to a watch of the target: `what` is DECIDED or a verdict."""

    what: str
    migration: str
    at: Micros


@dataclass(frozen=True, slots=True)
class TargetView:
    """How one target stands, for health, readiness and the metrics page."""

    name: str
    last_decision: Micros | None  # of the decision loop; None before its first round
    stale_after: Micros  # older than this, the loop is stale
    store_reachable: bool
    holds_store: bool  # False: another daemon monitors it and we wait, or the store is away
    watches: tuple[Json, ...] = ()  # open watches as JSON
    ended: tuple[Json, ...] = ()  # the latest that this process saw end; the store may not know it yet
    metrics: Mapping[str, Json] = field(
        default_factory=dict
    )  # name -> {value, normal, blind, reason, at, ...}
    gauges: tuple[Gauge, ...] = ()
    milestones: tuple[Milestone, ...] = ()  # one for each `what`; of watches that are over, too
    trouble: str = ""  # why the store is not reachable, one sentence; "" when it is
    stranger: str = ""  # who has the daemon's advisory lock without being one, as a sentence
    held_by: str = ""  # the other daemon that monitors it, as far as its store could be asked


class Overview(Protocol):
    """What the daemon shows of itself; answers from memory, at once."""

    def now(self) -> Micros: ...

    def targets(self) -> Sequence[TargetView]: ...
