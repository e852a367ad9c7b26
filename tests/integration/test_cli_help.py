"""What the commands' help and refusals promise is so."""

from __future__ import annotations

import os
import subprocess
import sys
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


UNSIGNED = """    before_rollback:
      - command: ["true"]
      - webhook: {url: "http://127.0.0.1:9/", secret: canary-77d0}
    after_rollback: [{webhook: {url: "http://127.0.0.1:9/", secret: whsec_}}]
alerts:
  - slack: {token: canary-77d0, channel: C1}
  - webhook: {url: "http://127.0.0.1:9/", secret: whsec_bWF5IHNpZ24=}
  - webhook: {url: "http://127.0.0.1:9/", secret: "whsec_bWF5IHNpZ24= canary-77d0"}
  - webhook: {url: "http://127.0.0.1:9/"}
"""


def test_what_run_could_not_open_check_tells_in_the_same_words(commands: Commands, tmp_path: Path) -> None:
    """Channels and hooks with a secret that signs nothing: each with its place, beside any other problem."""
    config = tmp_path / "monitor.yaml"
    config.write_text(CONFIG + UNSIGNED)
    check, run = (commands.call("--config", config, command) for command in ("check", "run"))
    assert (check.returncode, check.stdout) == (run.returncode, run.stdout) == (2, "")
    assert check.stderr == run.stderr
    assert "canary-77d0" not in check.stderr
    secret, remedy = "the webhook's secret is", "write whsec_ and base64"
    assert [line.removeprefix(f"{config}: ") for line in check.stderr.splitlines()] == [
        f"line 8: targets.shop.before_rollback[1].webhook: {secret} not base64: {remedy}",
        f"line 9: targets.shop.after_rollback[0].webhook: {secret} empty: {remedy}",
        f"line 13: alerts[2].webhook: {secret} not base64: {remedy}",
        "line 14: alerts[3].webhook.secret: is missing: add it",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            (),
            "a page of HTML, which a terminal can't show: write it to a file by --out FILE.html",
        ),
        (("--json",), "no such file"),
        (("--out", "-"), "no such file"),
        (("--out", "report.html"), "no such file"),
    ],
)
def test_a_report_is_not_poured_over_a_terminal(arguments: tuple[str, ...], told: str) -> None:
    """Before anything is asked; whoever says where it goes gets it there, a terminal too."""
    ours, terminal = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "--config", "/no/such.yaml", "report", "m", *arguments],
            stdout=terminal, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(terminal)
        os.close(ours)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
