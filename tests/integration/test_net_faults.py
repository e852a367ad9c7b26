"""Requests of ours that fail, for real: what the peer did is measured, what happened here is no data."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import trustme

from monitor.core.samples import SECOND, Reading
from monitor.demo.postgres import free_port
from monitor.net import Net
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.http_check import HttpCheckProbe, HttpCheckSpec
from monitor.tls import Files, Identity
from tests import peers

NOW = 1_700_000_000 * SECOND
PACE = Pace(deadline=0.6, rates=Rates())


def failing(number: int) -> Callable[[str, int], Sequence[str]]:
    """A resolver that says so."""

    def lookup(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(number, "said")

    return lookup


async def checked(net: Net, *urls: str, measure: str = "errors") -> Reading:
    """The first reading of a check of these addresses."""
    (reading,) = await HttpCheckProbe("error_rate", HttpCheckSpec(urls, measure), PACE, net).read(NOW)
    return reading


@contextlib.asynccontextmanager
async def using(net: Net) -> AsyncIterator[Net]:
    try:
        yield net
    finally:
        await net.aclose()


@pytest.mark.parametrize("number", [socket.EAI_AGAIN, socket.EAI_NONAME, socket.EAI_FAIL, socket.EAI_SYSTEM])
async def test_a_resolver_that_fails_is_no_data(number: int) -> None:
    """After a restart no name is known yet: 86 % errors were measured of an application that was well."""
    async with using(Net(lookup=failing(number))) as net:
        assert await checked(net, "http://shop.test/") == Reading("error_rate", reason="dns")


async def test_a_resolver_that_hangs_is_no_data() -> None:
    """The deadline ends in the look-up: nothing was asked yet."""
    release = threading.Event()

    def hung(host: str, port: int) -> Sequence[str]:
        release.wait()
        return ["127.0.0.1"]

    async with using(Net(lookup=hung)) as net:
        assert (await checked(net, "http://shop.test/")).reason == "dns"
        release.set()


async def test_a_host_that_lets_nobody_connect_is_no_data() -> None:
    """Its queue is full, or a firewall drops what comes: the deadline ends before there is a connection."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listener.getsockname())
        async with using(Net()) as net:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            assert (await checked(net, url)).reason == "connect_timeout"


async def test_no_route_is_no_data() -> None:
    """Loopback's broadcast address is nobody's."""
    async with using(Net(lookup=lambda host, port: ["127.255.255.255"])) as net:
        assert (await checked(net, "http://shop.test/")).reason in {"no_route", "local"}


@contextlib.contextmanager
def no_descriptor_left() -> Iterator[None]:
    """As many may be open as are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(fd) for fd in os.listdir("/proc/self/fd"))
    gaps = [os.open("/dev/null", os.O_RDONLY) for _ in range(used + 1 - len(os.listdir("/proc/self/fd")))]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(gaps, default=used) + 1, hard))
    taken = []
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        yield
    finally:
        for fd in (*gaps, *taken):
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_no_descriptor_left_is_no_data() -> None:
    """The daemon's own limit."""
    async with peers.listening(peers.answering("")) as peer, using(Net()) as net:
        with no_descriptor_left():
            reading = await checked(net, peer.url)
        assert reading.reason == "descriptors"
        assert (await checked(net, peer.url)).value == 0


async def test_a_certificate_that_we_do_not_trust_is_no_data(tmp_path: Path) -> None:
    """Which authorities are trusted is set up here; with the right one the same server is measured."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    known = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(known))
    async with peers.listening(peers.answering(""), context) as peer:
        async with using(Net()) as net:
            assert (await checked(net, peer.url)).reason == "tls"
        async with using(Net(tls=Identity(Files(str(known))))) as net:
            assert (await checked(net, peer.url)).value == 0


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request and resets the connection."""
    await peers.request_of(reader)
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes as soon as something comes."""
    await reader.read(1)


@pytest.mark.parametrize("what", ["refused", "reset", "closed", "silent", "nonsense", "503", "TLS closed"])
async def test_what_the_application_does_is_measured(what: str) -> None:
    """An error of one request, each."""
    behaviour = {
        "reset": resets,
        "closed": hangs_up,
        "silent": peers.silent,
        "nonsense": peers.raw(b"nonsense\r\n\r\n"),
        "503": peers.answering("", status="503 No"),
        "TLS closed": hangs_up,
    }.get(what, peers.silent)
    async with peers.listening(behaviour) as peer, using(Net()) as net:
        url = peer.url.replace("http:", "https:") if what == "TLS closed" else peer.url
        url = f"http://127.0.0.1:{free_port()}/" if what == "refused" else url
        assert await checked(net, url) == Reading("error_rate", 1.0, errors=1, requests=1)


async def test_of_several_addresses_those_that_could_be_asked_are_measured() -> None:
    """One of two whose name is not found leaves the other; two of three are too many."""
    async with peers.listening(peers.answering("")) as peer, using(Net(lookup=failing(-3))) as net:
        assert await checked(net, peer.url, "http://a.test/") == Reading("error_rate", 0.0, "", False, 0, 1)
        assert (await checked(net, peer.url, "http://a.test/", "http://b.test/")).reason == "dns"
        times = await checked(net, peer.url, "http://a.test/", measure="time")
        assert times.value is not None


async def test_check_says_whose_fault_it_is() -> None:
    """A refusal counts as an error, a name that is not found as nothing."""
    async with using(Net(lookup=failing(socket.EAI_AGAIN))) as net:
        spec = HttpCheckSpec((f"http://127.0.0.1:{free_port()}/", "http://shop.test/"))
        told = await HttpCheckProbe("error_rate", spec, PACE, net).check()
    assert "every such request counts as an error" in told[0].text
    assert "that is no data" in told[1].text
