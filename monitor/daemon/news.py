"""What the executor's and the probes' news mean: for the core as events, for the store as rows.

Values in, values out; nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.core import events
from monitor.core.samples import Micros, NoData, Reading, judge
from monitor.ports import Gauge, OutcomeKind, Progress, ProgressKind, SampleRow

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
