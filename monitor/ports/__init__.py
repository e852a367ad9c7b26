"""What the daemon asks of the outside, as Protocols with few methods, and the values that cross.

The daemon and the tests know only this page; adapters (probes, rollback, store, channels, web)
implement it and never import each other.
"""

from __future__ import annotations

from monitor.ports.alerts import Alert, AlertRow, Channel, Outbox, Severity, Stage
from monitor.ports.findings import Finding, note, problem
from monitor.ports.history import Bookkeeping, BookTable, BookWrite, Down
from monitor.ports.losses import (
    AtRisk,
    Fate,
    Keepsake,
    Keepsakes,
    loss_sentences,
    risk_from_json,
    risk_to_json,
)
from monitor.ports.overview import DECIDED, Milestone, Overview, TargetView, Telemetry
from monitor.ports.probes import CheckedProbe, Gauge, Probe
from monitor.ports.readiness import NO_ROLLBACK, Lack, Readiness, Reason, code_of
from monitor.ports.refusals import Refusal, Refused, Via
from monitor.ports.registry import Registry
from monitor.ports.rehearsals import (
    HOLDS,
    Rehearsal,
    RehearsalOutcome,
    is_bad,
    rehearsal_view,
)
from monitor.ports.requests import Backend, Registered, ReportPage, WatchRequest
from monitor.ports.rollback import Executor, Order, Outcome, OutcomeKind, Progress, ProgressKind, Want, Wanted
from monitor.ports.shapes import Json
from monitor.ports.shown import AlertTold, SampleSlot
from monitor.ports.store import EventRow, Record, SampleRow, Store, WatchUpdate
from monitor.ports.supervisor import Supervisor
from monitor.ports.watches import Control, Controls, Registration, StoredPlan, WatchRow

__all__ = [
    "DECIDED",
    "HOLDS",
    "NO_ROLLBACK",
    "Alert",
    "AlertRow",
    "AlertTold",
    "AtRisk",
    "Backend",
    "BookTable",
    "BookWrite",
    "Bookkeeping",
    "Channel",
    "CheckedProbe",
    "Control",
    "Controls",
    "Down",
    "EventRow",
    "Executor",
    "Fate",
    "Finding",
    "Gauge",
    "Json",
    "Keepsake",
    "Keepsakes",
    "Lack",
    "Milestone",
    "Order",
    "Outbox",
    "Outcome",
    "OutcomeKind",
    "Overview",
    "Probe",
    "Progress",
    "ProgressKind",
    "Readiness",
    "Reason",
    "Record",
    "Refusal",
    "Refused",
    "Registered",
    "Registration",
    "Registry",
    "Rehearsal",
    "RehearsalOutcome",
    "ReportPage",
    "SampleRow",
    "SampleSlot",
    "Severity",
    "Stage",
    "Store",
    "StoredPlan",
    "Supervisor",
    "TargetView",
    "Telemetry",
    "Via",
    "Want",
    "Wanted",
    "WatchRequest",
    "WatchRow",
    "WatchUpdate",
    "code_of",
    "is_bad",
    "loss_sentences",
    "note",
    "problem",
    "rehearsal_view",
    "risk_from_json",
    "risk_to_json",
]
