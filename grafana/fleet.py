"""The fleet dashboard: every daemon, target and open watch at a glance, and whether the daemons are well."""

from __future__ import annotations

from grafana.pieces import ANY, BLUE, GREEN, ORANGE, RED, Json, Panel, dashboard, note, row, variables

M = "migration_monitor_"
ROLLBACK = 'rule=~".+\\\\.rollback"'
BAD = ((None, GREEN), (1, RED))

NOW = (
    Panel(
        "Daemons", "Daemons that Prometheus could scrape just now.",
        [(f"sum(up{{{ANY}}})", "")], kind="stat", width=4, height=4, steps=((None, RED), (1, GREEN)),
    ),
    Panel(
        "Open watches", "Migrations that are being watched.",
        [(f"count({M}watch_info{{{ANY}}}) or vector(0)", "")], kind="stat", width=4, height=4,
        steps=((None, BLUE),),
    ),
    Panel(
        "Breaches under way", "Rules with a rollback limit that is exceeded at this moment.",
        [(f"sum({M}streak_age_seconds{{{ANY}, {ROLLBACK}}} > bool 0) or vector(0)", "")],
        kind="stat", width=4, height=4, steps=BAD,
    ),
    Panel(
        "Not ready", "Watches that could not be rolled back now, those that only observe included.",
        [(f"sum({M}rollback_ready{{{ANY}}} == bool 0) or vector(0)", "")],
        kind="stat", width=4, height=4, steps=BAD,
    ),
    Panel(
        "Blind metrics", "Metrics that could not be measured for too long.",
        [(f"sum({M}metric_blind{{{ANY}}})", "")], kind="stat", width=4, height=4,
        steps=((None, GREEN), (1, ORANGE)),
    ),
    Panel(
        "Oldest decision", "How long ago the slowest decision loop finished a round.",
        [(f"max(time() - {M}last_decision_timestamp_seconds{{{ANY}}})", "")], unit="s",
        kind="stat", width=4, height=4, steps=((None, GREEN), (30, ORANGE), (120, RED)),
    ),
)  # fmt: skip

TABLES = (
    Panel(
        "Watches", "Every open watch: its phase, the time left, and whether it could be rolled back now (1).",
        [
            (f"max by (target, migration, phase) ({M}watch_phase{{{ANY}}} == 1)", ""),
            (f"max by (target, migration) ({M}watch_left_seconds{{{ANY}}})", ""),
            (f"min by (target, migration) ({M}rollback_ready{{{ANY}}})", ""),
        ],
        unit="none", kind="table", width=14,
        more={
            "transformations": [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {
                    "excludeByName": {"Time": True, "Value #A": True},
                    "renameByName": {"Value #B": "seconds left", "Value #C": "ready"},
                }},
            ]
        },
    ),
    Panel(
        "How the latest watches ended", "Of each verdict the latest watch, and how long ago that was.",
        [(f"min by (target, migration, verdict) (time() - {M}watch_verdict_timestamp_seconds{{{ANY}}})", "")],
        unit="s", kind="table", width=10,
        more={
            "transformations": [
                {"id": "organize", "options": {
                    "excludeByName": {"Time": True}, "renameByName": {"Value": "ago"},
                }},
            ]
        },
    ),
)  # fmt: skip

TARGETS = (
    Panel(
        "Error rate", "The error rate of each target; no line where it is not known.",
        [(f'max by (target) ({M}metric_ratio{{{ANY}, metric="error_rate"}})', "{{target}}")],
        unit="percentunit",
    ),
    Panel(
        "Age of breaches", "How long rollback limits have been exceeded without a break.",
        [(f"max by (target, migration, rule) ({M}streak_age_seconds{{{ANY}, {ROLLBACK}}})",
          "{{migration}} {{rule}}")],
        unit="s",
    ),
    Panel(
        "Decisions", "What the decision cores said, by kind.",
        [(f"sum by (decision) (rate({M}decisions_total{{{ANY}}}[$__rate_interval]))", "{{decision}}")],
        unit="ops",
    ),
    Panel(
        "Rollbacks", "Rollbacks that came to an end, by outcome.",
        [(f"sum by (outcome) (rate({M}rollbacks_total{{{ANY}}}[$__rate_interval]))", "{{outcome}}")],
        unit="ops",
    ),
)  # fmt: skip

