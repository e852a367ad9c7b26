"""The metrics page, scraped from the running server and judged by Prometheus' own tool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.core.samples import SECOND
from monitor.ports import DECIDED, Milestone
from monitor.ports.readiness import Lack
from monitor.web.catalogue import METRICS, OUTCOMES, PREFIX
from monitor.web.exposition import KEEP_SECONDS
from monitor.web.telemetry import Known, PrometheusTelemetry
from tests.alerts import NOON
from tests.machine import has
from tests.site import WATCH, Running, running


@pytest.fixture
async def web() -> AsyncIterator[Running]:
    async with running() as found:
        yield found


async def scraped(web: Running) -> dict[str, float]:
    """name{labels} -> value, without the process' own."""
    text = (await web.get("/metrics")).text
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith(PREFIX)
    }


if has("promtool"):  # without it this test is not collected

    async def test_promtool_has_nothing_to_say(web: Running) -> None:
        """Names, units, help and format as Prometheus wants them."""
        text = (await web.get("/metrics")).content
        tool = await asyncio.create_subprocess_exec(
            "promtool", "check", "metrics",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await asyncio.wait_for(tool.communicate(text), 30)
        assert (tool.returncode, said.decode()) == (0, "")


async def test_measured_values_are_in_base_units(web: Running) -> None:
    """Milliseconds become seconds; what is not known has no series."""
    found = await scraped(web)
    assert found['migration_monitor_metric_ratio{metric="error_rate",target="shop"}'] == 0.052
    assert found['migration_monitor_metric_seconds{metric="response_time",target="shop"}'] == 0.12
    assert not any("metric_quantity" in name for name in found)
    assert (
        found['migration_monitor_limit_seconds{limit="normal_below",metric="response_time",target="shop"}']
        == 0.2
    )
    assert found['migration_monitor_metric_blind{metric="connections",target="shop"}'] == 1
    assert found['migration_monitor_metric_normal{metric="connections",target="shop"}'] == 0


async def test_watch_and_heartbeat_are_exported(web: Running) -> None:
    """Phase, streak, time left, readiness, the loop's last round."""
    found = await scraped(web)
    who = 'migration="0042_rename_email"'
    assert found['migration_monitor_last_decision_timestamp_seconds{target="shop"}'] == NOON / SECOND
    assert found[f'migration_monitor_watch_phase{{{who},phase="watching",target="shop"}}'] == 1
    assert found[f'migration_monitor_watch_phase{{{who},phase="rolling_back",target="shop"}}'] == 0
    assert (
        found[f'migration_monitor_streak_age_seconds{{{who},rule="error_rate.rollback",target="shop"}}']
        == 120
    )
    assert found[f'migration_monitor_streak_age_seconds{{{who},rule="error_rate.warn",target="shop"}}'] == 0
    assert found[f'migration_monitor_watch_left_seconds{{{who},target="shop"}}'] == 82_800
    assert found[f'migration_monitor_rollback_ready{{{who},target="shop"}}'] == 1
    assert found['migration_monitor_database_sessions{state="active",target="shop"}'] == 3
    assert found['migration_monitor_database_deadlocks_total{target="shop"}'] == 0


async def test_evidence_and_what_is_proven_are_exported_with_what_is_needed(web: Running) -> None:
    """Of counts only: a streak of plain values, and a metric without counts, have none."""
    who = 'migration="0042_rename_email"'
    names = ("streak_evidence", "streak_evidence_needed", "proven_requests", "proven_requests_needed")
    before = await scraped(web)
    assert not [name for name in before if name.startswith(tuple(f"migration_monitor_{n}{{" for n in names))]
    evidence = {"since": 1.0, "errors": 12.0, "requests": 1340.0, "score": 7.19, "needed": 9.0}
    proven = {"errors": 0, "requests": 2140.0, "needed": 3000.0, "left_out_minutes": 0, "normal": False}
    metrics = {
        "error_rate": {**WATCH["metrics"]["error_rate"], "proven": proven},
        "connections": {"proven": None},
    }
    web.overview.change_watch(streaks=[{**WATCH["streaks"][0], "evidence": evidence}], metrics=metrics)
    await asyncio.sleep(KEEP_SECONDS)
    found = await scraped(web)
    rule, metric = (
        f'{{{who},rule="error_rate.rollback",target="shop"}}',
        f'{{metric="error_rate",{who},target="shop"}}',
    )
    of = zip(names, (rule, rule, metric, metric), strict=True)
    assert [found[f"migration_monitor_{name}{who}"] for name, who in of] == [7.19, 9, 2140, 3000]


async def test_what_is_in_a_rollbacks_way_is_exported_by_its_code(web: Running) -> None:
    """1 for what lacks now, 0 for everything else that could; 0 for all when it is ready again."""
    who = 'migration="0042_rename_email"'
    way = "migration_monitor_rollback_not_ready"
    lacking = {"ok": False, "reasons": ["no right"], "codes": ["rights", "connection"], "notes": []}
    web.overview.change_watch(readiness=lacking)
    found = await scraped(web)
    assert found[f'migration_monitor_rollback_ready{{{who},target="shop"}}'] == 0
    ways = {name: value for name, value in found.items() if name.startswith(way)}
    assert {name for name, value in ways.items() if value == 1} == {
        f'{way}{{{who},reason="{code}",target="shop"}}' for code in ("rights", "connection")
    }
    assert len(ways) == len(Lack)
    web.overview.change_watch(readiness={"ok": True, "reasons": [], "codes": [], "notes": []})
    await asyncio.sleep(KEEP_SECONDS)  # until then the page is the one that was rendered last
    assert {value for name, value in (await scraped(web)).items() if name.startswith(way)} == {0}


async def test_a_superseded_watch_is_one_line_of_the_page_unless_its_rollback_is_under_way(
    web: Running,
) -> None:
    """A target with many migrations a day does not grow its page with each."""
    who = 'migration="0042_rename_email"'
    web.overview.change_watch(superseded=True)
    found = await scraped(web)
    assert {name: value for name, value in found.items() if who in name} == {
        f'migration_monitor_watch_superseded{{{who},target="shop"}}': 1
    }
    web.overview.change_watch(superseded=True, phase="in_doubt")
    await asyncio.sleep(KEEP_SECONDS)
    assert (await scraped(web))[f'migration_monitor_watch_phase{{{who},phase="in_doubt",target="shop"}}'] == 1


async def test_a_watch_that_is_over_leaves_no_series(web: Running) -> None:
    """Nothing goes stale on the page."""
    web.overview.change(watches=())
    assert not any("0042" in name for name in await scraped(web))


async def test_what_ended_is_exported_by_when(web: Running) -> None:
    """The latest watch of each verdict, also when no watch is open any more."""
    web.overview.change(
        watches=(),
        milestones=(
            Milestone(DECIDED, "0042_rename_email", NOON - SECOND),
            Milestone("rolled_back", "0042_rename_email", NOON),
        ),
    )
    found = await scraped(web)
    who = 'migration="0042_rename_email",target="shop"'
    assert found[f"migration_monitor_rollback_decided_timestamp_seconds{{{who}}}"] == NOON / SECOND - 1
    ended = f'migration_monitor_watch_verdict_timestamp_seconds{{{who},verdict="rolled_back"}}'
    assert found[ended] == NOON / SECOND


async def test_every_family_of_the_catalogue_is_on_the_page(web: Running) -> None:
    """The table says nothing that is not there."""
    text = (await web.get("/metrics")).text
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    assert {m.full_name for m in METRICS} <= shown


async def test_the_page_is_a_valid_exposition_without_created_series(web: Running) -> None:
    """Read by the official parser; every family once."""
    text = (await web.get("/metrics")).text
    names = [family.name for family in text_string_to_metric_families(text)]
    assert len(names) == len(set(names))
    assert "_created" not in text


def test_every_label_set_starts_at_zero() -> None:
    """So that a first increment is seen by rate()."""
    telemetry = PrometheusTelemetry(Known({"shop": ("error_rate", "database")}, ("slack",), jobs=("digest",)))
    value = telemetry.registry.get_sample_value
    for name, closed in OUTCOMES.items():
        metric = next(m for m in METRICS if m.name == name)
        for label, values in closed.items():
            others = {
                "target": "shop",
                "probe": "database",
                "channel": "slack",
                "calendar_job": "digest",
                "route": "/",
            }
            others |= {key: first for key, (first, *_) in closed.items()}
            fixed = {key: others[key] for key in metric.labels if key != label}
            assert all(value(PREFIX + name, {**fixed, label: v}) == 0 for v in values)


def test_probes_are_counted_only_with_their_own_target() -> None:
    """No series that can't exist."""
    telemetry = PrometheusTelemetry(Known({"shop": ("a",), "blog": ("b",)}))
    value = telemetry.registry.get_sample_value
    name = "migration_monitor_polls_total"
    assert value(name, {"target": "shop", "probe": "a", "outcome": "ok"}) == 0
    assert value(name, {"target": "shop", "probe": "b", "outcome": "ok"}) is None


def test_counting_and_observing() -> None:
    """Counters add, gauges add or are set, histograms observe."""
    telemetry = PrometheusTelemetry(Known({"shop": ("a",)}, ("slack",)))
    telemetry.count("late_samples_total", 2, target="shop")
    telemetry.count("alerts_queued", 3, channel="slack")
    telemetry.count("alerts_queued", -1, channel="slack")
    telemetry.observe("rollback_duration_seconds", 0.4, target="shop")
    telemetry.observe("event_loop_lag_seconds", 0.002)
    value = telemetry.registry.get_sample_value
    assert value("migration_monitor_late_samples_total", {"target": "shop"}) == 2
    assert value("migration_monitor_alerts_queued", {"channel": "slack"}) == 2
    assert value("migration_monitor_rollback_duration_seconds_count", {"target": "shop"}) == 1
    telemetry.observe("alerts_queued", 7, channel="slack")
    assert value("migration_monitor_alerts_queued", {"channel": "slack"}) == 7


def test_what_is_not_in_the_catalogue_can_not_be_counted() -> None:
    """Nor can a metric be used against its kind."""
    telemetry = PrometheusTelemetry(Known())
    with pytest.raises(KeyError):
        telemetry.count("nonsense_total")
    with pytest.raises(TypeError):
        telemetry.count("event_loop_lag_seconds")
    with pytest.raises(TypeError):
        telemetry.observe("late_samples_total", 1, target="shop")
