"""A restart changes no future: what is decided, when and on what, is so with it and without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.samples import SECOND
from tests.simulation.stage import Stage, play
from tests.simulation.world import Fault, Incident, Watch, World

MINUTE, HOUR, DAY = 60, 3600, 86_400

CALM = World(7, lasts=DAY + 4 * HOUR, per_minute=300.0, interval=120, watches=(Watch(2 * HOUR),))
BROKEN = replace(CALM, incidents=(Incident(8 * HOUR + 20, 2 * HOUR, 0.05),), lasts=11 * HOUR)

INCIDENT = BROKEN.incidents[0].at


def restarts(kind: str, *seconds: int) -> tuple[Fault, ...]:
    """Down from half a minute after a read until the moment of the next one."""
    return tuple(Fault(kind, at // CALM.interval * CALM.interval + 30, CALM.interval - 30) for at in seconds)


def decided(stage: Stage) -> tuple[float, Any]:
    """When a rollback was ordered, and on what."""
    ((at, order, _),) = stage.seen.orders
    return at, order.evidence


@pytest.mark.parametrize("kind", ["stop", "kill"])
def test_a_restart_in_the_middle_of_a_breach_changes_neither_moment_nor_evidence(kind: str) -> None:
    """Before it, in its hold, one read before its decision: the same counts, the same second."""
    at, evidence = decided(play(BROKEN))
    again, same = decided(play(replace(BROKEN, faults=restarts(kind, INCIDENT - HOUR, INCIDENT + 150))))
    assert again == pytest.approx(at, abs=1)
    assert same["errors"] == pytest.approx(evidence["errors"], abs=2)
    assert same["requests"] == pytest.approx(evidence["requests"], abs=20)


@pytest.mark.parametrize("kind", ["stop", "kill"])
def test_restarts_neither_shorten_nor_lengthen_the_day(kind: str) -> None:
    """A watch that was restarted seven times succeeds at the second at which it would have."""
    plain = play(CALM)
    restarted = play(
        replace(CALM, faults=restarts(kind, *range(3 * HOUR, DAY, 3 * HOUR), DAY + 2 * HOUR - 61))
    )
    (_, _, row), (_, _, same) = plain.seen.verdicts[0], restarted.seen.verdicts[0]
    assert (row.verdict, same.verdict) == ("succeeded", "succeeded")
    assert (row.verdict_at or 0) - (same.verdict_at or 0) == pytest.approx(0, abs=SECOND)
