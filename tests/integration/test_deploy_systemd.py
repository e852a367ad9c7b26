"""The systemd unit: what systemd says of it, how exposed it leaves the host, whether its times fit ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.channels.outbox import CLOSE_SECONDS
from monitor.daemon import execution, loop, process
from monitor.errors import ConfigError
from monitor.present.watch import STALE_INTERVALS
from monitor.rollback.commit import STOPPING_GRACE
from monitor.settings import load
from tests.conftest import Database
from tests.machine import has
from tests.roles import make_roles
from tests.scenarios.conftest import newest

__all__ = ["newest"]

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "migration-monitor.service"
COMMAND = FOLDER / "migration-monitor"
INSTALLED = "/opt/migration-monitor/bin/migration-monitor"

MOST_EXPOSED = 1.5
"""Of 10; what is left is the network, which is what it is for."""

COMMAND_SECONDS = 60


def values(key: str) -> list[str]:
    """Every value of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_it_has_time_to_stop() -> None:
    """A rollback under way, the last round, connections, the last alerts: systemd kills only what hangs."""
    needed = execution.ROLLBACK_GRACE + loop.FLUSH_SECONDS + process.SIDE_CLOSE_SECONDS + CLOSE_SECONDS
    assert execution.ROLLBACK_GRACE > STOPPING_GRACE
    assert float(*values("TimeoutStopSec")) >= 1.5 * needed
    assert values("Type") == ["notify"]
    assert values("NotifyAccess") == ["main"]
    assert float(*values("WatchdogSec")) >= 2 * STALE_INTERVALS * 5


def test_reports_have_a_folder_that_the_unit_may_write(tmp_path: Path) -> None:
    """Under ProtectSystem=strict no other; the documentation names it, and the configuration takes it."""
    (name,) = values("StateDirectory")
    folder = f"/var/lib/{name}/reports"
    assert (values("ProtectSystem"), values("DynamicUser")) == (["strict"], ["yes"])
    assert f"report: {{dir: {folder}}}" in (FOLDER.parents[1] / "docs" / "report.md").read_text()
    config = tmp_path / "monitor.yaml"
    config.write_text(f"{LEAST}report: {{dir: {folder}}}\n")
    assert load(config, {}).report.dir == folder


LEAST = """
targets:
  shop:
    database: {dsn: "postgresql://monitor@db/shop"}
    metrics:
      error_rate: {json: {url: "http://127.0.0.1/stats", errors: errors, requests: requests}}
      response_time: {json: {url: "http://127.0.0.1/stats", value: response_time_ms, unit: ms}}
"""


@pytest.mark.parametrize("missing", [None, "token"])
def test_the_configuration_beside_it_reads_its_credentials(tmp_path: Path, missing: str | None) -> None:
    """Every secret that the configuration names is a credential of the unit, and the other way round."""
    loaded = [value.partition(":")[0] for value in values("LoadCredential")]
    config = FOLDER / "monitor.yaml"
    assert set(loaded) == set(re.findall(r"CREDENTIALS_DIRECTORY\}/(\w+)\}", config.read_text()))
    for name in loaded:
        if name != missing:
            made = {"token": "t", "slack_webhook_url": "https://hooks.example/x"}
            (tmp_path / name).write_text(made.get(name, "postgresql://monitor@db/shop") + "\n")
    if missing is None:
        settings = load(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
        assert settings.targets["shop"].rollback_dsn == "postgresql://monitor@db/shop"
    else:
        with pytest.raises(ConfigError, match=f"{tmp_path}/token can't be read"):
            load(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


@pytest.mark.slow
async def test_the_command_for_people_knows_what_the_unit_knows(newest: Database, tmp_path: Path) -> None:
    """From an empty environment; a file by stdin, and the plan's SQL where the runbooks look for it."""
    dsns = await make_roles(newest.dsn)
    secrets = {"shop_dsn": dsns.polling, "shop_rollback_dsn": dsns.rollback, "token": "t",
               "slack_webhook_url": "https://hooks.example/x"}  # fmt: skip
    (tmp_path / "credentials").mkdir()
    for name, value in secrets.items():
        (tmp_path / "credentials" / name).write_text(value + "\n")
    (tmp_path / "monitor.yaml").write_text((FOLDER / "monitor.yaml").read_text())
    script = Path(sys.executable).with_name("migration-monitor")
    text = COMMAND.read_text()
    assert text.count("/etc/migration-monitor/") == 2
    here = tmp_path / "migration-monitor"
    here.write_text(text.replace("/etc/migration-monitor", str(tmp_path)).replace(INSTALLED, str(script)))
    here.chmod(0o755)

    def typed(*arguments: str, sql: str = "") -> str:
        return subprocess.run(
            [here, *arguments], input=sql, env={"PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True,
        ).stdout  # fmt: skip

    typed("watch", "later", "--rollback", "-", sql="DROP TABLE IF EXISTS later;")
    shown = json.loads(typed("status", "later", "--json"))
    assert [statement["sql"] for statement in shown["plan"]] == ["DROP TABLE IF EXISTS later"]
    assert "later on shop" in typed("status", "later")


def test_the_command_for_people_names_the_units_paths() -> None:
    """The program, its configuration, and the folder that the credentials are loaded from."""
    text, (starts,) = COMMAND.read_text(), values("ExecStart")
    assert starts == f"{INSTALLED} --config /etc/migration-monitor/monitor.yaml run"
    assert INSTALLED in text
    assert "MIGRATION_MONITOR_CONFIG=/etc/migration-monitor/monitor.yaml " in text
    folders = {str(Path(value.partition(":")[2]).parent) for value in values("LoadCredential")}
    assert [f"CREDENTIALS_DIRECTORY={folder} " in text for folder in folders] == [True]


if has("systemd-analyze"):  # without it these are not collected

    def test_the_unit_is_understood_whole(tmp_path: Path) -> None:
        """An unknown key is only a warning with exit 0, unless warnings are asked for, of this unit alone."""
        unit = tmp_path / UNIT.name
        unit.write_text(UNIT.read_text().replace(INSTALLED, sys.executable))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert unit.name not in done.stdout + done.stderr

    def test_the_unit_leaves_little_exposed() -> None:
        """By systemd's own measure, without a systemd that runs."""
        command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--json=short", str(UNIT)]
        threshold = f"--threshold={MOST_EXPOSED * 10:.0f}"
        done = subprocess.run(
            [*command, threshold], capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        assert sum(float(row["exposure"] or 0) for row in json.loads(done.stdout)) > 0

    def test_no_system_call_of_ours_is_filtered() -> None:
        """Limits of the grammar's child are set by prlimit64, which is always allowed; setrlimit is not."""
        sets = [
            subprocess.run(
                ["systemd-analyze", "syscall-filter", "--no-pager", name],
                capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True,
            ).stdout.split()
            for name in ("@default", "@resources", "@privileged")
        ]  # fmt: skip
        assert "prlimit64" in sets[0]
        assert "prlimit64" not in sets[1] + sets[2]
