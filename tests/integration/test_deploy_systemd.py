"""The systemd unit: what systemd says of it, how exposed it leaves the host, whether its times fit ours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.channels.outbox import CLOSE_SECONDS
from monitor.daemon import keeper, loop, process, rolling
from monitor.errors import ConfigError
from monitor.rollback.commit import STOPPING_GRACE
from monitor.settings import load

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = FOLDER / "migration-monitor.service"
INSTALLED = "/opt/migration-monitor/bin/migration-monitor"

MOST_EXPOSED = 1.5
"""Of 10; what is left is the network, which is what it is for."""

COMMAND_SECONDS = 60


def values(key: str) -> list[str]:
    """Every value of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_it_has_time_to_stop() -> None:
    """A rollback under way, the last round, connections, the last alerts: systemd kills only what hangs."""
    needed = rolling.ROLLBACK_GRACE + loop.FLUSH_SECONDS + process.SIDE_CLOSE_SECONDS + CLOSE_SECONDS
    assert rolling.ROLLBACK_GRACE > STOPPING_GRACE
    assert float(*values("TimeoutStopSec")) >= 1.5 * needed
    assert values("Type") == ["notify"]
    assert values("NotifyAccess") == ["main"]
    assert float(*values("WatchdogSec")) >= 2 * keeper.STALE_INTERVALS * 5


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


if shutil.which("systemd-analyze"):  # of Debian's `systemd`; without it these tests are not collected

    def test_the_unit_is_understood_whole(tmp_path: Path) -> None:
        """An unknown key is only a warning with exit 0: nothing may be said at all."""
        unit = tmp_path / UNIT.name
        unit.write_text(UNIT.read_text().replace(INSTALLED, sys.executable))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)],
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("", "")

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
