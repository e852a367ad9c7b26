"""A role that may only connect takes the daemon's advisory lock: it is named, and keeps nobody out."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.demo.postgres import free_port
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from monitor.store.sign import STORE, advisory_key
from tests.conftest import Database
from tests.roles import STRANGER, outsider
from tests.rollbacks import build, connected
from tests.scenarios.stage import Daemon, Stage, set_up
from tests.stored import registration

SOURCE = Path(__file__).parent.parent.parent / "monitor"

LOCK = "SELECT pg_advisory_lock($1, $2)"

DECIDE_NOTHING = {
    "store/sign.py": "beside the lease, which decides",
    "rollback/outside_session.py": "those of strangers are passed over",
    "rehearsal/scratch.py": "on the scratch server, where rehearsals take turns",
}
"""Files with an advisory lock, which everybody who may connect can take."""


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.02)


@pytest.mark.corner
@pytest.mark.fault(41)
async def test_a_stranger_with_the_lock_keeps_no_store_from_being_opened(database: Database) -> None:
    """It is named with its role and pid and what ends it, until it is gone; then the lock is the daemon's."""
    await build(database.dsn)
    store = PgStore("shop", database.dsn, poll_seconds=0.05, beat=0.05)
    try:
        async with outsider(database.dsn) as session:
            await session.execute(LOCK, *advisory_key(STORE, "shop"))
            await asyncio.wait_for(store.open(), 20)
            await until(lambda: store.stranger != "")
            assert f'role "{STRANGER}", pid {session.get_server_pid()}' in store.stranger
            assert f"pg_terminate_backend({session.get_server_pid()})" in store.stranger
            await store.load()
        await until(lambda: store.stranger == "")
        async with outsider(database.dsn) as session:
            assert not await session.fetchval(
                "SELECT pg_try_advisory_lock($1, $2)", *advisory_key(STORE, "shop")
            )
        assert store.holds
    finally:
        await store.aclose()


@pytest.mark.corner
@pytest.mark.fault(41)
async def test_who_may_connect_can_take_every_advisory_lock_and_nothing_waits(database: Database) -> None:
    """The schema is made, a watch registered, the lease handed over: their locks are of rows and tables."""
    async with outsider(database.dsn) as session:
        for kind in range(STORE, STORE + 8):
            for name in ("", "shop"):
                await session.execute(LOCK, *advisory_key(kind, name))
        await session.execute("SELECT pg_advisory_lock(hashtext('migration_monitor_salvage'))")
        first, registry = PgStore("shop", database.dsn, holder="first:1"), PgRegistry("shop", database.dsn)
        second = PgStore("shop", database.dsn, holder="second:2", poll_seconds=0.05)
        try:
            async with asyncio.timeout(20):
                await first.open()
                await registry.register(registration())
                assert len((await first.load())[0]) == 1
                await first.aclose()
                await second.open()
                assert second.holds
        finally:
            for part in (first, registry, second):
                await part.aclose()


def test_advisory_locks_are_only_where_they_decide_nothing() -> None:
    """A new one would be a new way to keep the daemon out."""
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"pg_(try_)?advisory_\w*lock", path.read_text())
    }
    assert found == set(DECIDE_NOTHING)


@pytest.mark.corner
@pytest.mark.promise(21)
async def test_another_daemon_is_no_stranger(database: Database) -> None:
    """It is waited for by its name; so is nobody who could be one."""
    await build(database.dsn)
    first = PgStore("shop", database.dsn, holder="first:1", beat=0.05)
    second = PgStore("shop", database.dsn, poll_seconds=0.05)
    try:
        async with connected(database.dsn) as person:
            await person.execute(LOCK, *advisory_key(STORE, "shop"))
            await first.open()
            opening = asyncio.create_task(second.open())
            await until(lambda: second.waits_for != "")
            await asyncio.sleep(0.3)
            assert (second.waits_for, first.stranger, second.stranger) == ("first:1", "", "")
        await first.aclose()
        async with asyncio.timeout(20):
            await opening
    finally:
        await first.aclose()
        await second.aclose()


def told(stage: Stage) -> list[dict[str, Any]]:
    """What people were told of strangers, each message once."""
    found = {a["data"]["key"]: a for a in stage.receiver.alerts if a["data"]["condition"] == "shop/stranger"}
    return list(found.values())


async def soon(stage: Stage, done: Callable[[], bool]) -> None:
    async def so() -> bool:
        return done()

    await stage.until(so)


async def ready(port: int) -> tuple[int, str]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/readyz")
        return answer.status_code, answer.text


@pytest.mark.fault(41)
@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_daemon_that_starts_while_a_stranger_has_the_lock_rolls_back_and_pages(
    newest: Database, tmp_path: Path
) -> None:
    """Named by the page, /readyz, status and check; one effect; resolved when it is gone."""
    port = free_port()
    async with set_up(newest.dsn, tmp_path, started=False, port=str(port)) as stage:
        async with outsider(newest.dsn) as session:
            await session.execute(LOCK, *advisory_key(STORE, "shop"))
            who = f'role "{STRANGER}", pid {session.get_server_pid()}'
            await stage.daemon.start()
            await stage.sampled()
            await stage.watch()
            await soon(stage, lambda: bool(told(stage)))
            [page] = told(stage)
            assert (page["type"], page["data"]["page"]) == ("alert.raised", True)
            assert who in str(page["data"]["facts"])
            code, text = await ready(port)
            assert code == 503
            assert STRANGER in text
            assert who in await stage.cli("status")
            assert who in await stage.cli("check", expect=2)
            stage.app.set(0.05)
            assert await stage.verdict() == "rolled_back"
            assert await stage.effects() == 1
            assert len(told(stage)) == 1
        await soon(stage, lambda: len(told(stage)) == 2)
        assert told(stage)[1]["type"] == "alert.resolved"
        assert (await ready(port))[0] == 200


@pytest.mark.fault(41)
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=lambda end: str(end.name))
async def test_a_stranger_who_takes_the_lock_between_two_daemons_keeps_neither_out(
    newest: Database, tmp_path: Path, end: signal.Signals
) -> None:
    """It waits for the lock and has it as soon as the first daemon ends; the second takes over at once."""
    async with set_up(newest.dsn, tmp_path) as stage, outsider(newest.dsn) as session:
        second = Daemon(stage.config)
        try:
            await stage.watch()
            await second.start()
            await soon(stage, lambda: "store.waiting" in stage.daemon.log())
            waiting = asyncio.create_task(session.execute(LOCK, *advisory_key(STORE, "shop")))
            await stage.until(lambda: _is_queued(stage))
            stage.app.set(0.05)
            await stage.event("pending", "error_rate.rollback")
            await stage.daemon.kill(end)
            began = asyncio.get_running_loop().time()
            await waiting
            assert second.process is not None
            await stage.until(lambda: _is_held_by(stage, second.process.pid if second.process else 0))
            assert asyncio.get_running_loop().time() - began < 10
            await stage.daemon.start()
            assert await stage.verdict() == "rolled_back"
            assert await stage.effects() == 1
            await soon(stage, lambda: bool(told(stage)))
            assert len(told(stage)) == 1
        finally:
            await second.kill()


def _is_queued(stage: Stage) -> Awaitable[bool]:
    return stage.sql.fetchval("SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def _is_held_by(stage: Stage, pid: int) -> Awaitable[bool]:
    return stage.sql.fetchval("SELECT holder LIKE '%:' || $1 FROM migration_monitor.lease", str(pid))
