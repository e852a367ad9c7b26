"""The watch dashboard: one migration, its metrics against their limits, and whether it could be undone."""

from __future__ import annotations

from dataclasses import replace

from grafana.fleet import ROLLBACK, SHOWN, M, counts, installation, notes
from grafana.pieces import (
    ANY,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Json,
    Panel,
    Words,
    dashboard,
    ending,
    row,
    variables,
)
from grafana.words import (
    BLIND,
    EVIDENCE,
    FIRING,
    HOOKS,
    IN_THE_WAY,
    NORMAL,
    NUMBERED,
    PHASES,
    QUIET,
    READY,
)

TARGET = f'{ANY}, target=~"$target"'
WATCH = f'{TARGET}, migration=~"$migration"'

METRIC, RULE = ("target", "metric"), ("migration", "rule")


def against_limits(title: str, description: str, metric: str, suffix: str, unit: str) -> Panel:
    """A metric with its limits as lines."""
    chosen = f'{TARGET}, metric="{metric}"'
    return Panel(
        title, description,
        [
            (f"max by (target) ({M}metric_{suffix}{{{chosen}}})", "{{target}}"),
            (f"max by (target, limit) ({M}limit_{suffix}{{{chosen}}})", "limit: {{limit}} of {{target}}"),
        ],
        unit=unit,
    )  # fmt: skip


def states(title: str, description: str, name: str, which: str, labels: tuple[str, ...], words: Words,
           fold: str = "max", only: str = "") -> Panel:  # fmt: skip
    """A truth over time in words, one line for each value of `labels`. `only`: which values are drawn."""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    query = (f"{fold} by ({', '.join(labels)}) ({M}{name}{{{which}}}){only}", legend)
    return Panel(title, description, [query], kind="state-timeline", unit="none", words=words)


def phases(title: str, description: str) -> Panel:
    """One line for each watch: the number of the phase it is in, shown as its word."""
    each = (f'{number} * ({M}watch_phase{{{WATCH}, phase="{phase}"}} == 1)'
            for number, (phase, _) in NUMBERED.items())  # fmt: skip
    query = f"max by (target, migration) ({' or '.join(each)})"
    return Panel(
        title, description, [(query, "{{migration}} on {{target}}")],
        kind="state-timeline", unit="none", words=NUMBERED,
    )  # fmt: skip


