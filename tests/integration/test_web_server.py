"""The running server: streams, silent sockets, its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from monitor.errors import OperatorError
from monitor.web import connections
from monitor.web.server import WebServer
from tests.alerts import until
from tests.site import Running, running


@pytest.fixture
async def web() -> AsyncIterator[Running]:
    async with running() as found:
        yield found


async def heard(answer: httpx.Response, word: str) -> str:
    """The stream's text until `word` has come."""
    text = ""
    async with asyncio.timeout(10):
        async for piece in answer.aiter_text():
            text += piece
            if word in text:
                return text
    raise AssertionError(f"the stream ended without {word}")


async def test_a_listener_hears_what_is_published(web: Running) -> None:
    """With an id, a name and JSON."""
    async with web.client.stream("GET", "/api/v1/stream") as answer:
        await until(lambda: web.site.stream.listeners == 1)
        web.site.stream.publish("watch", {"id": "w-1"})
        text = await heard(answer, '{"id": "w-1"}')
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: watch\ndata: " in text


async def test_a_change_of_the_overview_reaches_listeners_by_itself(web: Running) -> None:
    """Nobody has to publish it."""
    async with web.client.stream("GET", "/api/v1/stream") as answer:
        await until(lambda: web.site.stream.listeners == 1)
        web.overview.change_watch(phase="rolling_back")
        await heard(answer, '"phase": "rolling_back"')
    async with web.client.stream("GET", "/api/v1/stream") as answer:
        await until(lambda: web.site.stream.listeners > 0)
        web.overview.change(watches=())
        await heard(answer, "event: ended")


async def test_a_listener_that_comes_back_gets_what_it_missed(web: Running) -> None:
    """From its Last-Event-ID on."""
    for number in range(3):
        web.site.stream.publish("watch", {"number": number})
    async with web.client.stream("GET", "/api/v1/stream", headers={"last-event-id": ""}) as answer:
        web.site.stream.publish("watch", {"number": 3})
        text = await heard(answer, '{"number": 3}')
    life = next(line for line in text.splitlines() if line.startswith("id: "))[4:].partition("-")[0]
    async with web.client.stream("GET", "/api/v1/stream", headers={"last-event-id": f"{life}-1"}) as answer:
        text = await heard(answer, '{"number": 3}')
    assert '{"number": 0}' not in text
    assert '{"number": 1}' in text
    assert "reset" not in text


@pytest.mark.parametrize("place", ["another-1", "nonsense", "-", "x-99999999999999999999999"])
async def test_a_listener_with_a_strange_place_is_told_to_ask_again(web: Running, place: str) -> None:
    """An id of an earlier process means nothing here."""
    async with web.client.stream("GET", "/api/v1/stream", headers={"last-event-id": place}) as answer:
        await heard(answer, "event: reset")


async def test_a_listener_that_leaves_is_forgotten(web: Running) -> None:
    """Nothing is held for it."""
    async with web.client.stream("GET", "/api/v1/stream"):
        await until(lambda: web.site.stream.listeners == 1)
    await until(lambda: web.site.stream.listeners == 0)


@pytest.mark.fault(35)
async def test_two_hundred_silent_sockets_do_not_keep_health_from_answering(web: Running) -> None:
    """Fault 35: sockets that never ask are only sockets."""
    silent = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(200)]
    for path in ("/healthz", "/metrics", "/"):
        assert (await web.get(path)).status_code == 200
    for _, writer in silent:
        writer.close()


async def test_connections_are_bounded_and_the_oldest_silent_one_gives_way(web: Running) -> None:
    """However many come, descriptors stay and the next request is answered."""
    silent = [
        await asyncio.open_connection("127.0.0.1", web.port) for _ in range(connections.CONNECTIONS_MAX + 40)
    ]
    assert (await web.get("/healthz")).status_code == 200
    first, _ = silent[0]
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(first.readexactly(1), 5)
    for _, writer in silent:
        writer.close()


async def test_a_request_that_is_no_http_is_400_and_leaves_nothing(web: Running) -> None:
    """Binary noise and a head without end."""
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(noise)
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer.startswith(b"HTTP/1.1 400")
        writer.close()
    assert (await web.get("/healthz")).status_code == 200


async def test_an_open_stream_does_not_hold_up_the_end() -> None:
    """The generator ends by the stop, not by the grace period."""
    async with running() as web, web.client.stream("GET", "/api/v1/stream") as answer:
        await until(lambda: web.site.stream.listeners == 1)
        await asyncio.wait_for(web.server.aclose(), 10)
        async with asyncio.timeout(5):
            await answer.aread()
        assert web.site.stream.listeners == 0


async def test_after_the_end_the_port_is_free_again() -> None:
    """Nothing is left behind."""
    async with running() as web:
        port = web.port
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


async def test_a_port_that_is_taken_is_the_operators_error(web: Running) -> None:
    """One sentence that names it."""
    other = WebServer(web.site, "127.0.0.1", web.port)
    with pytest.raises(OperatorError, match=f"127.0.0.1:{web.port} can't be taken"):
        other.bind()


async def test_a_server_closed_before_it_ran_ends_at_once() -> None:
    """A daemon that fails early closes everything all the same."""
    async with running() as web:
        server = WebServer(web.site, "127.0.0.1", 0)
        server.bind()
        await server.aclose()


async def test_a_cancelled_server_leaves_no_task() -> None:
    """Cancellation cuts, and is raised again."""
    async with running() as web:
        server = WebServer(web.site, "127.0.0.1", 0)
        server.bind()
        task = asyncio.create_task(server.run())
        async with httpx.AsyncClient(trust_env=False) as client:
            await until(lambda: server.started)
            assert (await client.get(f"http://127.0.0.1:{server.port}/healthz")).status_code == 200
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
