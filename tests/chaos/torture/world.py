"""What a torture run is made of: one PostgreSQL, a wire to it that can be cut, two daemons, an application.

Everything is real and a process of its own; all of it ends with the block. Nothing here decides what is
done to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from monitor.core.samples import SECOND
from monitor.core.thresholds import Policy
from monitor.demo.postgres import Binaries, Server
from monitor.registration import Registrar, TargetDesk
from monitor.store.registry import PgRegistry
from tests.chaos.proxy import Proxy
from tests.peers import listening
from tests.roles import POLLING, as_role, make_roles
from tests.scenarios.stage import Application, Receiver

CONFIG = """
targets:
  shop:
    database: {{dsn: "{polling}", rollback_dsn: "{rollback}"}}
    metrics:
      error_rate: {{json: {{url: "{app}", errors: errors, requests: requests}}}}
thresholds: {{error_rate: {{rollback_for: 1s}}, response_time: null, connections: null, query_latency: null}}
watch: {{interval: 300ms, fast_interval: 100ms, rate_window_max: 2s, max_gap: 3s, blind_after: 6s,
        warn_for: 1s, success_after: 10m, give_up_after: 1h}}
rollback: {{verify_for: 10m}}
alerts:
  - webhook: {{url: "{receiver}", secret: "whsec_dG9ydHVyZSBvbmx5"}}
server: {{listen: "127.0.0.1:0"}}
"""

SETTINGS = {
    "max_connections": "60",
    "client_connection_check_interval": "2s",
    "max_prepared_transactions": "0",
}


class Wire(Proxy):
    """The way of every daemon to the server: it can be cut, and it can swallow what the server says."""

    dark = False

    async def _back(
        self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        while data := await answers.read(65536):
            if not (swallow.is_set() or self.dark):
                writer.write(data)
                await writer.drain()

    async def cut(self) -> None:
        """Ends every connection of this moment."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Process:
    """One daemon. `ended` counts how often it ended although nobody killed it."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.ended = 0

    async def start(self) -> None:
        """Nothing happens while it runs."""
        if self._process is not None:
            if self._process.returncode is None:
                return
            self.ended += 1
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "monitor", "--config", str(self._config), "run",
                stdout=log, stderr=log, env=dict(os.environ),
            )  # fmt: skip

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL, also of a stopped one."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()
            self._process = None


@dataclass
class World:
    """Everything a round needs. `dsn` is the server itself, the daemons go through `wire`."""

    server: Server
    wire: Wire
    app: Application
    receiver: Receiver
    daemons: tuple[Process, Process]
    folder: Path
    registry: PgRegistry
    registrar: Registrar
    taken: list[str] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return self.server.dsn()

    @contextlib.asynccontextmanager
    async def sql(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        connection = await asyncpg.connect(self.dsn, timeout=10)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def restart_server(self, pause: float) -> None:
        """A crash of every backend, recovery, and a start."""
        await asyncio.to_thread(self.server.stop, "immediate")
        await asyncio.sleep(pause)
        await asyncio.to_thread(self.server.start)

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-6000:] for path in self.folder.glob("*.log"))


@contextlib.asynccontextmanager
async def world(binaries: Binaries) -> AsyncIterator[World]:
    """Up and running: the application's tables are there, both daemons have been started."""
    server = Server(binaries, SETTINGS)
    app, receiver = Application(), Receiver()
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        try:
            await asyncio.to_thread(server.start)
            rollback = (await make_roles(server.dsn())).rollback
            async with (
                Wire(rollback) as wire,
                listening(app.serve) as site,
                listening(receiver.serve) as inbox,
            ):
                config = folder / "monitor.yaml"
                given = {"polling": as_role(wire.dsn, POLLING), "rollback": wire.dsn}
                config.write_text(CONFIG.format(**given, app=site.url, receiver=inbox.url))
                daemons = (Process(config, folder / "a.log"), Process(config, folder / "b.log"))
                registry = PgRegistry("shop", rollback)
                desk = TargetDesk(registry, Policy(success_after=600 * SECOND), rollback, 2.0)
                found = World(
                    server, wire, app, receiver, daemons, folder, registry, Registrar({"shop": desk})
                )
                try:
                    for daemon in daemons:
                        await daemon.start()
                    yield found
                finally:
                    await asyncio.gather(*(daemon.kill() for daemon in daemons))
                    await registry.aclose()
        finally:
            await asyncio.to_thread(server.remove)
