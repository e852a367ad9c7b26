"""Whatever a source or a library raises is no data: the reading of its probe, and the next one is tried."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from monitor.core.samples import SECOND, Micros, Reading
from monitor.daemon.polling import Poller
from monitor.ports import Gauge, Json
from tests.virtual import LoopClock, run

RAISED = [
    ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] secret-text"),
    OSError(24, "Too many open files"),
    ConnectionResetError(104, "reset"),
    UnicodeError("secret-text"),
    ValueError("secret-text"),
    RecursionError("secret-text"),
    MemoryError(),
    ExceptionGroup("secret-text", [OSError()]),
    AssertionError("secret-text"),
]


class Raising:
    """A probe that raises what no probe may, some times, and then measures."""

    name = "error_rate"
    metrics = ("error_rate",)

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    async def read(self, now: Micros) -> Sequence[Reading]:
        if self._errors:
            raise self._errors.pop(0)
        return [Reading("error_rate", 0.0)]

    def gauges(self) -> Sequence[Gauge]:
        return ()

    def memory(self) -> Json:
        return {}

    def restore(self, memory: Json) -> None: ...

    async def aclose(self) -> None: ...


def read(probe: Raising, times: int) -> list[Reading]:
    """What the first reads brought."""
    taken: list[Reading] = []

    async def until_enough() -> None:
        enough = asyncio.Event()

        def deliver(_: Poller, readings: Sequence[Reading], took: float) -> None:
            taken.extend(readings)
            if len(taken) >= times:
                enough.set()

        poller = asyncio.create_task(Poller(probe, 5 * SECOND, 4.0, LoopClock(), deliver).run())
        await enough.wait()
        poller.cancel()

    run(until_enough())
    return taken


@pytest.mark.fault(44)
@pytest.mark.promise(24)
@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
def test_whatever_a_probe_raises_is_no_data_and_the_next_read_counts(error: Exception) -> None:
    """Logged once for a run of them, by its kind and never by its text."""
    with capture_logs() as logs:
        readings = read(Raising(error, error), 3)
    assert [(r.value, r.reason) for r in readings] == [(None, "unexpected"), (None, "unexpected"), (0.0, "")]
    assert [line["event"] for line in logs] == ["probe.unforeseen"]


def test_the_second_run_of_failures_is_told_again() -> None:
    """Edges, not every poll."""
    error = ValueError()
    with capture_logs() as logs:
        read(Raising(error), 2)
        read(Raising(error), 2)
    assert len(logs) == 2
