"""The alerts for Prometheus: named, told and tested alike, on metrics that exist, each with its runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.core.events import Verdict
from monitor.core.phases import Phase
from monitor.ports import Lack
from monitor.web.catalogue import BUCKETS, METRICS, OUTCOMES
from tests.prometheus import FOLDER, HAS_AMTOOL, HAS_PROMTOOL, OWN_METRIC, ROOT, read, rules, said_by

RULES = rules()

SEVERITIES = {"critical", "warning", "info"}

PARTS = ["Means.", "By itself.", "Look at.", "Do."]

EXPORTED = {
    m.full_name + ending
    for m in METRICS
    for ending in (("_bucket", "_sum", "_count") if m.name in BUCKETS else ("",))
}


def runbook() -> dict[str, str]:
    """The sections of the folder's README after its heading `Runbook`, in order."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8").split("\n# Runbook\n", 1)[1]
    sections = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(sections[::2], sections[1::2], strict=True))


@pytest.mark.parametrize("name", RULES)
def test_an_alert_is_named_labelled_and_told_like_the_others(name: str) -> None:
    """One first word, a known severity, a static summary, a description that names what it is about."""
    rule = RULES[name]
    told = rule["annotations"]
    assert re.fullmatch(r"MigrationMonitor([A-Z][a-z]+)+", name)
    assert set(rule["labels"]) == {"severity"}
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(told) == {"summary", "description", "runbook_url"}
    assert "{{" not in told["summary"]
    assert told["summary"].endswith(".")
    assert "{{" in told["description"]
    assert told["runbook_url"] == f"deploy/prometheus/README.md#{name.lower()}"


@pytest.mark.parametrize("name", RULES)
def test_an_alert_asks_for_metrics_and_values_that_exist(name: str) -> None:
    """A name or a label's value that nobody exports would never fire."""
    expression = RULES[name]["expr"]
    assert set(OWN_METRIC.findall(expression)) <= EXPORTED
    known = {
        "phase": {phase.value for phase in Phase},
        "verdict": {verdict.value for verdict in Verdict},
        "outcome": {v for labels in OUTCOMES.values() for v in labels.get("outcome", ())},
        "reason": set(OUTCOMES["http_refused_total"]["reason"]),
    }
    for label, values in known.items():
        for asked in re.findall(rf'\b{label}=~?"([^"]+)"', expression):
            assert set(asked.split("|")) <= values


def test_each_alert_has_its_runbook_and_no_section_is_without_an_alert() -> None:
    """In the order of the rules; each says what it means, what happens, what to look at, what to do."""
    sections = runbook()
    assert list(sections) == list(RULES)
    for name, text in sections.items():
        assert re.findall(r"^\*\*(.+?)\*\* \S", text, flags=re.MULTILINE) == PARTS, name


def test_every_runbook_leads_to_how_its_commands_are_typed() -> None:
    """Who is woken reads one section."""
    link = "[How to run a command, and where the log is](../README.md#commands-logs-page)"
    assert [name for name, text in runbook().items() if not text.rstrip().endswith(f"\n\n{link}")] == []


@pytest.mark.parametrize("page", ["deploy/prometheus/README.md", "docs/rollback.md"])
def test_the_reasons_that_are_told_are_those_of_the_code(page: str) -> None:
    """In the order of the code, where `migration_monitor_rollback_not_ready` is explained."""
    text = (ROOT / page).read_text(encoding="utf-8").split("`migration_monitor_rollback_not_ready`", 1)[1]
    (told,) = re.findall(r"((?:`[a-z_]+`, ){5,}`[a-z_]+`)", text)
    assert re.findall(r"`([a-z_]+)`", told) == [lack.value for lack in Lack]


def test_each_alert_is_tested_both_ways() -> None:
    """Once that it fires, once that it does not."""
    asked = [a for test in read(FOLDER / "rules_test.yaml")["tests"] for a in test["alert_rule_test"]]
    assert {a["alertname"] for a in asked if a["exp_alerts"]} == set(RULES)
    assert {a["alertname"] for a in asked if not a["exp_alerts"]} == set(RULES)


def test_no_label_of_ours_is_one_that_prometheus_gives() -> None:
    """It would be renamed to `exported_...` at each scrape."""
    assert not {label for m in METRICS for label in m.labels} & {"job", "instance"}


if HAS_PROMTOOL:

    @pytest.mark.parametrize(
        "command",
        [
            ("check", "rules", "rules.yaml"),
            ("test", "rules", "rules_test.yaml"),
            ("check", "config", "prometheus.yaml"),
        ],
        ids=" ".join,
    )
    async def test_promtool_takes_the_files(command: tuple[str, ...]) -> None:
        """Syntax, and every alert at its time with its words."""
        code, said = await said_by("promtool", *command)
        assert code == 0, said

    @pytest.mark.slow
    async def test_the_runbooks_address_is_put_in_by_the_command_that_is_told(tmp_path: Path) -> None:
        """Rules and tests alike, so that the tests still hold."""
        for name in ("rules.yaml", "rules_test.yaml"):
            (tmp_path / name).write_text((FOLDER / name).read_text(encoding="utf-8"))
        (command,) = re.findall(r"^sed -i .*$", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M)
        assert await said_by("sh", "-c", command, cwd=tmp_path) == (0, "")
        found = re.findall(r"runbook_url: (.*)#", (tmp_path / "rules.yaml").read_text())
        page = "https://git.example/migration-monitor/blob/main/deploy/prometheus/README.md"
        assert found == [page] * len(RULES)
        code, said = await said_by("promtool", "test", "rules", "rules_test.yaml", cwd=tmp_path)
        assert code == 0, said


if HAS_AMTOOL:

    async def test_amtool_takes_the_example() -> None:
        """Routes, inhibitions and receivers."""
        code, said = await said_by("amtool", "check-config", "alertmanager.yaml")
        assert code == 0, said
