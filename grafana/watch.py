"""The watch dashboard: one migration, its metrics against their limits, and whether it could be undone."""

from __future__ import annotations

from grafana.fleet import ROLLBACK, M, installation, notes
from grafana.pieces import ANY, BLUE, GREEN, ORANGE, RED, Json, Panel, dashboard, row, variables

TARGET = f'{ANY}, target=~"$target"'
WATCH = f'{TARGET}, migration=~"$migration"'

YES = ((None, RED), (1, GREEN))
NO = ((None, GREEN), (1, RED))


def against_limits(title: str, description: str, metric: str, ending: str, unit: str) -> Panel:
    """A metric with its limits as lines."""
    chosen = f'{TARGET}, metric="{metric}"'
    return Panel(
        title, description,
        [
            (f"max by (target) ({M}metric_{ending}{{{chosen}}})", "{{target}}"),
            (f"max by (limit) ({M}limit_{ending}{{{chosen}}})", "limit: {{limit}}"),
        ],
        unit=unit,
    )  # fmt: skip


def states(title: str, description: str, name: str, which: str, label: str, good: bool) -> Panel:
    """A truth over time, one line for each value of `label`."""
    fold = "min" if good else "max"
    query = (f"{fold} by ({label}) ({M}{name}{{{which}}})", f"{{{{{label}}}}}")
    return Panel(title, description, [query], kind="state-timeline", steps=YES if good else NO, unit="bool")


NOW = (
    Panel(
        "Phase", "The phase each chosen watch is in.",
        [(f"{M}watch_phase{{{WATCH}}} == 1", "{{phase}}")], kind="stat", width=5, height=4,
        steps=((None, BLUE),),
        more={"options": {
            "colorMode": "value", "graphMode": "none", "justifyMode": "center", "textMode": "name",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }},
    ),
    Panel(
        "Time left", "Until the watch can succeed at the earliest.",
        [(f"{M}watch_left_seconds{{{WATCH}}}", "{{migration}}")], unit="s", kind="stat", width=5, height=4,
        steps=((None, BLUE),),
    ),
    Panel(
        "Rollback in", "What is left of the hold of a breach under way; then the rollback is executed.",
        [(f"min({M}streak_hold_seconds{{{WATCH}, {ROLLBACK}}} - "
          f"{M}streak_age_seconds{{{WATCH}, {ROLLBACK}}})", "")],
        unit="s", kind="stat", width=5, height=4, steps=((None, RED), (60, ORANGE)),
    ),
    Panel(
        "Ready to roll back", "Whether the rollback could be executed now.",
        [(f"min({M}rollback_ready{{{WATCH}}})", "")], unit="bool_yes_no", kind="stat", width=5, height=4,
        steps=YES,
    ),
    Panel(
        "Rows at risk", "Rows and values that a rollback would take away now.",
        [(f"max({M}rollback_rows_at_risk{{{WATCH}}})", "")], kind="stat", width=4, height=4,
        steps=((None, GREEN), (1, ORANGE)),
    ),
)  # fmt: skip

METRICS = (
    against_limits(
        "Error rate", "Share of requests that failed. Above the rollback limit for its hold it acts.",
        "error_rate", "ratio", "percentunit",
    ),
    against_limits(
        "Response time", "Of the application. Above its limit for its hold people are told.",
        "response_time", "seconds", "s",
    ),
    against_limits(
        "Query latency", "Mean time of statements in the database.", "query_latency", "seconds", "s"
    ),
    against_limits(
        "Connections", "Client sessions of the target database, ours excluded.",
        "connections", "quantity", "short",
    ),
    states("Normal", "Whether each metric is known and normal.", "metric_normal", TARGET, "metric", True),
    states("Blind", "Metrics that could not be measured for too long.", "metric_blind", TARGET, "metric",
           False),
    states("Too little traffic", "Metrics whose source has too few requests to judge.", "metric_quiet",
           TARGET, "metric", False),
    Panel(
        "Age of the last measurement", "How long ago each metric was last measured.",
        [(f"time() - {M}metric_timestamp_seconds{{{TARGET}}}", "{{metric}}")], unit="s",
    ),
)  # fmt: skip

