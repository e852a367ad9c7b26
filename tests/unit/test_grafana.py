"""The dashboards are what is checked in, keep the rules of Grafana's linter, and ask for what is exported."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from grafana import words
from grafana.build import dashboards
from monitor.core.events import Verdict
from monitor.core.phases import Phase
from monitor.web.catalogue import METRICS, OUTCOMES, PREFIX
from tests.dashboards import BUILT, expressions, panels, selectors
from tests.prometheus import HAS_PROMTOOL, OWN_METRIC, ROOT, read, said_by

NAMES = sorted(BUILT)

KINDS = {m.full_name: m.kind for m in METRICS}


RARE = {
    f"{PREFIX}{name}"
    for name in ("decisions_total", "rollbacks_total", "rollback_tries_total", "rollback_duration_seconds",
                 "hooks_total", "alerts_total", "database_deadlocks_total")
}  # fmt: skip
"""Once a day or never: as a rate they are a line at zero."""

GOOD = {f"{PREFIX}metric_normal", f"{PREFIX}rollback_ready"}
"""Truths that are well when they are 1; the others are well when they are 0."""


def own_name(found: str) -> str:
    """The family of a series; a histogram's parts are of it."""
    return re.sub(r"_(bucket|sum|count)$", "", found) if found not in KINDS else found


def test_the_files_are_what_the_script_writes() -> None:
    """Stale: run `uv run python -m grafana.build`."""
    written = {path: path.read_text(encoding="utf-8") for path in (ROOT / "grafana/dashboards").iterdir()}
    assert written == dashboards()


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_can_be_provisioned(name: str) -> None:
    """No identity of an installation, a stable uid, not edited in place, no export's leftovers."""
    found = BUILT[name]
    assert found["id"] is None
    assert found["uid"] == f"migration-monitor-{name}"
    assert found["editable"] is False
    assert 39 <= found["schemaVersion"] <= 41
    assert "__inputs" not in found
    assert found["title"]
    assert found["description"]


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_has_its_variables(name: str) -> None:
    """The data source first; all others are asked of it again when the time changes."""
    source, *others = BUILT[name]["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    wanted = ["job", "instance", *(["target", "migration"] if name == "watch" else [])]
    assert [v["name"] for v in others] == wanted
    for variable in others:
        assert variable["datasource"]["uid"] == "${datasource}"
        assert (variable["refresh"], variable["includeAll"], variable["multi"]) == (2, True, True)
        # `up` and `process_...` are everybody's: all jobs are those that have our metrics
        assert variable["allValue"] == (None if variable["name"] == "job" else ".+")


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_can_be_read(name: str) -> None:
    """A title of its own, a description, a unit, something to draw, from the chosen source."""
    found = panels(name)
    assert len({p["title"] for p in found}) == len(found)
    for panel in found:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
        assert len({t["refId"] for t in panel["targets"]}) == len(panel["targets"])
        assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])


@pytest.mark.parametrize("name", NAMES)
def test_panels_have_places_of_their_own(name: str) -> None:
    """Unique numbers, within the grid, none over another."""
    every: list[dict[str, Any]] = BUILT[name]["panels"]
    assert len({p["id"] for p in every}) == len(every)
    for one, other in combinations([p["gridPos"] for p in every], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in every)


@pytest.mark.parametrize("name", NAMES)
def test_every_selector_is_of_the_chosen_installation(name: str) -> None:
    """`job` and `instance` everywhere; in the watch's dashboard the target, too."""
    wanted = ['job=~"$job"', 'instance=~"$instance"', *(['target=~"$target"'] if name == "watch" else [])]
    for expression in expressions(name):
        for selector in selectors(expression):
            assert all(part in selector for part in wanted), expression


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_for_is_exported_and_asked_by_its_kind(name: str) -> None:
    """Counters as rates over the interval that fits the scrape, rare ones counted over all that is shown."""
    for expression in expressions(name):
        for found in OWN_METRIC.findall(expression):
            asked = re.findall(rf"(\w+)\({found}\{{[^}}]*\}}\[(.+?)\]\)", expression)
            wanted = ("increase", "$__range") if own_name(found) in RARE else ("rate", "$__rate_interval")
            assert asked == ([] if KINDS[own_name(found)] == "gauge" else [wanted]), expression


@pytest.mark.parametrize("name", NAMES)
def test_a_truth_is_told_in_words(name: str) -> None:
    """Not as 1 and 0, and green only where that is well."""
    truths = {m.full_name for m in METRICS if m.help.startswith("1 ") and m.kind == "gauge"}
    for panel in panels(name):
        options, defaults = panel["options"], panel["fieldConfig"]["defaults"]
        if panel["type"] != "state-timeline":
            continue
        assert options["showValue"] == "auto"
        (asked,) = {found for target in panel["targets"] for found in OWN_METRIC.findall(target["expr"])}
        assert asked in truths
        (told,) = (mapping["options"] for mapping in defaults["mappings"])
        if asked != f"{PREFIX}watch_phase":
            good = "1" if asked in GOOD else "0"
            assert {value for value, word in told.items() if word["color"] == "green"} <= {good}


