"""What the commands' help and refusals promise is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Commands

CONFIG = """targets:
  shop:
    database: {dsn: "postgresql://u:canary-77d0@127.0.0.1:9/x"}
    metrics: {error_rate: {sql: {query: SELECT 0, unit: ratio, without_counts: true}}}
    thresholds: {response_time: null}
"""


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    with Commands() as found:
        yield found


@pytest.mark.parametrize("command", ["watch", "wait", "pause", "resume", "cancel", "approve", "rollback"])
def test_the_argument_is_called_as_in_the_readme(commands: Commands, command: str) -> None:
    """MIGRATION, required."""
    usage = commands.call(command, "--help").stdout.splitlines()[0]
    assert "MIGRATION" in usage
    assert "[MIGRATION]" not in usage


def test_help_offers_the_data_loss_modes_there_are(commands: Commands) -> None:
    """All three."""
    shown = commands.call("watch", "--help").stdout
    assert all(mode in shown for mode in ("salvage", "quarantine", "accept"))


def test_an_unknown_data_loss_mode_is_told_the_known(commands: Commands, tmp_path: Path) -> None:
    """Whether or not the refusal can be kept."""
    config = tmp_path / "monitor.yaml"
    config.write_text(CONFIG)
    arguments = ("watch", "m", "--rollback", "-", "--data-loss", "nope")
    done = commands.call("--config", config, *arguments, given="DROP INDEX a")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("error: no data-loss mode 'nope': use salvage, quarantine, accept\n")


def test_a_database_that_is_away_is_told_with_the_remedy(commands: Commands, tmp_path: Path) -> None:
    """`check` knows which of the connections it is."""
    config = tmp_path / "monitor.yaml"
    config.write_text(CONFIG)
    done = commands.call("--config", config, "status")
    assert done.returncode == 1
    assert done.stderr.endswith(": `migration-monitor check` tells which connection fails, and why\n")


def test_a_bad_expression_is_told_with_its_line_beside_the_other_problems(
    commands: Commands, tmp_path: Path
) -> None:
    """And before any server is asked."""
    config = tmp_path / "monitor.yaml"
    source = '{json: {url: "http://127.0.0.1:9/", value: "a[", unit: ratio, without_counts: true}}'
    config.write_text(
        CONFIG.replace("{sql: {query: SELECT 0, unit: ratio, without_counts: true}}", source)
        + "server: {listen: x}\n"
    )
    done = commands.call("--config", config, "check")
    assert (done.returncode, done.stdout) == (2, "")
    problems = done.stderr.splitlines()
    assert len(problems) == 2
    where = "line 4: targets.shop.metrics.error_rate.json.value"
    assert f"{where}: `a[` is not a JMESPath expression" in problems[0]
