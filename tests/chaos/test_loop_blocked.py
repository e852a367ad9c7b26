"""An event loop that stands still: whoever asks sees it, and what was going on before is no evidence."""

from __future__ import annotations

import asyncio

import pytest

from monitor.core.samples import SECOND
from monitor.web.health import Health, is_stale
from tests.unit.test_target_loop import Stage
from tests.virtual import LoopClock, VirtualLoop

BLOCKED = 31.0
"""Seconds: just more than the six intervals after which a decision loop is stale."""


def block(seconds: float) -> None:
    """Time passes and no task runs: what a call that never returns to the loop does to it."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.stand_still(seconds)


@pytest.mark.fault(33)
def test_a_blocked_loop_is_unhealthy_and_decides_nothing_on_what_it_knew() -> None:
    """Fault 33: bad from the start, blocked at 20 s; a rollback after 30 s of the same would be wrong."""
    found: list[bool] = []
    stage = Stage(value=lambda _: 0.05)

    async def blocking(stage: Stage) -> None:
        await asyncio.sleep(20.5)
        views = [stage.running.view()]
        assert Health().report(views, LoopClock().now())[0]
        block(BLOCKED)
        found.append(is_stale(stage.running.view(), LoopClock().now()))
        healthy, report = Health().report([stage.running.view()], LoopClock().now())
        assert (healthy, report["status"]) == (False, "stale")

    stage.play(120, blocking=blocking)
    assert found == [True]
    (effect,) = stage.executor.effects
    assert effect >= 20.5 + BLOCKED + 30
    (order,) = stage.executor.orders
    assert (order.at - order.since) / SECOND >= 30
