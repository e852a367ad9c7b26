"""Requests to peers that are slow, endless or hostile: bounded in time and size, then healthy again."""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from monitor.errors import SourceError
from monitor.net import Net
from tests import peers

DEADLINE = 5.0


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


async def reason_of(net: Net, behaviour: peers.Behaviour, deadline: float = DEADLINE) -> str:
    """The constant word of the SourceError that a peer of this behaviour causes."""
    async with peers.listening(behaviour) as peer:
        with pytest.raises(SourceError) as caught:
            await net.get(peer.url, deadline=deadline)
        assert str(peer.port) not in str(caught.value)
        return caught.value.reason


async def test_a_get_returns_status_headers_and_body(net: Net) -> None:
    """The plain case, with lower-case header names."""
    async with peers.listening(peers.answering("hello", headers="X-Kind: a\r\n")) as peer:
        answer = await net.get(peer.url, deadline=DEADLINE)
    assert (answer.status, answer.headers["x-kind"], answer.body) == (200, "a", b"hello")


async def test_one_connection_serves_many_gets(net: Net) -> None:
    """Keep-alive works."""
    async with peers.listening(peers.answering("hello")) as peer:
        for _ in range(5):
            await net.get(peer.url, deadline=DEADLINE)
        assert peer.connections == 1


async def test_a_post_sends_json_with_its_headers(net: Net) -> None:
    """Body, content type and own headers arrive; nothing compressed is asked for."""
    got: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await peers.request_of(reader)
        got.extend((head.lower(), await reader.readexactly(9)))
        writer.write(peers.response(b"ok", "202 Accepted"))

    async with peers.listening(behave) as peer:
        answer = await net.post(peer.url, deadline=DEADLINE, json={"a": "é"}, headers={"X-Key": "k"})
    assert answer.status == 202
    assert got[1] == '{"a": "é"}'.encode()[:9]
    for line in (b"x-key: k", b"content-type: application/json", b"accept-encoding: identity"):
        assert line in got[0]


async def test_credentials_of_the_url_are_sent_and_never_shown(net: Net) -> None:
    """They travel as basic authentication; an error's text has neither them nor the URL."""
    got: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await peers.request_of(reader))
        writer.write(b"nonsense\r\n\r\n")

    async with peers.listening(behave) as peer:
        with pytest.raises(SourceError) as caught:
            await net.get(f"http://ann:canary@127.0.0.1:{peer.port}/", deadline=DEADLINE)
    assert b"Basic YW5uOmNhbmFyeQ==" in got[0]
    assert b"canary" not in got[0]
    assert "canary" not in str(caught.value)


async def test_a_status_of_500_is_an_answer_that_ok_refuses(net: Net) -> None:
    """http_check wants the status, every other probe wants 2xx."""
    async with peers.listening(peers.answering("no", status="500 No")) as peer:
        answer = await net.get(peer.url, deadline=DEADLINE)
    with pytest.raises(SourceError) as caught:
        answer.ok()
    assert caught.value.reason == "http_status"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (peers.answering("", status="302 Found", headers="Location: /metrics\r\n"), "redirect"),
        (peers.answering(gzip.compress(bytes(1 << 20)), headers="Content-Encoding: gzip\r\n"), "encoding"),
        (peers.endless_body, "too_large"),
        (peers.tiny_chunks, "too_large"),
        (peers.answering(bytes((1 << 20) + 1)), "too_large"),
        (peers.many_headers, "protocol"),
        (peers.raw(b"nonsense\r\n\r\n"), "protocol"),
        (peers.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), "protocol"),
        (peers.raw(b""), "protocol"),
    ],
    ids=["redirect", "gzip", "endless", "tiny", "limit", "headers", "nonsense", "short", "closed"],
)
@pytest.mark.fault(26)
async def test_a_hostile_answer_has_its_reason(net: Net, behaviour: peers.Behaviour, reason: str) -> None:
    """Fault 26, each with a constant word."""
    assert await reason_of(net, behaviour) == reason


@pytest.mark.parametrize("behaviour", [peers.silent, peers.slow_loris], ids=["silent", "slow-loris"])
@pytest.mark.fault(26)
async def test_a_slow_peer_ends_at_the_deadline(net: Net, behaviour: peers.Behaviour) -> None:
    """The deadline is for the whole request, not for each byte."""
    assert await reason_of(net, behaviour, 0.2) == "timeout"


async def test_exactly_the_limit_is_accepted(net: Net) -> None:
    """The limit is inclusive."""
    async with peers.listening(peers.answering(bytes(1 << 20))) as peer:
        assert len((await net.get(peer.url, deadline=DEADLINE)).body) == 1 << 20


