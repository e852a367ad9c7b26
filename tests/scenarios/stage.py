"""The whole product on a stage: a PostgreSQL database, an application, an alert receiver, the daemon.

The daemon is a process of its own, started by its own command with a config file; it is told about
migrations by `migration-monitor watch`. Thresholds are short, everything else is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.peers import listening, request_of, response
from tests.roles import OWNER, make_roles

RENAME_BACK = "ALTER TABLE contacts RENAME COLUMN email_address TO email"

REQUESTS_PER_SECOND = 2000

ROOT = Path(__file__).parents[2]

PATIENCE = 60.0
"""Seconds until a scenario that waits for something gives up; far above what it takes."""

CONFIG = """
targets:
  shop:
    database: {{dsn: "{polling}", rollback_dsn: "{rollback}"}}
    metrics:
      error_rate: {{json: {{url: "{app}", errors: errors, requests: requests}}}}
      response_time: {{json: {{url: "{app}", value: response_time_ms, unit: ms}}}}
thresholds:
  error_rate: {{rollback_for: {hold}}}
watch: {{interval: {interval}, fast_interval: {fast_interval}, rate_window_max: 5s, max_gap: {max_gap},
        blind_after: {max_gap}, warn_for: 1s, success_after: {success_after}, give_up_after: 1h}}
alerts:
  - webhook: {{url: "{receiver}", secret: "whsec_c2NlbmFyaW9zIG9ubHk="}}