DAEMONS = (
    Panel(
        "Age of the last decision", "It stays under two intervals while the loop is well.",
        [(f"time() - {M}last_decision_timestamp_seconds{{{ANY}}}", "{{instance}} {{target}}")], unit="s",
    ),
    Panel(
        "Event loop lag", "How late timers of the event loop fire: the 99th percentile.",
        [(f"histogram_quantile(0.99, sum by (le, instance) "
          f"(rate({M}event_loop_lag_seconds_bucket{{{ANY}}}[$__rate_interval])))", "{{instance}}")],
        unit="s",
    ),
    Panel(
        "Alerts", "Attempts to deliver alerts, by channel and how they ended.",
        [(f"sum by (channel, outcome) (rate({M}alerts_total{{{ANY}}}[$__rate_interval]))",
          "{{channel}} {{outcome}}")],
        unit="ops",
    ),
    Panel(
        "Alerts waiting", "Alerts in memory that their channel has not taken yet.",
        [(f"sum by (channel) ({M}alerts_queued{{{ANY}}})", "{{channel}}")],
    ),
    Panel(
        "Writes to the store", "Rounds written, and those that could not be.",
        [(f"sum by (target, outcome) (rate({M}store_writes_total{{{ANY}}}[$__rate_interval]))",
          "{{target}} {{outcome}}")],
        unit="ops",
    ),
    Panel(
        "Requests", "Requests that the daemons answered, by class of status.",
        [(f"sum by (code) (rate({M}http_requests_total{{{ANY}}}[$__rate_interval]))", "{{code}}")],
        unit="reqps",
    ),
    Panel(
        "Memory", "Resident memory of each daemon.",
        [(f"process_resident_memory_bytes{{{ANY}}}", "{{instance}}")], unit="bytes",
    ),
    Panel(
        "CPU", "Processor time of each daemon; 100 % is one core.",
        [(f"rate(process_cpu_seconds_total{{{ANY}}}[$__rate_interval])", "{{instance}}")],
        unit="percentunit",
    ),
)  # fmt: skip


def fleet() -> Json:
    """The whole dashboard."""
    pieces: list[Panel | str] = [
        row("Now"),
        *NOW,
        *TABLES,
        row("Targets"),
        *TARGETS,
        row("Daemons"),
        *DAEMONS,
    ]
    return dashboard(
        "migration-monitor-fleet", "migration-monitor / Fleet",
        "Every daemon, target and open watch of migration-monitor.",
        variables(*installation()), notes(ANY), pieces,
    )  # fmt: skip


def installation() -> list[tuple[str, str, str]]:
    """The variables that every dashboard has."""
    info = f"{M}build_info"
    return [
        ("job", "Job", f"label_values({info}, job)"),
        ("instance", "Instance", f'label_values({info}{{job=~"$job"}}, instance)'),
    ]


def notes(which: str) -> list[Json]:
    """Registrations, breaches, decisions and ends, for these series."""
    who = "{{migration}} on {{target}}"
    started, decided = f"{M}watch_started_timestamp_seconds", f"{M}rollback_decided_timestamp_seconds"
    ended = f"{M}watch_verdict_timestamp_seconds"
    return [
        note("Registered", BLUE, f"{started}{{{which}}} * 1000", "watch begins", who, at_value=True),
        note("Breach", ORANGE, f"{M}streak_age_seconds{{{which}, {ROLLBACK}}} > 0", "{{rule}}", who),
        note("Rollback decided", RED, f"{decided}{{{which}}} * 1000", "rollback decided", who, at_value=True),
        note("Ended", GREEN, f"{ended}{{{which}}} * 1000", "{{verdict}}", who, at_value=True),
    ]
