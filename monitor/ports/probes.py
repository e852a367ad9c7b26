"""What reads a source of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from monitor.core.samples import Micros, Reading
from monitor.ports.findings import Finding
from monitor.ports.shapes import Json


@dataclass(frozen=True, slots=True)
class Gauge:
    """A further value a probe came by, exported without a threshold; `name` lacks the common prefix."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Windowed(Protocol):
    """A probe whose values are taken over a window of several reads."""

    def begin_afresh(self) -> None:
        """A rollback of ours took effect: the window holds only what is read from now on."""


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


class CheckedProbe(Probe, Protocol):
    """A probe that can say what is wrong with its source."""

    async def check(self) -> Sequence[Finding]:
        """Problems and notes, without their place. May raise DatabaseError, as any question may."""