def test_words_are_those_of_the_program() -> None:
    """Every phase, verdict and outcome has its colour, and each phase a number of its own."""
    assert set(words.PHASES) == {phase.value for phase in Phase}
    assert [phase for phase, colour in words.PHASES.items() if colour == "green"] == ["watching"]
    assert [phase for phase, _ in words.NUMBERED.values()] == list(words.PHASES)
    assert set(words.VERDICTS) == {verdict.value for verdict in Verdict}
    assert set(words.OUTCOMES) == set(OUTCOMES["rollbacks_total"]["outcome"])
    assert set(words.ATTEMPTS) == set(OUTCOMES["alerts_total"]["outcome"])
    assert set(words.HOOKS) == set(OUTCOMES["hooks_total"]["outcome"])


def test_a_table_shows_no_bare_numbers() -> None:
    """Times have their unit, truths their words; phases and verdicts are coloured."""
    tables = {panel["title"]: panel["fieldConfig"] for panel in panels("fleet") if panel["type"] == "table"}
    columns = {o["matcher"]["options"]: {p["id"]: p["value"] for p in o["properties"]}
               for o in tables["Watches"]["overrides"]}  # fmt: skip
    assert columns["can succeed in"]["unit"] == "s"
    assert [w["text"] for w in columns["ready to roll back"]["mappings"][0]["options"].values()] == [
        "no",
        "yes",
    ]
    assert set(columns["phase"]["mappings"][0]["options"]) == {phase.value for phase in Phase}
    ended = tables["How the latest watches ended"]
    assert ended["defaults"]["unit"] == "s"
    assert ended["overrides"][0]["matcher"]["options"] == "verdict"


@pytest.mark.parametrize("name", NAMES)
def test_registrations_breaches_and_ends_are_annotated(name: str) -> None:
    """From the chosen source, each with the migration's name."""
    found = BUILT[name]["annotations"]["list"]
    assert [n["name"] for n in found] == [
        "Registered", "Breach", "Rollback decided",
        "Succeeded", "Rolled back", "Rollback went wrong", "Ended undecided",
    ]  # fmt: skip
    ends = {n["iconColor"]: re.findall(r'verdict=~"(.+?)"', n["expr"]) for n in found[3:]}
    told = [verdict for (verdicts,) in ends.values() for verdict in verdicts.split("|")]
    assert sorted(told) == sorted(verdict.value for verdict in Verdict)
    assert ends["green"] == ["succeeded"]
    assert all(n["datasource"]["uid"] == "${datasource}" for n in found)
    assert all("{{migration}}" in n["textFormat"] for n in found)


def test_the_provisioning_files_say_where_everything_is() -> None:
    """In the form that Grafana reads."""
    folder = ROOT / "grafana/provisioning"
    (source,) = read(folder / "datasources/prometheus.yaml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    (provider,) = read(folder / "dashboards/migration-monitor.yaml")["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"] in (ROOT / "grafana/README.md").read_text(encoding="utf-8")


if HAS_PROMTOOL:

    async def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
        """As recording rules, which its tool parses."""
        asked = [
            e.replace("$__rate_interval", "1m").replace("$__range", "6h")
            for name in NAMES
            for e in expressions(name)
        ]
        rules = [{"record": f"asked:{i}", "expr": e} for i, e in enumerate(asked)]
        (tmp_path / "asked.json").write_text(json.dumps({"groups": [{"name": "asked", "rules": rules}]}))
        code, said = await said_by("promtool", "check", "rules", "--lint=none", "asked.json", cwd=tmp_path)
        assert code == 0, said

    async def test_each_watch_has_a_phase_of_its_own(tmp_path: Path) -> None:
        """One paused and one watching: neither hides the other, and a word belongs to what is drawn."""
        (panel,) = (p for p in panels("watch") if p["title"] == "Phases")
        asked = re.sub(r"\$\w+", ".*", panel["targets"][0]["expr"])
        now = {"a": "watching", "b": "paused"}
        series = [
            {"series": f'{PREFIX}watch_phase{{job="j",instance="i",target="shop",migration="{migration}",'
                       f'phase="{phase}"}}', "values": str(int(now[migration] == phase))}
            for migration in now for phase in words.PHASES
        ]  # fmt: skip
        numbers = {phase: number for number, (phase, _) in words.NUMBERED.items()}
        samples = [
            {"labels": f'{{target="shop",migration="{m}"}}', "value": numbers[p]} for m, p in now.items()
        ]
        test = {"interval": "1m", "input_series": series, "promql_expr_test": [
            {"expr": asked, "eval_time": "0m", "exp_samples": samples},
        ]}  # fmt: skip
        (tmp_path / "test.json").write_text(json.dumps({"tests": [test]}))
        code, said = await said_by("promtool", "test", "rules", "test.json", cwd=tmp_path)
        assert code == 0, said


def test_the_prefix_is_that_of_the_catalogue() -> None:
    """So that nothing above looks for names that can't be found."""
    assert all(OWN_METRIC.fullmatch(name) and name.startswith(PREFIX) for name in KINDS)
