"""Failover to a real standby while a rollback is under way: continued, or left to a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from monitor.ports import OutcomeKind, ProgressKind
from tests import servers
from tests.chaos.proxy import Fault, Proxy
from tests.rollbacks import (
    DROP_COLUMN,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    ledger_rows,
    load,
    registered,
    rolled_back,
)
from tests.standby import Pair, pair

pytestmark = [pytest.mark.slow, pytest.mark.fault(11)]


@pytest.fixture(params=servers.BINARIES, ids=lambda b: f"pg{b.major}")
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """A primary and its standby, of each major."""
    async with pair(request.param) as servers_:
        await build(servers_.primary.dsn())
        yield servers_


async def _blocking(two: Pair) -> asyncpg.Connection[asyncpg.Record]:
    """A reader that keeps the rollback from its lock."""
    reader = await asyncpg.connect(two.primary.dsn())
    await reader.execute("BEGIN; SELECT 1 FROM contacts")
    return reader


async def _until(heard: Heard, kind: ProgressKind) -> None:
    async with asyncio.timeout(40):
        while kind not in heard.kinds():
            await asyncio.sleep(0.02)


async def _over(two: Pair, proxy: Proxy) -> None:
    await two.fail_over()
    proxy.lead_to(two.standby.dsn())


async def test_a_promotion_that_lost_nothing_is_followed(two: Pair) -> None:
    """The intent is there on the new timeline: the rollback is executed there, once."""
    watch, heard = await registered(two.primary.dsn(), DROP_COLUMN), Heard()
    reader = await _blocking(two)
    async with Proxy(two.primary.dsn()) as proxy, executing(proxy.dsn) as executor:
        assert (await executor.ready(watch, full=True)).timeline == 1
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _until(heard, ProgressKind.BLOCKED)
        await two.caught_up()
        await _over(two, proxy)
        outcome = await task
        assert (await executor.ready(watch, full=False)).timeline == 2
    reader.terminate()
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert ProgressKind.PROMOTED in heard.kinds()
    assert "new_column" not in await columns(two.standby.dsn())
    assert await ledger_rows(two.standby.dsn()) == 1


async def test_what_was_said_of_a_failover_holds_after_a_restart(two: Pair) -> None:
    """It had lost nothing: who starts anew does not say of the same that it may have lost a commit."""
    watch, heard = await registered(two.primary.dsn(), DROP_COLUMN), Heard()
    reader = await _blocking(two)
    async with Proxy(two.primary.dsn()) as proxy, executing(proxy.dsn) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _until(heard, ProgressKind.BLOCKED)
        await two.caught_up()
        await two.fail_over()
        other = await asyncpg.connect(two.standby.dsn())
        await other.execute("BEGIN; SELECT 1 FROM contacts")
        proxy.lead_to(two.standby.dsn())
        await _until(heard, ProgressKind.PROMOTED)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    reader.terminate()
    other.terminate()
    told = [p.text for p in heard.progress if p.kind is ProgressKind.PROMOTED]
    assert told == ["the primary was promoted: timeline 1 to 2; the ledger has lost nothing of it"]
    async with executing(two.standby.dsn()) as executor:
        known = await load(two.standby.dsn())
        assert await asyncio.wait_for(executor.settle(known, lambda: True, Heard()), 30) is None
        assert (await rolled_back(executor, known)).kind is OutcomeKind.ROLLED_BACK
    assert await ledger_rows(two.standby.dsn()) == 1


async def test_a_failover_that_lost_the_intent_leaves_the_decision_to_a_person(two: Pair) -> None:
    """What was committed is not there: nothing is executed on that timeline."""
    watch, heard = await registered(two.primary.dsn(), DROP_COLUMN), Heard()
    reader = await _blocking(two)
    await two.cut()
    async with Proxy(two.primary.dsn()) as proxy, executing(proxy.dsn) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _until(heard, ProgressKind.BLOCKED)
        await _over(two, proxy)
        outcome = await task
    reader.terminate()
    assert (outcome.kind, "lost the committed intent" in outcome.reason) == (OutcomeKind.LEDGER_LOST, True)
    await _untouched(two)


@pytest.mark.fault(6)
async def test_a_commit_that_a_failover_may_have_lost_is_not_repeated(two: Pair) -> None:
    """It took effect on the old primary, its answer was lost, and the new one does not have it."""
    watch, heard = await registered(two.primary.dsn(), DROP_COLUMN), Heard()
    reader = await _blocking(two)
    async with Proxy(two.primary.dsn()) as proxy, executing(proxy.dsn) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _until(heard, ProgressKind.BLOCKED)
        await two.cut()
        proxy.fault = Fault.SWALLOW
        await reader.execute("ROLLBACK")
        async with asyncio.timeout(30):
            while not proxy.struck or "new_column" in await columns(two.primary.dsn()):
                await asyncio.sleep(0.02)
        await _over(two, proxy)
        outcome = await task
    reader.terminate()
    assert (outcome.kind, "may have been committed" in outcome.reason) == (OutcomeKind.LEDGER_LOST, True)
    assert ProgressKind.IN_DOUBT in heard.kinds()
    await _untouched(two)


async def test_after_a_restart_an_intent_of_another_timeline_is_not_carried_out(two: Pair) -> None:
    """A COMMIT may have been sent before the daemon died; and a watch that is lost whole is not ready."""
    dsn = two.primary.dsn()
    watch = await registered(dsn, DROP_COLUMN)
    reader, heard = await _blocking(two), Heard()
    async with executing(dsn) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _until(heard, ProgressKind.BLOCKED)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    reader.terminate()
    await two.cut()
    later = await registered(dsn, DROP_COLUMN, "w-2")
    await two.fail_over()
    async with executing(two.standby.dsn()) as executor:
        known = await load(two.standby.dsn())
        outcome = await asyncio.wait_for(executor.settle(known, lambda: True, Heard()), 30)
        assert outcome is not None
        assert outcome.kind is OutcomeKind.LEDGER_LOST
        assert (await executor.ready(later, full=True)).codes == ("ledger", "timeline")
    await _untouched(two)


async def _untouched(two: Pair) -> None:
    """Of the new primary: no statement of the plan, and no intent that would forbid a person's control."""
    dsn = two.standby.dsn()
    assert "new_column" in await columns(dsn)
    assert await ledger_rows(dsn) == 0
    assert "rollback_effect" not in await event_kinds(dsn)
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT intent_at FROM migration_monitor.watch WHERE id = 'w-1'") is None
