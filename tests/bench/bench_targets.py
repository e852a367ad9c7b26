"""What does the daemon cost for each target it watches? Its own CPU, memory and database sessions.

The whole daemon with default intervals; every target is the same database and application under another
name, with an open watch. Counted once every target is sampled, over SECONDS.

    uv run python -m tests.bench.bench_targets [TARGETS ...]
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path

import asyncpg

from tests import servers
from tests.peers import listening
from tests.roles import OWNER, Dsns, make_roles
from tests.scenarios.stage import RENAME_BACK, Application, Daemon

TARGETS = (1, 10)
SECONDS = 60.0
SETTLING = 30.0

TARGET = """
  shop{n}:
    database: {{dsn: "{dsns.polling}", rollback_dsn: "{dsns.rollback}"}}
    metrics:
      error_rate: {{json: {{url: "{app}", errors: errors, requests: requests}}}}
      response_time: {{json: {{url: "{app}", value: response_time_ms, unit: ms}}}}
"""

SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'migration-monitor%'"


def config(dsns: Dsns, app: str, targets: int) -> str:
    named = "".join(TARGET.format(n=n, dsns=dsns, app=app) for n in range(targets))
    return f'targets:{named}alerts: [log: {{}}]\nserver: {{listen: "127.0.0.1:0"}}\n'


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


async def register(file: Path, targets: int) -> None:
    plan = file.parent / "down.sql"
    plan.write_text(RENAME_BACK)
    for n in range(targets):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "--config", str(file), "watch", "rename_email",
            "--rollback", str(plan), "--target", f"shop{n}", stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await process.wait() == 0


async def once(dsn: str, folder: Path, targets: int) -> str:
    dsns = await make_roles(dsn)
    sql = await asyncpg.connect(dsn)
    await sql.execute(f"SET ROLE {OWNER}; CREATE TABLE contacts (id int, email_address text); RESET ROLE")
    async with listening(Application().serve) as app:
        file = folder / "monitor.yaml"
        file.write_text(config(dsns, app.url, targets))
        daemon = Daemon(file)
        await daemon.start()
        try:
            await register(file, targets)
            await asyncio.sleep(SETTLING)
            assert daemon.process is not None
            before = cpu_seconds(pid := daemon.process.pid)
            await asyncio.sleep(SECONDS)
            share = (cpu_seconds(pid) - before) / SECONDS
            held = await sql.fetchval(SESSIONS)
            return f"{targets:7} {share:11.1%} {megabytes(pid):9.0f} {held:9}"
        finally:
            await daemon.kill()
            await sql.close()


async def main(counts: list[int]) -> None:
    server = servers.server(servers.BINARIES[0].major)
    print(f"PostgreSQL {server.binaries.major}, interval 5 s, {SECONDS:g} s each")
    print("targets  of one CPU   peak MB  sessions")
    for targets in counts:
        name = await servers.new_database(server)
        with tempfile.TemporaryDirectory() as folder:
            print(await once(server.dsn(name), Path(folder), targets), flush=True)
        await servers.drop_database(server, name)


if __name__ == "__main__":
    try:
        asyncio.run(main([int(given) for given in sys.argv[1:]] or list(TARGETS)))
    finally:
        servers.stop_all()
