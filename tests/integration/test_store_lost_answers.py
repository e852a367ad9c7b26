"""Answers that never come: a COMMIT whose answer is lost, a server that falls silent."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from monitor.errors import DatabaseUnreachable
from monitor.ports import Control, EventRow, Record
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from monitor.store.session import Session, transaction
from tests.conftest import Database
from tests.stored import T0, alert, registration, sample, update

PATIENCE = 30.0


class Wire:
    """A TCP proxy to a server that, when told to, cuts the client off behind its next COMMIT."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = 0
        self.lose_next_answer = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        answers = asyncio.create_task(self._forward(there_reader, writer))
        while data := await reader.read(65536):
            lose = self.lose_next_answer and b"COMMIT" in data
            if lose:
                self.lose_next_answer = False
                answers.cancel()
                await asyncio.wait([answers])
            there_writer.write(data)
            if lose:
                await there_reader.read(65536)  # it is committed; nobody is told
                break
        answers.cancel()
        await asyncio.wait([answers])
        writer.transport.abort()
        there_writer.transport.abort()

    @staticmethod
    async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def wire_to(database: Database) -> AsyncIterator[tuple[Wire, str]]:
    """The proxy, and the DSN through it."""
    wire = Wire(database.server.port)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire, database.server.dsn(database.name, port=wire.port)
    finally:
        server.close()


async def test_a_record_whose_answer_was_lost_is_written_once(database: Database) -> None:
    """It was committed; the retry finds all of it and adds nothing."""
    async with wire_to(database) as (wire, dsn):
        store, registry = PgStore("shop", dsn), PgRegistry("shop", database.dsn)
        await store.open()
        watch, _ = await registry.register(registration())
        record = Record(
            watches=(update(watch, "ended", "rolled_back"),),
            samples=(sample(),),
            events=(EventRow(watch.id, T0, "rolled_back", {"tries": 1}),),
            alerts=(alert(watch.id),),
            memory={"a": 1},
        )
        wire.lose_next_answer = True
        with pytest.raises(DatabaseUnreachable):
            await store.record(record)
        before = await registry.find(watch.id)
        await store.record(record)
        assert await registry.find(watch.id) == before
        assert [e.kind for e in await registry.events(watch.id, 0, 10)] == ["registered", "rolled_back"]
        assert (len(await registry.samples(T0, T0 + 1, 10)), len(await store.undelivered())) == (1, 1)
        await registry.aclose()
        await store.aclose()


async def test_a_registration_whose_answer_was_lost_is_found_again(database: Database) -> None:
    """Running the command again gives the same watch."""
    async with wire_to(database) as (wire, dsn):
        registry = PgRegistry("shop", dsn)
        store = PgStore("shop", database.dsn)
        await store.open()  # creates the schema, so that the next COMMIT is the registration's
        wire.lose_next_answer = True
        with pytest.raises(DatabaseUnreachable):
            await registry.register(registration())
        watch, is_new = await registry.register(registration())
        assert (is_new, [w.id for w in await registry.watches(10)]) == (False, [watch.id])
        wire.lose_next_answer = True
        with pytest.raises(DatabaseUnreachable):
            await registry.control(watch.id, Control.PAUSE, by="ana", reason="")
        assert (await store.controls())[watch.id].paused
        await store.aclose()
        await registry.aclose()


async def test_a_server_that_falls_silent_is_left_at_the_deadline(database: Database) -> None:
    """Fault 7: no hang, not in the rollback of the transaction either; the next use connects anew."""
    session = Session(database.dsn, "test")
    async with session.use("asking") as connection:
        pid = connection.get_server_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(DatabaseUnreachable, match="deadline"):
                async with session.use("asking", deadline=0.3) as connection, transaction(connection):
                    await connection.execute("SELECT 1")
            async with session.use("asking") as connection:
                assert connection.get_server_pid() != pid
    finally:
        os.kill(pid, signal.SIGCONT)
    await session.aclose()


async def test_one_who_waits_for_its_turn_does_not_cut_the_other_off(database: Database) -> None:
    """The deadline of the one behind leaves the connection of the one before."""
    session = Session(database.dsn, "test")
    async with session.use("the first") as connection:
        with pytest.raises(DatabaseUnreachable, match="the second"):
            async with session.use("the second", deadline=0.05):
                pytest.fail("it is not its turn")
        assert await connection.fetchval("SELECT 1") == 1
    await session.aclose()


async def test_a_cancelled_call_is_cancelled_and_the_next_one_works(database: Database) -> None:
    """Cancellation goes through, and leaves nothing half done."""
    store = PgStore("shop", database.dsn)
    await store.open()
    session = Session(database.dsn, "test")

    async def slow() -> None:
        async with session.use("slow") as connection, transaction(connection):
            await connection.execute("SELECT pg_sleep(5)")

    task = asyncio.create_task(slow())
    await asyncio.wait([task], timeout=0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with session.use("asking") as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await session.aclose()
    await store.aclose()


async def test_times_cross_to_the_microsecond(database: Database) -> None:
    """Before and after the server's own epoch, and far from both."""
    session = Session(database.dsn, "test")
    async with session.use("times") as connection:
        for at in (T0, T0 + 1, 0, -1, 946_684_799_999_999, 946_684_800_000_000, 32_503_680_000_000_001):
            assert await connection.fetchval("SELECT $1::timestamptz", at) == at
            same = "SELECT $1::timestamptz - 'epoch'::timestamptz = $2::text::interval"
            assert await connection.fetchval(same, at, f"{at} microseconds")
    await session.aclose()
