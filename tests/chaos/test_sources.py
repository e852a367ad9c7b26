"""Sources that break, lie, stall or flood: never a rollback, never healthy, and people are told."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import resource
from collections.abc import AsyncIterator, Callable

import pytest

from monitor.core.samples import SECOND, Reading
from monitor.daemon.happenings import Readings, Tick
from monitor.demo.postgres import free_port
from monitor.net import Net
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.json_document import JsonProbe, JsonSpec
from tests import peers
from tests.hands import START, Desk

DEADLINE = 0.15
"""Seconds for one read."""

READS = 14
"""Seventy seconds: more than twice the hold of 30 s."""

MEGABYTES_MORE = 20
"""What hostile answers may add to the memory of the daemon."""


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


def probe_of(url: str, net: Net) -> JsonProbe:
    """The error rate, from counters of errors and requests."""
    spec = JsonSpec((url,), errors="errors", requests="requests")
    return JsonProbe("error_rate", spec, Pace(deadline=DEADLINE, rates=Rates()), net)


async def watched(probe: JsonProbe) -> Desk:
    """A watch that has nothing but this probe to go by, for 70 seconds of its time."""
    desk = Desk()
    desk.register()
    for n in range(READS):
        desk.clock.moment = START + 5 * n * SECOND
        readings = await asyncio.wait_for(probe.read(desk.clock.now()), 10 * DEADLINE)
        desk.take(Readings([*readings, Reading("connections", 10.0)]), Tick())
    return desk


async def watched_at(behaviour: peers.Behaviour, net: Net) -> Desk:
    async with peers.listening(behaviour) as peer:
        return await watched(probe_of(peer.url, net))


def says_nothing(desk: Desk) -> None:
    """No order, not normal, blind, and an alert that says so."""
    assert desk.orders == []
    shown = desk.view()["metrics"]["error_rate"]
    assert (shown["value"], shown["normal"], shown["blind"]) == (None, None, True)
    assert any("blind" in alert.condition for alert in desk.alerts())
    assert desk.view()["phase"] == "watching"


def counting(
    errors: Callable[[int], int], requests: Callable[[int], int], headers: str = ""
) -> peers.Behaviour:
    """Counters as functions of the number of the read."""
    asked = iter(range(10_000))

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await peers.request_of(reader)
            n = next(asked)
            body = f'{{"errors": {errors(n)}, "requests": {requests(n)}}}'
            writer.write(peers.response(body.encode(), headers=headers))
            await writer.drain()

    return behave


async def test_counters_of_a_real_outage_are_rolled_back(net: Net) -> None:
    """So that the others mean something: the same watch, the same probe, an honest source."""
    desk = await watched_at(counting(lambda n: 500 * n, lambda n: 1000 * n), net)
    assert len(desk.orders) == 1


@pytest.mark.fault(25)
@pytest.mark.parametrize("what", ["500", "refused", "tls", "dns"])
async def test_an_endpoint_that_is_broken_is_no_data_and_paged(net: Net, what: str) -> None:
    """Fault 25: 500 with bad numbers in it, refused, no TLS where it should be, no such name."""
    body = '{"errors": 900, "requests": 1000}'
    if what == "500":
        return says_nothing(await watched_at(peers.answering(body, status="500 No"), net))
    async with peers.listening(peers.answering(body)) as peer:
        url = {
            "refused": f"http://127.0.0.1:{free_port()}/",
            "tls": peer.url.replace("http:", "https:"),
            "dns": "http://no-such-name.invalid/",
        }[what]
        return says_nothing(await watched(probe_of(url, net)))


async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """To itself, for ever."""
    while True:
        await peers.request_of(reader)
        writer.write(peers.response(b"", "302 Found", "Location: /metrics\r\n"))
        await writer.drain()


BOMB = gzip.compress(bytes(200 << 20))
"""194 KB that want to be 200 MB."""

FLOODS: dict[str, tuple[peers.Behaviour, set[str]]] = {
    "slow-loris": (peers.slow_loris, {"timeout"}),
    "gzip bomb": (peers.answering(BOMB, headers="Content-Encoding: gzip\r\n"), {"encoding"}),
    "endless body": (peers.endless_body, {"too_large", "timeout"}),  # whichever comes first on this machine
    "200,000 headers": (peers.many_headers, {"protocol"}),
    "redirect loop": (redirecting, {"redirect"}),
}
"""Each with the reasons of its readings: what ends it is a limit, not a peer that is slow itself."""


@pytest.mark.fault(26)
@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_keeps_its_deadline_and_fills_no_memory(net: Net, flood: str) -> None:
    """Fault 26: every read ends in time, and seventy seconds of them add at most 20 MB."""
    behaviour, reasons = FLOODS[flood]
    with contextlib.suppress(TimeoutError):
        await watched_at(behaviour, net)  # what is loaded once is loaded now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk = await watched_at(behaviour, net)
    says_nothing(desk)
    assert {s.reason for r in desk.records for s in r.samples if s.metric == "error_rate"} & reasons
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES_MORE * 1024


ODD: dict[str, str | bytes] = {
    "NaN": '{"errors": NaN, "requests": 1000}',
    "Infinity": '{"errors": 900, "requests": Infinity}',
    "negative": '{"errors": -900, "requests": 1000}',
    "string": '{"errors": "900", "requests": "1000"}',
    "bool": '{"errors": true, "requests": true}',
    "duplicate keys": '{"errors": 0, "errors": 900, "requests": 1000}',
    "deep": '{"errors": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "BOM": '\ufeff{"errors": 900, "requests": 1000}',
    "bad UTF-8": b'{"errors": 900, "requests": 1000, "\xff": 1}',
}


@pytest.mark.fault(27)
@pytest.mark.parametrize("odd", ODD)
async def test_a_document_that_is_not_strictly_right_is_no_data(net: Net, odd: str) -> None:
    """Fault 27: with its reason, and never a number."""
    desk = await watched_at(peers.answering(ODD[odd]), net)
    says_nothing(desk)
    stored = [s for r in desk.records for s in r.samples if s.metric == "error_rate"]
    assert stored
    assert all(s.value is None and s.reason for s in stored)


@pytest.mark.fault(28)
async def test_frozen_counters_and_cached_answers_are_not_healthy(net: Net) -> None:
    """Fault 28: after an outage they stand still, or come from a cache: nothing is known, nothing done."""
    frozen = await watched_at(counting(lambda n: 500 * min(n, 3), lambda n: 1000 * min(n, 3)), net)
    assert frozen.orders == []
    says_nothing(await watched_at(counting(lambda n: 500 * n, lambda n: 1000 * n, "Age: 3600\r\n"), net))


@pytest.mark.fault(28)
async def test_a_counter_reset_and_two_replicas_behind_one_url_give_no_rate(net: Net) -> None:
    """Fault 28: what decreases is dropped; taken as an increase, either would be an outage."""
    says_nothing(await watched_at(counting(lambda n: 900 - n, lambda n: 1000 - n), net))
    replicas = ((10_000, 90_000), (9_000, 10_000))
    says_nothing(
        await watched_at(counting(lambda n: replicas[n % 2][0] + n, lambda n: replicas[n % 2][1] + n), net)
    )
