"""The daemon's process and a real notify socket: what systemd would be told, and when it would kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.notify import Systemd, from_environment
from tests.conftest import Database
from tests.scenarios.stage import PATIENCE, Daemon, Stage, set_up


class NotifySocket:
    """The supervisor's end of a notify socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def close(self) -> None:
        self._socket.close()

    async def until(self, line: str, times: int = 1) -> list[str]:
        """Waits until a line that starts so has come so often from now on; the lines since."""
        begun = len(self.heard)
        async with asyncio.timeout(PATIENCE):
            while sum(heard.startswith(line) for heard in self.heard[begun:]) < times:
                message = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
                self.heard += message.decode().splitlines()
        return self.heard[begun:]


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[NotifySocket]:
    with contextlib.closing(NotifySocket(str(tmp_path / "notify"))) as listening:
        yield listening


@pytest.fixture
async def stage(newest: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """The daemon that runs there was not started by a supervisor."""
    async with set_up(newest.dsn, tmp_path) as ready:
        yield ready


@pytest.mark.parametrize("address", ["path", "abstract"])
def test_a_line_reaches_either_kind_of_address(tmp_path: Path, address: str) -> None:
    """A path, and a name of the abstract namespace."""
    name = str(tmp_path / "n") if address == "path" else f"@{tmp_path.name}-{os.getpid()}"
    with contextlib.closing(NotifySocket(name)) as listening:
        assert Systemd(name).tell("READY=1", "STATUS=ready, and well")
        assert asyncio.run(listening.until("STATUS")) == ["READY=1", "STATUS=ready, and well"]


def test_a_supervisor_that_is_gone_or_unknown_changes_nothing(tmp_path: Path) -> None:
    """Nothing is raised; a watchdog of another process is not ours."""
    assert not Systemd(str(tmp_path / "gone")).tell("READY=1")
    assert from_environment({}) is None
    assert from_environment({"NOTIFY_SOCKET": "vsock:2:1"}) is None
    ours = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000"}
    patiences = [from_environment({**ours, **more}) for more in ({}, {"WATCHDOG_PID": "1"})]
    assert [found.patience for found in patiences if found] == [60.0, 0.0]


@pytest.mark.slow
@pytest.mark.promise(18)
async def test_the_daemon_tells_that_it_is_ready_alive_and_stopping(
    stage: Stage, notify: NotifySocket
) -> None:
    """With the real process: first ready, fed as rounds go by, and the end announced."""
    await stage.daemon.kill()
    await stage.daemon.start(NOTIFY_SOCKET=notify.address)
    told = await notify.until("WATCHDOG=1", times=3)
    assert told[0] == "READY=1"
    assert any(line.startswith("STATUS=watching 1 of 1 targets") for line in told)
    await stage.daemon.kill(signal.SIGTERM)
    assert "STOPPING=1" in await notify.until("STOPPING=1")


@pytest.mark.slow
async def test_a_follower_is_ready_and_alive_while_another_holds_the_store(
    stage: Stage, notify: NotifySocket
) -> None:
    """And takes over when the other is gone."""
    follower = Daemon(stage.config)
    await follower.start(NOTIFY_SOCKET=notify.address)
    try:
        told = await notify.until("WATCHDOG=1", times=2)
        assert told[0] == "READY=1"
        assert any("shop waits: " in line for line in told)
        await stage.daemon.kill()
        await notify.until("STATUS=watching 1 of 1 targets")
    finally:
        await follower.kill()


@pytest.mark.slow
async def test_a_daemon_whose_database_is_down_is_up_itself(tmp_path: Path, notify: NotifySocket) -> None:
    """Systemd must not kill it at its start: it waits, and says for what."""
    config = tmp_path / "monitor.yaml"
    config.write_text(
        'targets: {shop: {database: {dsn: "postgresql://nobody@127.0.0.1:1/shop"}, thresholds: '
        "{error_rate: null, response_time: null}}}\nserver: {listen: '127.0.0.1:0'}\n"
    )
    daemon = Daemon(config)
    await daemon.start(NOTIFY_SOCKET=notify.address)
    try:
        told = await notify.until("WATCHDOG=1", times=2)
        assert told[0] == "READY=1"
    finally:
        await daemon.kill()


@pytest.mark.slow
@pytest.mark.fault(33)
@pytest.mark.promise(18)
async def test_a_loop_that_stands_still_is_not_fed(stage: Stage, notify: NotifySocket) -> None:
    """Nothing between the beginning of the block and its end; then it goes on."""
    await stage.daemon.kill()
    with (stage.config.parent / "daemon.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.blocking_daemon", str(stage.config), "4",
            stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": notify.address},
        )  # fmt: skip
    try:
        await notify.until("WATCHDOG=1", times=2)
        process.send_signal(signal.SIGUSR1)
        await notify.until("X_BLOCKED=1")
        assert (await notify.until("X_AWAKE=1")) == ["X_AWAKE=1"]
        await notify.until("WATCHDOG=1")
    finally:
        process.kill()
        await process.wait()
