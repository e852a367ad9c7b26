"""A disk that is really full, and has room again within the budget: the kernel's own ENOSPC.

Temporary files of the server can be led to /dev/full on any machine. A small file system for what is copied
has to be mounted: where that is not allowed (no root, most containers), the first one alone is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from monitor.demo.postgres import Server
from monitor.ports import OutcomeKind, ProgressKind, WatchRow
from monitor.rollback.executor import RollbackExecutor
from tests import servers
from tests.rollbacks import (
    Heard,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    registered,
    rolled_back,
)

pytestmark = [pytest.mark.slow, pytest.mark.fault(16), pytest.mark.fault(47)]

EVENTS = """
CREATE TABLE events (id int PRIMARY KEY, word text);
INSERT INTO events SELECT n, md5(n::text) FROM generate_series(1, 60000) n;
"""

SORTING = """
ALTER DATABASE postgres SET maintenance_work_mem = '1MB';
ALTER DATABASE postgres SET max_parallel_maintenance_workers = 0;
"""

SORTED = b"ALTER TABLE events ADD CONSTRAINT events_word UNIQUE (word)"

COPIED = b"ALTER TABLE events DROP COLUMN word"

TRIES = 300
"""Temporary files that are led astray: each try makes one, under the next number."""

SMALL = "16m"
"""Of the file system; the copy needs a third of it."""

LEFT = 256 << 10
"""Bytes that are free when it is full: an empty table, and a few thousand rows."""


def _may_mount() -> bool:
    """Whether this process may mount a file system."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as place:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=False, capture_output=True)
        return mounted.returncode == 0 and not subprocess.run(["umount", place], check=False).returncode


@pytest.fixture(params=servers.BINARIES, ids=lambda b: f"pg{b.major}")
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """Its own: what becomes of its disk is nobody else's affair."""
    started = Server(request.param, {"client_connection_check_interval": "2s"})
    try:
        await asyncio.to_thread(started.start)
        yield started
    finally:
        await asyncio.to_thread(started.remove)


@contextlib.contextmanager
def _led_astray(server: Server, pid: int) -> Iterator[None]:
    """Temporary files of this backend are on a full device."""
    place = server.data / "base" / "pgsql_tmp"
    place.mkdir(mode=0o700, exist_ok=True)
    owner = server.data.stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    links = [place / f"pgsql_tmp{pid}.{n}" for n in range(TRIES)]
    for link in links:
        if not link.exists():
            link.symlink_to("/dev/full")
    try:
        yield
    finally:
        for link in links:
            link.unlink(missing_ok=True)


@contextlib.contextmanager
def _small_disk(server: Server) -> Iterator[Path]:
    """A mounted folder of the server's user; the server must be stopped before its end."""
    place = server.root / "small"
    place.mkdir()
    owner = server.data.stat()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0755", "tmpfs", place], check=True)
    try:
        (place / "space").mkdir()
        for made in (place, place / "space"):
            os.chown(made, owner.st_uid, owner.st_gid)
        yield place
    finally:
        server.stop("immediate")
        subprocess.run(["umount", place], check=True)


def _fill(place: Path) -> Path:
    """A file that leaves next to nothing."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as f, contextlib.suppress(OSError):
        while f.write(b"\0" * 4096):
            pass
    os.truncate(ballast, ballast.stat().st_size - LEFT)
    return ballast


async def _hindered(executor: RollbackExecutor, watch: WatchRow, heard: Heard) -> asyncio.Task[object]:
    """The rollback, once it has been told that there is no room."""
    task: asyncio.Task[object] = asyncio.create_task(rolled_back(executor, watch, heard))
    async with asyncio.timeout(40):
        while ProgressKind.HINDERED not in heard.kinds():
            assert not task.done(), task.result()
            await asyncio.sleep(0.02)
    return task


def _is_done(outcome: object, heard: Heard) -> None:
    assert getattr(outcome, "kind", None) is OutcomeKind.ROLLED_BACK, outcome
    told = next(p.text for p in heard.progress if p.kind is ProgressKind.HINDERED)
    assert ("No space left on device" in told, "53100" in told) == (True, True), told


async def test_no_room_to_sort_costs_no_verdict(server: Server) -> None:
    """The statement's own temporary files; nothing took effect meanwhile."""
    dsn = server.dsn()
    await build(dsn, EVENTS)
    async with connected(dsn) as c:
        await c.execute(SORTING)
    watch, heard = await registered(dsn, SORTED), Heard()
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=False)).asked
        async with connected(dsn) as c:
            pid = await c.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'migration-monitor/rollback/shop'"
            )
        with _led_astray(server, pid):
            task = await _hindered(executor, watch, heard)
            assert await ledger_rows(dsn) == 0
        _is_done(await task, heard)
    assert await ledger_rows(dsn) == 1


if _may_mount():

    async def test_no_room_for_a_copy_costs_no_verdict_and_no_value(server: Server) -> None:
        """A small tablespace, full when it is due; nothing is lost, and every value is there in the end."""
        dsn = server.dsn()
        await build(dsn, EVENTS)
        with _small_disk(server) as place:
            async with connected(dsn) as c:
                await c.execute(f"CREATE TABLESPACE small LOCATION '{place / 'space'}'")
                await c.execute("ALTER DATABASE postgres SET default_tablespace = small")
            watch, heard = await registered(dsn, COPIED), Heard()
            async with executing(dsn) as executor:
                assert (await executor.ready(watch, full=True)).ok
                ballast = _fill(place)
                task = await _hindered(executor, watch, heard)
                assert "word" in await columns(dsn, "events")
                assert await ledger_rows(dsn) == 0
                ballast.unlink()
                _is_done(await task, heard)
            assert await columns(dsn, "events") == ["id"]
            async with connected(dsn) as c:
                r = await c.fetchrow("SELECT salvaged_as, row_count FROM migration_monitor_salvage.manifest")
                assert r is not None
                kept = await c.fetchval(f"SELECT count(*) FROM {r['salvaged_as']} WHERE word = md5(id::text)")
            assert (kept, r["row_count"]) == (60000, 60000)