async def test_nothing_listening_is_refused(net: Net) -> None:
    """A closed port says so."""
    async with peers.listening(peers.silent) as peer:
        url = peer.url
    with pytest.raises(SourceError) as caught:
        await net.get(url, deadline=DEADLINE)
    assert caught.value.reason == "refused"


async def test_plain_http_on_a_tls_url_is_a_tls_error(net: Net) -> None:
    """A peer that does not speak TLS is told apart from one that is down."""
    async with peers.listening(peers.raw(b"")) as peer:
        with pytest.raises(SourceError) as caught:
            await net.get(peer.url.replace("http:", "https:"), deadline=1.0)
    assert caught.value.reason in {"tls", "unreachable", "timeout"}


@pytest.mark.parametrize("url", ["", "ftp://x/", "http://", "no url", "http://[::1", "http://a:99999/"])
async def test_a_bad_url_is_said(net: Net, url: str) -> None:
    """Not an exception of the library."""
    with pytest.raises(SourceError) as caught:
        await net.get(url, deadline=1.0)
    assert caught.value.reason == "url"


async def test_a_dropped_kept_connection_is_tried_once_more(net: Net) -> None:
    """A peer that closes idle connections causes no gap in the data."""
    answered = 0

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answered
        await peers.request_of(reader)
        writer.write(peers.response(b"hello"))
        answered += 1
        await peers.request_of(reader)  # and closes without an answer

    async with peers.listening(behave) as peer:
        for _ in range(3):
            assert (await net.get(peer.url, deadline=DEADLINE)).body == b"hello"
    assert answered == 3


async def test_after_80_timeouts_and_80_cancellations_the_next_read_succeeds(net: Net) -> None:
    """The origin's transport is replaced, and no descriptor is left behind."""
    async with peers.listening(peers.silent) as peer:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(80):
            with pytest.raises(SourceError):
                await net.get(peer.url, deadline=0.005)
        for _ in range(80):
            read = asyncio.create_task(net.get(peer.url, deadline=DEADLINE))
            await asyncio.sleep(0.002)
            read.cancel()
            await asyncio.gather(read, return_exceptions=True)
        peer.behaviour = peers.answering("hello")
        assert (await net.get(peer.url, deadline=DEADLINE)).body == b"hello"
        while peer.open > 1:
            await asyncio.sleep(0.01)
        assert len(os.listdir("/proc/self/fd")) <= before + 2


async def test_other_requests_on_an_origin_survive_a_timeout_beside_them(net: Net) -> None:
    """A replaced transport is closed when its last request has ended."""
    release = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await peers.request_of(reader)
        await (release if b"/slow" in head else asyncio.Event()).wait()
        writer.write(peers.response(b"late"))

    async with peers.listening(behave) as peer:
        slow = asyncio.create_task(net.get(peer.url.replace("metrics", "slow"), deadline=DEADLINE))
        with pytest.raises(SourceError):
            await net.get(peer.url, deadline=0.1)
        release.set()
        assert (await slow).body == b"late"


@pytest.mark.slow
@pytest.mark.fault(26)
async def test_hostile_bodies_do_not_grow_the_process(net: Net) -> None:
    """Twenty endless bodies and floods of headers add at most 20 MB."""
    await reason_of(net, peers.endless_body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(10):
        await reason_of(net, peers.endless_body)
        await reason_of(net, peers.many_headers)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


async def test_a_hung_name_stops_no_other() -> None:
    """Forty hung look-ups hold one thread, and another name is answered."""
    release = threading.Event()

    def lookup(host: str, port: int) -> Sequence[str]:
        if host == "hung.test":
            release.wait()
        return ["127.0.0.1"]

    net = Net(lookup=lookup)
    threads = threading.active_count()
    async with peers.listening(peers.answering("hello")) as peer:
        for _ in range(40):
            with pytest.raises(SourceError):
                await net.get(f"http://hung.test:{peer.port}/", deadline=0.005)
        assert threading.active_count() <= threads + 1
        assert (await net.get(f"http://good.test:{peer.port}/", deadline=DEADLINE)).body == b"hello"
    release.set()
    await net.aclose()


async def test_a_name_that_does_not_exist_is_dns() -> None:
    """The reason names the stage."""

    def lookup(host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "unknown")

    net = Net(lookup=lookup)
    with pytest.raises(SourceError) as caught:
        await net.get("http://nowhere.test/", deadline=DEADLINE)
    assert caught.value.reason == "dns"
    await net.aclose()


async def test_the_next_address_is_used_after_a_refusal() -> None:
    """A name with a dead first address works from the second read on."""
    net = Net(lookup=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    async with peers.listening(peers.answering("hello")) as peer:
        url = f"http://two.test:{peer.port}/"
        with pytest.raises(SourceError):
            await net.get(url, deadline=DEADLINE)
        assert (await net.get(url, deadline=DEADLINE)).body == b"hello"
    await net.aclose()
