"""The demonstration's application, customers and Slack stand-in, on real PostgreSQL and real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from monitor.demo.load import Load
from monitor.demo.postgres import free_port
from monitor.demo.receiver import Receiver, lines_of
from monitor.demo.stage import BACK, FORWARD, TABLES, execute
from monitor.demo.wire import Client
from tests.conftest import Database

pytestmark = pytest.mark.corner

WAIT = 30.0


@asynccontextmanager
async def shop(dsn: str) -> AsyncIterator[int]:
    """The shop as a process of its own; yields its port once it answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor.demo.shop", str(port)], env={**os.environ, "SHOP_DSN": dsn}
    )
    client = Client(port)
    try:
        async with asyncio.timeout(WAIT):
            while True:
                try:
                    await client.request("GET", "/stats")
                    break
                except OSError:
                    assert process.poll() is None, "the shop ended"
                    await asyncio.sleep(0.05)
        yield port
    finally:
        await client.aclose()
        process.terminate()
        assert await asyncio.to_thread(process.wait, WAIT) in {0, -15}


@asynccontextmanager
async def customers(port: int) -> AsyncIterator[Load]:
    """The load, ended with the block."""
    load = Load(port)
    task = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def prepare(database: Database) -> None:
    """The shop's tables in the test's database, owned by the superuser."""
    await execute(database.dsn, TABLES.replace("GRANT SELECT, INSERT ON contacts, products TO shop_app;", ""))


async def until(load: Load, low: float, high: float) -> None:
    """Waits until what customers meet is in that range."""
    async with asyncio.timeout(WAIT):
        while not low <= (rate if (rate := load.error_rate()) is not None else -1) <= high:
            await asyncio.sleep(0.05)


async def test_the_migration_breaks_the_shop_and_its_rollback_repairs_it(database: Database) -> None:
    """Renaming the column turns contact pages into 5xx, renaming it back heals them, products never fail."""
    await prepare(database)
    async with shop(database.dsn) as port, customers(port) as load:
        await until(load, 0, 0)
        await execute(database.dsn, FORWARD)
        await until(load, 0.2, 0.6)
        await execute(database.dsn, BACK)
        await until(load, 0, 0)


async def test_the_shop_counts_as_an_instrumented_fastapi_application_does(database: Database) -> None:
    """Statuses are grouped as 2xx and 5xx, durations are a histogram, our own reads are not counted."""
    await prepare(database)
    async with shop(database.dsn) as port:
        client = Client(port)
        assert (await client.request("GET", "/contacts"))[0] == 200
        await execute(database.dsn, FORWARD)
        assert (await client.request("GET", "/contacts"))[0] == 500
        assert (await client.request("POST", "/contacts", b'{"name": "a", "email": "b"}'))[0] == 500
        page = (await client.request("GET", "/metrics"))[1].decode()
        stats = await client.get_json("/stats")
        await client.aclose()
    assert 'http_requests_total{handler="/contacts",method="GET",status="2xx"} 1.0' in page
    assert 'http_requests_total{handler="/contacts",method="GET",status="5xx"} 1.0' in page
    assert 'http_requests_total{handler="/contacts",method="POST",status="5xx"} 1.0' in page
    assert 'http_request_duration_seconds_bucket{handler="/contacts",le="+Inf",method="GET"} 2.0' in page
    assert "/metrics" not in page
    assert stats["response_time_ms"] > 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": "a"}', b"\xff"])
async def test_a_malformed_contact_is_the_customers_fault(database: Database, body: bytes) -> None:
    """It is a 4xx, which no error rate counts."""
    await prepare(database)
    async with shop(database.dsn) as port:
        client = Client(port)
        assert (await client.request("POST", "/contacts", body))[0] == 400
        await client.aclose()


async def test_paused_customers_send_nothing_until_they_are_back(database: Database) -> None:
    """After `pause` and `idle` no request is on its way; after `resume` they come again."""
    await prepare(database)
    async with shop(database.dsn) as port, customers(port) as load:
        await until(load, 0, 0)
        load.pause()
        await load.idle()
        client = Client(port)
        before = (await client.request("GET", "/metrics"))[1]
        await asyncio.sleep(0.3)  # real time: real customers would have sent dozens by now
        assert (await client.request("GET", "/metrics"))[1] == before
        await client.aclose()
        sent = load.requests
        load.resume()
        async with asyncio.timeout(WAIT):
            while load.requests < sent + 20:
                await asyncio.sleep(0.02)


async def test_customers_of_a_dead_shop_get_errors() -> None:
    """A refused connection is a failed request, and the load goes on."""
    async with customers(free_port()) as load:
        async with asyncio.timeout(WAIT):
            while load.requests < 20:
                await asyncio.sleep(0.02)
        assert load.errors == load.requests


async def test_the_slack_stand_in_shows_the_text_of_a_block_kit_message() -> None:
    """Header and fields come as lines without mark-up, the reference does not; the answer is Slack's."""
    got: list[list[str]] = []
    receiver = Receiver(got.append)
    try:
        client = Client(int(receiver.url.split(":")[2].split("/")[0]))
        message = {
            "text": "fallback",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "Rolled back"}},
                {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Limit*\n&gt; 1 %"}]},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "ref 12ab"}]},
            ],
        }
        path = "/services/demo"
        assert await client.request("POST", path, json.dumps(message).encode()) == (200, b"ok")
        await client.aclose()
        assert await client.request("POST", path, b"no json") == (400, b"invalid_payload")
        await client.aclose()
    finally:
        receiver.close()
    assert got == [["Rolled back", "Limit: > 1 %"]]


def test_a_message_without_blocks_shows_its_fallback_text() -> None:
    """`text` is what a client without blocks shows."""
    assert lines_of({"text": "one\ntwo"}) == ["one", "two"]
