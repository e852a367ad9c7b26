"""Scratch databases that may not be used, each with its reason."""

from __future__ import annotations

import contextlib

import asyncpg
import pytest

from monitor import pg
from monitor.demo.postgres import Server
from monitor.errors import DatabaseUnreachable, OperatorError
from monitor.rehearsal.scratch import TURN, Place, check_scratch, place_of, scratch_database
from tests import servers
from tests.rehearsals import empty_database, run
from tests.rollbacks import connected

pytestmark = pytest.mark.slow

BINARIES = servers.BINARIES[0]


@pytest.fixture
async def server() -> Server:
    """One major: nothing here depends on it."""
    server = servers.server(BINARIES.major)
    async with connected(server.dsn()) as c:
        with contextlib.suppress(asyncpg.DuplicateObjectError):
            await c.execute("CREATE ROLE stranger LOGIN")
    return server


async def a_target(server: Server) -> Place:
    """The server's own database `postgres`."""
    connection = await pg.connect(server.dsn(), name="test")
    try:
        return await place_of(connection, "the target")
    finally:
        await pg.close(connection)


async def refused(dsn: str, target: Place) -> str:
    with pytest.raises(OperatorError) as caught:
        async with scratch_database(dsn, target):
            raise AssertionError
    return str(caught.value)


async def test_a_role_without_rights_in_an_empty_database_is_told_which(server: Server) -> None:
    """It may neither create databases nor schemas."""
    name = await servers.new_database(server)
    text = await refused(server.dsn(name, "stranger"), await a_target(server))
    assert f"the role needs CREATE on the scratch database {name}, or the right to create databases" in text


async def test_a_database_of_another_encoding_is_refused(server: Server) -> None:
    """What the target's names need may not exist there."""
    await run(server.dsn(), "DROP DATABASE IF EXISTS ascii")
    await run(server.dsn(), "CREATE DATABASE ascii OWNER stranger TEMPLATE template0 ENCODING 'SQL_ASCII'")
    text = await refused(server.dsn("ascii", "stranger"), await a_target(server))
    assert "the scratch database ascii has encoding SQL_ASCII, the target UTF8" in text


async def test_one_rehearsal_at_a_time_in_a_database_that_is_not_ours(server: Server) -> None:
    """The second is told to wait, and takes nothing away from the first."""
    async with empty_database(server, "stranger") as dsn, connected(dsn) as first:
        assert await first.fetchval(TURN)
        assert "another rehearsal is using the scratch database" in await refused(dsn, await a_target(server))
        await first.fetchval("SELECT pg_advisory_unlock_all()")
        async with scratch_database(dsn, await a_target(server)) as scratch:
            assert not scratch.own


async def test_check_tells_what_a_rehearsal_would(server: Server) -> None:
    """Not empty, or good."""
    async with empty_database(server, "stranger") as dsn:
        assert await check_scratch(dsn, server.dsn()) == []
        await run(dsn, "CREATE SCHEMA full_of_things")
        (text,) = await check_scratch(dsn, server.dsn())
        assert "is not empty (it has " in text
    with pytest.raises(DatabaseUnreachable, match="connecting"):
        await check_scratch("postgresql://u@127.0.0.1:9/x", server.dsn())


async def test_a_standby_is_no_scratch_server(server: Server) -> None:
    """Nothing can be created there."""
    standby = Server(BINARIES)
    try:
        standby.init()
        (standby.data / "standby.signal").touch()
        standby.start()
        text = await refused(standby.dsn(), await a_target(server))
    finally:
        standby.remove()
    assert text == "the scratch DSN names a standby: name a primary"