server: {{listen: "127.0.0.1:{port}", token: "scenarios-only"}}
"""


@dataclass
class Application:
    """Counts requests as time passes; `error_rate` and `answering` may be changed at any time."""

    error_rate: float = 0.0
    answering: bool = True
    per_second: float = REQUESTS_PER_SECOND
    _errors: float = 0.0
    _requests: float = 0.0
    _at: float = field(default_factory=time.monotonic)

    def set(self, error_rate: float) -> None:
        """From this moment on."""
        self._count()
        self.error_rate = error_rate

    def fall_silent(self) -> None:
        """From this moment on nobody asks anything but what `fail` says."""
        self._count()
        self.per_second = 0.0

    def fail(self, requests: int = 1) -> None:
        """So many requests come, and every one fails."""
        self._requests += requests
        self._errors += requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            if not self.answering:
                return
            self._count()
            writer.write(
                response(json.dumps(self._stats()).encode(), headers="Content-Type: application/json\r\n")
            )
            await writer.drain()

    def _count(self) -> None:
        now = time.monotonic()
        came = (now - self._at) * self.per_second
        self._at = now
        self._requests += came
        self._errors += came * self.error_rate

    def _stats(self) -> dict[str, float]:
        return {"errors": int(self._errors), "requests": int(self._requests), "response_time_ms": 20}


@dataclass
class Receiver:
    """Takes webhooks and keeps their bodies; `hangs`: never answers; `busy`: so many come again."""

    alerts: list[dict[str, Any]] = field(default_factory=list)
    hangs: bool = False
    busy: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await request_of(reader)
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            body = await reader.readexactly(length)
            if self.hangs:
                await asyncio.Event().wait()
            if self.busy > 0:
                self.busy -= 1
                writer.write(response(b"", "429 Too Many Requests", "Retry-After: 1\r\n"))
                await writer.drain()
                continue
            self.alerts.append(json.loads(body))
            writer.write(response(b"ok"))
            await writer.drain()

    def titles(self) -> list[str]:
        return [json.dumps(alert) for alert in self.alerts]


class Daemon:
    """The process. `start` and `kill` may be called again and again."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, **environment: str) -> None:
        await self._start("monitor", "--config", str(self.config), "run", **environment)

    async def start_dying(self, point: str) -> None:
        """The same daemon, which kills itself at that point of a rollback."""
        await self._start("tests.scenarios.dying_daemon", str(self.config), point)

    async def _start(self, module: str, *arguments: str, **environment: str) -> None:
        with (self.config.parent / "daemon.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments, cwd=ROOT,
                stdout=log, stderr=log, env={**os.environ, **environment},
            )  # fmt: skip

    async def kill(self, number: int = signal.SIGKILL) -> int:
        """Sends the signal and waits for the end; the exit code."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    def log(self) -> str:
        return (self.config.parent / "daemon.log").read_text()


@dataclass
class Stage:
    """One scenario's world."""

    dsn: str
    config: Path
    app: Application
    receiver: Receiver
    daemon: Daemon
    sql: asyncpg.Connection[asyncpg.Record]

    async def cli(self, *arguments: str, expect: int | None = 0) -> str:
        """Runs a command as a person would; its standard output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "--config", str(self.config), *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert expect is None or process.returncode == expect, (
            f"{arguments}: {process.returncode}\n{err.decode()}"
        )
        return out.decode()

    async def watch(
        self, *options: str, migration: str = "rename_email", sql: str = RENAME_BACK
    ) -> dict[str, Any]:
        """Registers a watch; the watch as JSON."""
        file = self.config.parent / f"{migration}.down.sql"
        file.write_text(sql)
        shown: dict[str, Any] = json.loads(
            await self.cli("watch", migration, "--rollback", str(file), "--json", *options)
        )
        return shown

    async def row(self, migration: str = "rename_email") -> asyncpg.Record:
        """The latest watch of a migration, as stored."""
        found = await self.sql.fetchrow(
            "SELECT *, extract(epoch FROM intent_at)::float8 AS intent FROM migration_monitor.watch"
            " WHERE migration = $1 ORDER BY seq DESC LIMIT 1",
            migration,
        )
        assert found is not None
        return found

    async def kinds(self) -> list[str]:
        """Kinds of all events so far, in order."""
        rows = await self.sql.fetch("SELECT kind FROM migration_monitor.event ORDER BY id")
        return [row["kind"] for row in rows]

    async def columns(self, table: str = "contacts") -> list[str]:
        rows = await self.sql.fetch(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            table,
        )
        return [row["attname"] for row in rows]

    async def effects(self) -> int:
        """Statements that took effect, by the ledger."""
        return int(await self.sql.fetchval("SELECT count(*) FROM migration_monitor.rollback_step"))

    async def until(self, what: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Waits until the coroutine function gives something true; what it gave."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = await what()
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"it did not happen within {patience:g} s\n{self.daemon.log()[-4000:]}")

    async def verdict(self, migration: str = "rename_email") -> str:
        """Waits for the watch to end."""

        async def ended() -> str | None:
            found: str | None = (await self.row(migration))["verdict"]
            return found

        return str(await self.until(ended))

    async def event(self, kind: str, rule: str | None = None) -> None:
        """Waits for an event of that kind, and of that rule if it matters which."""

        async def happened() -> bool:
            return bool(
                await self.sql.fetchval(
                    "SELECT count(*) FROM migration_monitor.event"
                    " WHERE kind = $1 AND ($2::text IS NULL OR detail->>'rule' = $2)", kind, rule,
                )
            )  # fmt: skip

        await self.until(happened)

    async def sampled(self) -> None:
        """Waits until the daemon runs and the error rate has been measured."""

        async def measured() -> bool:
            known = await self.sql.fetchval("SELECT to_regclass('migration_monitor.sample') IS NOT NULL")
            return known and bool(
                await self.sql.fetchval(
                    "SELECT true FROM migration_monitor.sample"
                    " WHERE metric = 'error_rate' AND value IS NOT NULL"
                    " AND at > clock_timestamp() - interval '2 s' LIMIT 1"
                )
            )

        await self.until(measured)


TIMES = {
    "interval": "500ms",
    "fast_interval": "100ms",
    "hold": "3s",
    "max_gap": "2s",
    "success_after": "10m",
    "port": "0",
}
"""Short, so that a scenario takes seconds; the port of the page, 0 for any."""


@contextlib.asynccontextmanager
async def set_up(dsn: str, folder: Path, *, started: bool = True, **times: str) -> AsyncIterator[Stage]:
    """A shop whose migration has just been applied, watched by a daemon that runs, if it is to be `started`.

    `times` override TIMES.
    """
    app, receiver = Application(), Receiver()
    dsns = await make_roles(dsn)
    sql = await asyncpg.connect(dsn)
    await sql.execute(
        f"SET ROLE {OWNER};"
        "CREATE TABLE contacts (id int PRIMARY KEY, email_address text);"
        "INSERT INTO contacts SELECT g, 'name' || g FROM generate_series(1, 1000) g;"
        "RESET ROLE"
    )
    async with listening(app.serve) as site, listening(receiver.serve) as inbox:
        config = folder / "monitor.yaml"
        given = {"polling": dsns.polling, "rollback": dsns.rollback, "app": site.url, "receiver": inbox.url}
        config.write_text(CONFIG.format(**{**given, **TIMES, **times}))
        daemon = Daemon(config)
        stage = Stage(dsn, config, app, receiver, daemon, sql)
        try:
            if started:
                await daemon.start()
                await stage.sampled()
            yield stage
        finally:
            await daemon.kill()
            await sql.close()
