"""Every metric this program exports, as a literal table: the table of docs/metrics.md is made from it.

Names lack the prefix here. Base units: seconds, ratios 0-1, plain numbers. Labels have closed sets of
values: those of the table, or of the configuration; only `migration` grows with use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PREFIX = "migration_monitor_"

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family. `where`: counted as it happens, or read from the overview (or a probe) at each scrape."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    where: Literal["counted", "overview", "probe"] = "counted"

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


def _overview(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(name, "gauge", labels, text, "overview")


def _probe(name: str, kind: Kind, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(name, kind, labels, text, "probe")


OUTCOMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "polls_total": {"outcome": ("ok", "quiet", "failed")},
    "decisions_total": {
        "decision": (
            "pending",
            "firing",
            "cleared",
            "blind",
            "sighted",
            "rollback_decided",
            "approval_requested",
            "would_roll_back",
            "withdrawn",
            "control_ignored",
            "ended",
        )
    },
    "rollbacks_total": {
        "outcome": (
            "rolled_back",
            "unverified",
            "failed",
            "refused",
            "withdrawn",
            "overruled",
            "ledger_lost",
            "resolved_externally",
        )
    },
    "hooks_total": {"moment": ("before", "after"), "outcome": ("ok", "failed")},
    "store_writes_total": {"outcome": ("ok", "failed")},
    "alerts_total": {"outcome": ("delivered", "failed", "given_up")},
    "calendar_runs_total": {"outcome": ("ok", "error", "missed")},
    "clock_jumps_total": {"direction": ("forward", "backward")},
    "http_requests_total": {"code": ("2xx", "3xx", "4xx", "5xx")},
    "http_refused_total": {"reason": ("token", "host", "origin")},
}
"""Values that a label can have, where they do not come from the configuration; all start at 0."""

BUCKETS: Mapping[str, tuple[float, ...]] = {
    "poll_duration_seconds": (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 4),
    "rollback_duration_seconds": (0.1, 0.5, 1, 5, 30, 120, 600, 3600),
    "event_loop_lag_seconds": (0.001, 0.01, 0.05, 0.25, 1, 5),
}

_T, _TM, _TMM = ("target",), ("target", "migration"), ("target", "metric")

METRICS: tuple[Metric, ...] = (
    # what happens
    Metric("polls_total", "counter", ("target", "probe", "outcome"), "Reads of a source, by how they ended."),
    Metric("poll_duration_seconds", "histogram", ("target", "probe"), "Time one read took."),
    Metric("late_samples_total", "counter", _T, "Samples that came too late to count."),
    Metric("decisions_total", "counter", ("target", "decision"), "What the decision core said."),
    Metric("rollbacks_total", "counter", ("target", "outcome"), "Rollbacks, by how they ended."),
    Metric("rollback_tries_total", "counter", _T, "Tries of a rollback that had to be repeated."),
    Metric("rollback_duration_seconds", "histogram", _T, "Time from the breach's start to the outcome."),
    Metric("hooks_total", "counter", ("target", "moment", "outcome"), "Hooks pulled, by how they ended."),
    Metric("store_writes_total", "counter", ("target", "outcome"), "Rounds written to the store."),
    Metric("alerts_total", "counter", ("channel", "outcome"), "Attempts to deliver an alert."),
    Metric("alerts_queued", "gauge", ("channel",), "Alerts waiting in memory for their channel."),
    Metric(
        "alerts_overflowed_total",
        "counter",
        ("channel",),
        "Alerts without room in memory, left in the store.",
    ),
    Metric(
        "task_restarts_total", "counter", ("task",), "Tasks that ended although they should run for ever."
    ),
    Metric("calendar_runs_total", "counter", ("calendar_job", "outcome"), "Runs of the calendar's jobs."),
    Metric("clock_jumps_total", "counter", ("direction",), "Jumps of the wall clock that were noticed."),
    Metric("http_requests_total", "counter", ("route", "code"), "Requests answered, by class of status."),
    Metric("http_refused_total", "counter", ("reason",), "Requests refused for token, host or origin."),
    Metric("event_loop_lag_seconds", "histogram", (), "How late a timer of the event loop fired."),
    Metric("build_info", "gauge", ("version", "python"), "The version that runs; always 1."),
    # how each target stands
    _overview("last_decision_timestamp_seconds", _T, "When the decision loop last finished a round."),
    _overview("decision_loop_stale", _T, "1 when the decision loop has not finished a round in time."),
    _overview("store_reachable", _T, "1 when the last write to the store succeeded."),
    _overview("store_held", _T, "1 when this daemon monitors the target, 0 when another does."),
    _overview("metric_ratio", _TMM, "Latest value of a metric that is a ratio, 0-1; absent when unknown."),
    _overview("metric_seconds", _TMM, "Latest value of a metric that is a time; absent when unknown."),
    _overview(
        "metric_quantity", _TMM, "Latest value of a metric that is a plain number; absent when unknown."
    ),
    _overview("limit_ratio", ("target", "metric", "limit"), "Configured limit of a ratio."),
    _overview("limit_seconds", ("target", "metric", "limit"), "Configured limit of a time."),
    _overview("limit_quantity", ("target", "metric", "limit"), "Configured limit of a plain number."),
    _overview("metric_normal", _TMM, "1 when the latest value is known and normal."),
    _overview("metric_blind", _TMM, "1 when the metric has gone unmeasured for too long."),
    _overview("metric_quiet", _TMM, "1 when the source answers, and nobody asks the application anything."),
    _overview("metric_timestamp_seconds", _TMM, "When the metric was last measured."),
    # how each watch stands
    _overview("watch_info", ("target", "migration", "watch", "mode"), "An open watch; always 1."),
    _overview("watch_phase", ("target", "migration", "phase"), "1 for the phase the watch is in, else 0."),
    _overview("watch_started_timestamp_seconds", _TM, "When the watch began."),
    _overview(
        "watch_ends_timestamp_seconds",
        _TM,
        "When the watch can succeed at the earliest, as of its registration; "
        "what was not normal or not measured comes on top.",
    ),
    _overview(
        "watch_left_seconds",
        _TM,
        "Time left until that earliest moment, never below 0; 0 is not yet a success.",
    ),
    _overview(
        "watch_superseded",
        _TM,
        "1 when a newer watch on the target may roll back instead; it has no other series then.",
    ),
    _overview(
        "watch_verdict_timestamp_seconds",
        ("target", "migration", "verdict"),
        "When a watch ended; of each verdict the latest watch.",
    ),
    _overview("rollback_decided_timestamp_seconds", _TM, "When a rollback was decided; the latest one."),
    _overview("rollback_ready", _TM, "1 when the rollback could be executed now."),
    _overview(
        "rollback_not_ready",
        ("target", "migration", "reason"),
        "1 for what is in its way, else 0.",
    ),
    _overview(
        "rollback_rows_at_risk",
        _TM,
        "Rows and values that a rollback would take away now; absent when unknown.",
    ),
    _overview(
        "streak_age_seconds", ("target", "migration", "rule"), "Age of the unbroken breach; 0 without one."
    ),
    _overview(
        "streak_hold_seconds",
        ("target", "migration", "rule"),
        "How long a breach under way must last to act.",
    ),
    _overview("streak_firing", ("target", "migration", "rule"), "1 when the rule fires."),
    _overview(
        "streak_insufficient_evidence",
        ("target", "migration", "rule"),
        "1 when a breach lasts and there is too little traffic to decide.",
    ),
    _overview(
        "streak_evidence",
        ("target", "migration", "rule"),
        "How much what was counted speaks for a breach; absent without one, or without counts.",
    ),
    _overview(
        "streak_evidence_needed", ("target", "migration", "rule"), "... and how much is needed to act."
    ),
    _overview(
        "proven_requests",
        ("target", "migration", "metric"),
        "Requests that prove a metric normal so far; absent without counts.",
    ),
    _overview("proven_requests_needed", ("target", "migration", "metric"), "... and how many success needs."),
    # what probes come by beside the metrics
    _probe("database_sessions", "gauge", ("target", "state"), "Client sessions of the target database."),
    _probe("database_longest_transaction_seconds", "gauge", _T, "Age of the oldest open transaction."),
    _probe("database_longest_idle_in_transaction_seconds", "gauge", _T, "Longest wait inside a transaction."),
    _probe("database_lock_waiters", "gauge", _T, "Sessions waiting for a lock."),
    _probe("database_deadlocks_total", "counter", _T, "Deadlocks, as the database counts them."),
    _probe("database_commits_total", "counter", _T, "Transactions committed, as the database counts them."),
    _probe(
        "database_rollbacks_total", "counter", _T, "Transactions rolled back, as the database counts them."
    ),
    _probe("probe_instances", "gauge", _TMM, "Instances of the application that are asked."),
    _probe("probe_instances_answering", "gauge", _TMM, "Instances that answered the last read."),
)

PROBE_METRICS: Mapping[str, Metric] = {
    m.name.removesuffix("_total"): m for m in METRICS if m.where == "probe"
}
"""By the name probes use, which lacks a counter's ending."""
