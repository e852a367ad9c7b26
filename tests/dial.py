"""A made-up kind of source, as its file would be: its keys, what is wrong with them together, its probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from monitor.core.samples import Micros, Reading
from monitor.options import Count, Fault, Secret, Text
from monitor.ports import Finding, Gauge, Json, problem
from monitor.sources.configuration import UNIT_KINDS, Reach, SourceKeys, Unit
from monitor.units import Kind


class DialSource(SourceKeys):
    """A dial that somebody reads for us."""

    file: Text = Field(description="where the reader writes what the dial shows")
    unit: Unit = Field(description="unit of the dial")
    seal: Secret = Field(description="what the reader's line must begin with")
    hand: Literal["left", "right"] = Field(description="which of its two hands")
    broken_above: Count | None = Field(None, description="what the dial shows when it is broken")

    @property
    def measures(self) -> Kind | None:
        return UNIT_KINDS[self.unit]

    def faults(self) -> Iterator[Fault]:
        if self.broken_above is not None and self.unit == "ratio":
            yield Fault("broken_above", "has no place beside `unit: ratio`: remove it", ("unit",))

    def open(self, metric: str, reach: Reach) -> Dial:
        return Dial(metric, Path(self.file), self.seal.get_secret_value(), reach.pace.limits)


class Dial:
    """One metric from one line of a file."""

    def __init__(self, metric: str, file: Path, seal: str, limits: Sequence[float]) -> None:
        self._metric = metric
        self._file = file
        self._seal = seal
        self.limits = limits

    @property
    def name(self) -> str:
        return self._metric

    @property
    def metrics(self) -> tuple[str, ...]:
        return (self._metric,)

    async def read(self, now: Micros) -> Sequence[Reading]:
        seal, _, shown = self._file.read_text().partition(" ") if self._file.exists() else ("", "", "")
        if seal != self._seal:
            return [Reading(self._metric, reason="not_read")]
        return [Reading(self._metric, float(shown))]

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def memory(self) -> Json:
        return {}

    def restore(self, memory: Json) -> None:
        """A dial remembers nothing."""

    async def check(self) -> Sequence[Finding]:
        return [] if self._file.exists() else [problem("nobody reads the dial: send somebody")]

    async def aclose(self) -> None:
        """The reader goes home."""
