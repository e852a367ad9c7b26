"""The fleet dashboard: every daemon, target and open watch at a glance, and whether the daemons are well."""

from __future__ import annotations

from collections.abc import Mapping

from grafana.pieces import (
    ANY,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Json,
    Panel,
    column,
    dashboard,
    ending,
    mapping,
    note,
    row,
    variables,
)
from grafana.words import ATTEMPTS, OUTCOMES, PHASES, READY, VERDICTS

M = "migration_monitor_"
ROLLBACK = 'rule=~".+\\\\.rollback"'
BAD = ((None, GREEN), (1, RED))
WATCH = "on (job, instance, target, migration)"
SHOWN = "within the time that is shown"


def counts(title: str, description: str, name: str, which: str, labels: tuple[str, ...],
           colours: Mapping[str, str]) -> Panel:  # fmt: skip
    """How often something rare happened in the whole time shown; a rate of it would be a flat line near zero.

    The last label decides the colour.
    """
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    query = f"sum by ({', '.join(labels)}) (increase({M}{name}{{{which}}}[$__range]))"
    return Panel(
        title, description, [(query, legend)], unit="none", kind="bargauge", steps=((None, BLUE),),
        overrides=[ending(value, colour) for value, colour in colours.items()],
    )  # fmt: skip


def coloured(words: Mapping[str, str]) -> tuple[tuple[str, object], ...]:
    """A column of words, each in its colour."""
    return (
        ("mappings", [mapping({word: (word, colour) for word, colour in words.items()})]),
        ("custom.cellOptions", {"type": "color-text"}),
    )


NOW = (
    Panel(
        "Daemons", "Daemons that Prometheus could scrape just now, and those that it could not.",
        [(f"sum(up{{{ANY}}})", "answer"), (f"sum(up{{{ANY}}} == bool 0)", "silent")],
        unit="none", kind="stat", width=4, height=4, steps=((None, RED), (1, GREEN)), empty="none known",
        overrides=[column("silent", ("thresholds", {"mode": "absolute", "steps": [
            {"value": None, "color": GREEN}, {"value": 1, "color": RED},
        ]}))],
    ),
    Panel(
        "Open watches", "Migrations that are being watched.",
        [(f"count(count by (target, migration) ({M}watch_info{{{ANY}}})) or vector(0)", "")],
        kind="stat", width=4, height=4, steps=((None, BLUE),),
    ),
    Panel(
        "Breaches under way", "Rules with a rollback limit that is exceeded at this moment.",
        [(f"sum({M}streak_age_seconds{{{ANY}, {ROLLBACK}}} > bool 0) or vector(0)", "")],
        kind="stat", width=4, height=4, steps=BAD,
    ),
    Panel(
        "Not ready", "Watches that could not be rolled back if they had to; not those that only observe.",
        [(f"sum(({M}rollback_ready{{{ANY}}} == bool 0)"
          f" unless {WATCH} ({M}watch_superseded{{{ANY}}} == 1)"
          f" unless {WATCH} {M}watch_info{{{ANY}, mode=\"observe\"}}"
          f" unless {WATCH} ({M}watch_phase{{{ANY}, phase=~\"rolling_back|in_doubt\"}} == 1))"
          f" or vector(0)", "")],
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
        "Watches",
        "Every open watch: its phase, when it can succeed at the earliest (as of its registration), and "
        "whether it could be rolled back now.",
        [
            (f"max by (target, migration, phase) ({M}watch_phase{{{ANY}}} == 1)", ""),
            (f"max by (target, migration) ({M}watch_left_seconds{{{ANY}}})", ""),
            (f"min by (target, migration) ({M}rollback_ready{{{ANY}}})", ""),
        ],
        unit="none", kind="table", width=14,
        overrides=[
            column("phase", *coloured(PHASES)),
            column("can succeed in", ("unit", "s"), ("decimals", 0)),
            column("ready to roll back", ("mappings", [mapping(READY)]),
                   ("custom.cellOptions", {"type": "color-text"})),
        ],
        more={
            "transformations": [
                {"id": "merge", "options": {}},
                {"id": "organize", "options": {
                    "excludeByName": {"Time": True, "Value #A": True},
                    "renameByName": {"Value #B": "can succeed in", "Value #C": "ready to roll back"},
                }},
            ]
        },
    ),
    Panel(
        "How the latest watches ended", "Of each verdict the latest watch, and how long ago that was.",
        [(f"min by (target, migration, verdict) (time() - {M}watch_verdict_timestamp_seconds{{{ANY}}})", "")],
        unit="s", kind="table", width=10, overrides=[column("verdict", *coloured(VERDICTS))],
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
    counts("Decisions", f"What the decision cores said {SHOWN}, by kind.", "decisions_total", ANY,
           ("decision",), {}),
    counts("Rollbacks", f"Rollbacks that came to an end {SHOWN}, by outcome.", "rollbacks_total", ANY,
           ("outcome",), OUTCOMES),
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
    counts("Alerts", f"Attempts to deliver alerts {SHOWN}, by channel and how they ended.", "alerts_total",
           ANY, ("channel", "outcome"), ATTEMPTS),
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
    ends = {
        "Succeeded": (GREEN, "succeeded"),
        "Rolled back": (ORANGE, "rolled_back|resolved_externally"),
        "Rollback went wrong": (RED, "failed|refused|unverified"),
        "Ended undecided": (YELLOW, "inconclusive|cancelled"),
    }
    return [
        note("Registered", BLUE, f"{started}{{{which}}} * 1000", "watch begins", who, at_value=True),
        note("Breach", YELLOW, f"{M}streak_age_seconds{{{which}, {ROLLBACK}}} > 0", "{{rule}}", who),
        note("Rollback decided", RED, f"{decided}{{{which}}} * 1000", "rollback decided", who, at_value=True),
        *(
            note(
                name,
                colour,
                f'{ended}{{{which}, verdict=~"{verdicts}"}} * 1000',
                "{{verdict}}",
                who,
                at_value=True,
            )
            for name, (colour, verdicts) in ends.items()
        ),
    ]
