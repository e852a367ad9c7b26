"""A page of 60 MB: how long a read takes, what it adds to memory, and how long it holds the loop up."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import time

from monitor.core.samples import SECOND
from monitor.net import Net
from monitor.sources.endpoints import Pace
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from tests import peers

OTHER = (
    'other_seconds_bucket{host="shop.example.com",path="/api/v1/things/%d",le="0.005",status="200"} 123456\n'
)
MINE = 'http_requests_total{path="/%d",status="%d"} %d\n'
READS = 3


def page(megabytes: int) -> bytes:
    """That many megabytes, of which some thousand series are wanted."""
    mine = "".join(MINE % (n, status, n) for n in range(500) for status in (200, 500))
    others = "".join(OTHER % n for n in range(5000))
    times = (megabytes << 20) // len(others)
    return (mine + others * times).encode()


async def serve(megabytes: int) -> None:
    """The application, in a process of its own."""
    async with peers.listening(peers.answering(page(megabytes))) as peer:
        print(peer.url, flush=True)
        await asyncio.Event().wait()


async def measure(url: str) -> tuple[float, float, float, str]:
    """Seconds of the slowest read, megabytes more, seconds of the longest pause of the loop, the reason."""
    pauses: list[float] = []
    net = Net()
    spec = PrometheusSpec((url,), requests="http_requests_total", errors='http_requests_total{status="500"}')
    probe = PrometheusProbe("error_rate", spec, Pace(deadline=30.0), net)
    await probe.read((1_700_000_000 - 5) * SECOND)  # the first loads the transport
    beat = asyncio.get_running_loop().create_task(_beat(pauses), name="beat")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest, reason = 0.0, ""
    for n in range(READS):
        started = time.perf_counter()
        (reading,) = await probe.read((1_700_000_000 + 5 * n) * SECOND)
        slowest, reason = max(slowest, time.perf_counter() - started), reading.reason
    beat.cancel()
    await net.aclose()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return slowest, grown, max(pauses), reason


async def _beat(pauses: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        pauses.append(now - last)
        last = now


def measured(megabytes: int) -> tuple[float, float, float, str]:
    """The figures of a page of that size, read from another process."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_page", "serve", str(megabytes)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        return asyncio.run(measure(server.stdout.readline().strip()))
    finally:
        server.kill()
        server.wait()


def main() -> None:
    """Prints a line for each size."""
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    for megabytes in (60, 1):
        took, grown, pause, reason = measured(megabytes)
        print(
            f"{megabytes} MB: {took:.2f} s, {grown:.1f} MB more, loop held {pause * 1000:.0f} ms ({reason})"
        )


if __name__ == "__main__":
    main()