DECISION = (
    Panel(
        "Breaches", "How long each rule has been breached without a break, against what it has to last.",
        [
            (f"max by (rule) ({M}streak_age_seconds{{{WATCH}}})", "{{rule}}"),
            (f"max by (rule) ({M}streak_hold_seconds{{{WATCH}}})", "limit: hold of {{rule}}"),
        ],
        unit="s",
    ),
    states("Firing", "Rules that fire.", "streak_firing", WATCH, "rule", False),
    states("Too little evidence", "Breaches that have lasted for their hold without enough requests.",
           "streak_insufficient_evidence", WATCH, "rule", False),
    states("Phases", "The phase over time.", "watch_phase", WATCH, "phase", True),
    states("In the rollback's way", "What would have kept a rollback from being executed.",
           "rollback_not_ready", WATCH, "reason", False),
    Panel(
        "Tries of rollbacks", "Tries that did not get their locks or lost their connection.",
        [(f"sum by (target) (rate({M}rollback_tries_total{{{TARGET}}}[$__rate_interval]))", "{{target}}")],
        unit="ops",
    ),
    Panel(
        "From breach to outcome", "Time from a breach's first sample to the outcome of its rollback.",
        [(f"histogram_quantile(0.95, sum by (le, target) "
          f"(rate({M}rollback_duration_seconds_bucket{{{TARGET}}}[$__rate_interval])))", "{{target}}")],
        unit="s",
    ),
    Panel(
        "Hooks", "Hooks before and after rollbacks, by how they ended.",
        [(f"sum by (moment, outcome) (rate({M}hooks_total{{{TARGET}}}[$__rate_interval]))",
          "{{moment}} {{outcome}}")],
        unit="ops",
    ),
)  # fmt: skip

SOURCES = (
    Panel(
        "Sessions", "Client sessions of the target database by state.",
        [(f"max by (state) ({M}database_sessions{{{TARGET}}})", "{{state}}")],
    ),
    Panel(
        "Oldest transactions", "The oldest open transaction, and the longest wait inside one.",
        [
            (f"max by (target) ({M}database_longest_transaction_seconds{{{TARGET}}})", "{{target}} open"),
            (f"max by (target) ({M}database_longest_idle_in_transaction_seconds{{{TARGET}}})",
             "{{target}} idle inside"),
        ],
        unit="s",
    ),
    Panel(
        "Waiting for locks", "Sessions that wait for a lock.",
        [(f"max by (target) ({M}database_lock_waiters{{{TARGET}}})", "{{target}}")],
    ),
    Panel(
        "Transactions", "Commits, rollbacks and deadlocks, as the database counts them.",
        [
            (f"sum(rate({M}database_commits_total{{{TARGET}}}[$__rate_interval]))", "commits"),
            (f"sum(rate({M}database_rollbacks_total{{{TARGET}}}[$__rate_interval]))", "rollbacks"),
            (f"sum(rate({M}database_deadlocks_total{{{TARGET}}}[$__rate_interval]))", "deadlocks"),
        ],
        unit="ops",
    ),
    Panel(
        "Reads of sources", "Reads by how they ended: a value, too little traffic, a failure.",
        [(f"sum by (probe, outcome) (rate({M}polls_total{{{TARGET}}}[$__rate_interval]))",
          "{{probe}} {{outcome}}")],
        unit="ops",
    ),
    Panel(
        "Time of reads", "Time that a read of each source takes: the 95th percentile.",
        [(f"histogram_quantile(0.95, sum by (le, probe) "
          f"(rate({M}poll_duration_seconds_bucket{{{TARGET}}}[$__rate_interval])))", "{{probe}}")],
        unit="s",
    ),
)  # fmt: skip


def watch() -> Json:
    """The whole dashboard."""
    pieces: list[Panel | str] = [row("Now"), *NOW, row("Metrics against their limits"), *METRICS,
              row("Decision and rollback"), *DECISION, row("Sources"), *SOURCES]  # fmt: skip
    chosen = [
        *installation(),
        ("target", "Target", f"label_values({M}store_held{{{ANY}}}, target)"),
        ("migration", "Migration", f"label_values({M}watch_info{{{TARGET}}}, migration)"),
    ]
    return dashboard(
        "migration-monitor-watch", "migration-monitor / Watch",
        "One migration that is watched: its metrics, its limits, and its rollback.",
        variables(*chosen), notes(WATCH), pieces,
    )  # fmt: skip