NOW = (
    Panel(
        "Phase", "The phase each chosen watch is in.",
        [(f"max by (target, migration, phase) ({M}watch_phase{{{WATCH}}}) == 1", "{{migration}}: {{phase}}")],
        unit="none", kind="stat", width=6, height=4, steps=((None, BLUE),), empty="no open watch",
        overrides=[ending(phase, colour) for phase, colour in PHASES.items()],
        more={"options": {
            "colorMode": "value", "graphMode": "none", "justifyMode": "center", "textMode": "name",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }},
    ),
    Panel(
        "Can succeed in",
        "At the earliest, as of its registration; what was not normal or not measured comes on "
        "top. 0 is not yet a success.",
        [(f"max by (target, migration) ({M}watch_left_seconds{{{WATCH}}})", "{{migration}}")],
        unit="s", kind="stat", width=5, height=4, steps=((None, BLUE),), empty="no open watch",
    ),
    Panel(
        "Rollback in",
        "What is left of the hold of a breach under way. Then, with enough evidence, a rollback "
        "is executed (`auto`), asked for (`approve`) or only noted (`observe`).",
        [(f"clamp_min(min({M}streak_hold_seconds{{{WATCH}, {ROLLBACK}}} - "
          f"{M}streak_age_seconds{{{WATCH}, {ROLLBACK}}}), 0)", "")],
        unit="s", kind="stat", width=5, height=4, steps=((None, RED), (60, ORANGE)), empty="no breach",
    ),
    Panel(
        "Ready to roll back", "Whether the rollback could be executed now.",
        [(f"min({M}rollback_ready{{{WATCH}}})", "")], unit="none", kind="stat", width=4, height=4,
        words=READY, empty="no open watch",
    ),
    Panel(
        "Rows at risk", "Rows and values that a rollback would take away now.",
        [(f"max({M}rollback_rows_at_risk{{{WATCH}}})", "")], kind="stat", width=4, height=4,
        steps=((None, GREEN), (1, ORANGE)), empty="not known",
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
    states("Normal", "Whether each metric is known and normal.", "metric_normal", TARGET, METRIC,
           NORMAL, "min"),
    states("Blind", "Metrics that could not be measured for too long.", "metric_blind", TARGET, METRIC,
           BLIND),
    states("No traffic", "Metrics whose source answers, and nobody asks anything.", "metric_quiet",
           TARGET, METRIC, QUIET),
    Panel(
        "Age of the last measurement", "How long ago each metric was last measured.",
        [(f"time() - max by (target, metric) ({M}metric_timestamp_seconds{{{TARGET}}})",
          "{{target}} {{metric}}")],
        unit="s",
    ),
)  # fmt: skip

DECISION = (
    Panel(
        "Breaches", "How long each rule has been breached without a break, against what it has to last.",
        [
            (f"max by (migration, rule) ({M}streak_age_seconds{{{WATCH}}})", "{{migration}} {{rule}}"),
            (f"max by (migration, rule) ({M}streak_hold_seconds{{{WATCH}}})",
             "limit: hold of {{migration}} {{rule}}"),
        ],
        unit="s",
    ),
    states("Firing", "Rules that fire.", "streak_firing", WATCH, RULE, FIRING),
    states("Too little evidence", "Breaches that have lasted for their hold without enough requests.",
           "streak_insufficient_evidence", WATCH, RULE, EVIDENCE),
    Panel(
        "Evidence", "How much the counts of a breach speak for it, against what is needed to act.",
        [
            (f"max by (migration, rule) ({M}streak_evidence{{{WATCH}}})", "{{migration}} {{rule}}"),
            (f"max by (migration, rule) ({M}streak_evidence_needed{{{WATCH}}})",
             "limit: needed by {{migration}} {{rule}}"),
        ],
        unit="short",
    ),
    Panel(
        "Proven normal", "Requests that prove a metric normal, against what success needs.",
        [
            (f"max by (migration, metric) ({M}proven_requests{{{WATCH}}})", "{{migration}} {{metric}}"),
            (f"max by (migration, metric) ({M}proven_requests_needed{{{WATCH}}})",
             "limit: needed by {{migration}} {{metric}}"),
        ],
        unit="short",
    ),
    phases("Phases", "The phase of each watch over time."),
    replace(
        states("In the rollback's way",
               "What would have kept a rollback from being executed, when it would have.",
               "rollback_not_ready", WATCH, ("migration", "reason"), IN_THE_WAY, only=" == 1"),
        empty="nothing",
    ),
    counts("Tries of rollbacks", f"Tries {SHOWN} that did not get their locks or lost their connection.",
           "rollback_tries_total", TARGET, ("target",), {}),
    Panel(
        "From breach to outcome",
        f"Mean time from a breach's first sample to its rollback's outcome, of those that ended {SHOWN}.",
        [(f"sum by (target) (increase({M}rollback_duration_seconds_sum{{{TARGET}}}[$__range])) / "
          f"(sum by (target) (increase({M}rollback_duration_seconds_count{{{TARGET}}}[$__range])) > 0)",
          "{{target}}")],
        unit="s", kind="stat", steps=((None, BLUE),), empty="no rollback",
    ),
    counts("Hooks", f"Hooks before and after rollbacks {SHOWN}, by how they ended.", "hooks_total", TARGET,
           ("moment", "outcome"), HOOKS),
)  # fmt: skip

SOURCES = (
    Panel(
        "Sessions", "Client sessions of the target database by state.",
        [(f"max by (target, state) ({M}database_sessions{{{TARGET}}})", "{{target}} {{state}}")],
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
        "Transactions", "Commits and rollbacks, as the database counts them.",
        [
            (f"sum(rate({M}database_commits_total{{{TARGET}}}[$__rate_interval]))", "commits"),
            (f"sum(rate({M}database_rollbacks_total{{{TARGET}}}[$__rate_interval]))", "rollbacks"),
        ],
        unit="ops",
    ),
    counts("Deadlocks", f"Deadlocks {SHOWN}, as the database counts them.", "database_deadlocks_total",
           TARGET, ("target",), {}),
    Panel(
        "Reads of sources", "Reads by how they ended: a value, no traffic, a failure.",
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
