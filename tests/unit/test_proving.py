"""Readiness as it is proven: cheaply at every poll, fully now and then; a full no stands until a full yes."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.daemon.proving import Proving
from monitor.ports import Readiness, WatchRow
from tests.hands import HandClock, IdleExecutor, row

GOOD = Readiness(True, (), ("estimated lock time 0.1 s",))
DEPENDS = Readiness(False, ("a view depends on it",))
IN_USE = Readiness(True, (), ("the rollback connection is in use",), asked=False)
LOST = Readiness(False, ("the connection was lost",))


class Answering(IdleExecutor):
    """Says what it is given; `asked` holds which proofs were asked for."""

    def __init__(self) -> None:
        self.full = self.cheap = GOOD
        self.asked: list[str] = []

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        self.asked.append("full" if full else "cheap")
        return self.full if full else self.cheap


@pytest.fixture
def executor() -> Answering:
    return Answering()


async def proofs(proving: Proving, clock: HandClock, seconds: int) -> list[Readiness | None]:
    """One proof every 5 s."""
    found: list[Readiness | None] = []
    for _ in range(0, seconds, 5):
        found.append(await proving.prove(row()))
        clock.moment += 5 * SECOND
    return found


async def test_the_full_proof_comes_first_and_then_every_few_minutes(executor: Answering) -> None:
    """In between one round trip is enough."""
    clock = HandClock()
    await proofs(Proving(executor, clock), clock, 600)
    assert [i for i, what in enumerate(executor.asked) if what == "full"] == [0, 60]


async def test_in_a_breach_the_full_proof_is_made_often(executor: Answering) -> None:
    """What has come since the last one is known before the hold is over; at once, then every 30 s."""
    clock = HandClock()
    proving = Proving(executor, clock)
    await proofs(proving, clock, 60)
    executor.asked.clear()
    for _ in range(13):
        await proving.prove(row(), soon=True)
        clock.moment += 5 * SECOND
    assert [i for i, what in enumerate(executor.asked) if what == "full"] == [0, 6, 12]


async def test_a_full_no_stands_until_a_full_yes(executor: Answering) -> None:
    """The cheap proof can't see what the full one saw, and does not resolve the page."""
    clock = HandClock()
    proving = Proving(executor, clock)
    executor.full = DEPENDS
    assert await proofs(proving, clock, 20) == [DEPENDS] * 4
    executor.full = GOOD
    assert await proofs(proving, clock, 10) == [GOOD] * 2
    assert executor.asked[-2:] == ["full", "cheap"]


async def test_a_cheap_no_is_over_with_the_next_cheap_yes(executor: Answering) -> None:
    """A connection that came back is ready at once."""
    clock = HandClock()
    proving = Proving(executor, clock)
    await proving.prove(row())
    executor.cheap = LOST
    assert await proving.prove(row()) == LOST
    executor.cheap = Readiness(True)
    assert await proving.prove(row()) == GOOD


async def test_a_watch_that_is_gone_is_forgotten(executor: Answering) -> None:
    """Its id would be kept for ever."""
    proving = Proving(executor, HandClock())
    await proving.prove(row())
    proving.keep(())
    await proving.prove(row())
    assert executor.asked == ["full", "full"]


async def test_a_connection_in_use_proves_nothing(executor: Answering) -> None:
    """What was found before stands, and the full proof that was due is asked for again."""
    clock = HandClock()
    proving = Proving(executor, clock)
    executor.full = IN_USE
    assert await proofs(proving, clock, 10) == [None, None]
    executor.full = DEPENDS
    assert await proofs(proving, clock, 5) == [DEPENDS]
    executor.full = IN_USE
    assert await proofs(proving, clock, 10) == [None, None]
    executor.full = DEPENDS
    assert await proofs(proving, clock, 5) == [DEPENDS]
    assert executor.asked == ["full"] * 6
