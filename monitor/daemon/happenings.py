"""Everything that can happen to a target's loop, as values in its one queue, and what it means.

For the core it means events, for the store rows. Values in, values out; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.core import events
from monitor.core.samples import Micros, NoData, Reading, judge
from monitor.ports import (
    Controls,
    Gauge,
    Json,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Refused,
    SampleRow,
    WatchRow,
)
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


VERDICTS: Mapping[OutcomeKind, events.Verdict | None] = {
    OutcomeKind.ROLLED_BACK: events.Verdict.ROLLED_BACK,
    OutcomeKind.UNVERIFIED: events.Verdict.UNVERIFIED,
    OutcomeKind.FAILED: events.Verdict.FAILED,
    OutcomeKind.REFUSED: events.Verdict.REFUSED,
    OutcomeKind.RESOLVED_EXTERNALLY: events.Verdict.RESOLVED_EXTERNALLY,
    OutcomeKind.WITHDRAWN: None,
    OutcomeKind.OVERRULED: None,
    OutcomeKind.LEDGER_LOST: None,
}

INSTANCES, ANSWERING = "probe_instances", "probe_instances_answering"
"""Gauges by which a probe says how many instances its source has, and how many answered."""


def instances(gauges: Iterable[Gauge]) -> list[tuple[str, int, int]]:
    """metric, instances that answered its last read, instances it has; where a probe says so."""
    found: dict[str, dict[str, int]] = {}
    for gauge in gauges:
        if gauge.name in {INSTANCES, ANSWERING}:
            found.setdefault(dict(gauge.labels).get("metric", ""), {})[gauge.name] = int(gauge.value)
    return [(m, n[ANSWERING], n[INSTANCES]) for m, n in found.items() if len(n) == 2 and n[INSTANCES] > 1]


def from_progress(progress: Progress, now: Micros) -> list[events.Event]:
    """The executor on its way, as the core's events."""
    if progress.kind is ProgressKind.INTENT:
        return [events.IntentCommitted(now)]
    if progress.kind in {ProgressKind.IN_DOUBT, ProgressKind.SETTLED}:
        return [events.DoubtChanged(now, progress.kind is ProgressKind.IN_DOUBT)]
    return []


def row_of(now: Micros, reading: Reading) -> SampleRow:
    """A reading as it is stored."""
    got = judge(now, reading)
    errors, requests = (got.counts.errors, got.counts.requests) if got.counts else (None, None)
    if isinstance(got, NoData):
        return SampleRow(got.metric, now, None, got.reason, got.quiet, errors, requests)
    return SampleRow(got.metric, now, got.value, "", False, errors, requests)


def line_of(row: SampleRow) -> tuple[Micros, Reading]:
    """A stored sample as it was read."""
    return row.at, Reading(row.metric, row.value, row.reason, row.quiet, row.errors, row.requests)
