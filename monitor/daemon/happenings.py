"""Everything that can happen to a target's loop, as values in its one queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.core.samples import Reading
from monitor.ports import Controls, Json, Outcome, Progress, Readiness, Refused, SampleRow, WatchRow
from monitor.ports.hooks import Call, HookResult


@dataclass(frozen=True, slots=True)
class Readings:
    """What a probe said."""

    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Tick:
    """An interval passed."""


@dataclass(frozen=True, slots=True)
class ControlsRead:
    """A person's controls, as committed, of every open watch."""

    controls: Mapping[str, Controls]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Open watches, some of which may be new. `stored`: samples, from before the first new one began on."""

    rows: Sequence[WatchRow]
    stored: Sequence[SampleRow] = ()


@dataclass(frozen=True, slots=True)
class ReadinessRead:
    watch_id: str
    readiness: Readiness


@dataclass(frozen=True, slots=True)
class ChangesRead:
    """What is different in the database since the watch began."""

    watch_id: str
    changes: Json


@dataclass(frozen=True, slots=True)
class RefusalsRead:
    """Registrations that were refused of late."""

    refused: Sequence[Refused]


@dataclass(frozen=True, slots=True)
class Progressed:
    """The executor on its way."""

    watch_id: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class Finished:
    """The executor's last word; None: a committed intent was found without effect."""

    watch_id: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class HooksRan:
    """What became of the hooks after a rollback."""

    call: Call
    results: tuple[HookResult, ...]


@dataclass(frozen=True, slots=True)
class Reminded:
    """It is time to look for pages that are still open."""


Happening = (
    ChangesRead
    | Readings
    | Tick
    | Reminded
    | ControlsRead
    | Loaded
    | ReadinessRead
    | RefusalsRead
    | Progressed
    | Finished
    | HooksRan
)
