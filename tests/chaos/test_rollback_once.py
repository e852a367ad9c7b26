"""The effect happens once, whatever dies: processes at named points, connections around COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import pytest

from monitor.ports import OutcomeKind, ProgressKind
from tests.chaos.proxy import Fault, Proxy
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    RENAME,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    ledger_rows,
    load,
    order,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner

ROOT = Path(__file__).parent.parent.parent

TWO = DROP_COLUMN + b";\n" + RENAME

SLOW = 0.006
"""Seconds that each answer is late: from 5 ms on the statements of a group go together."""

POINTS = (
    "before_intent", "after_intent", "after_statement_1", "after_statement_2", "after_ledger_row",
    "before_commit", "after_commit",
)  # fmt: skip


async def _process(dsn: str, kill_at: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.rollback_process", dsn, "w-1", kill_at,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip


async def _is_once(dsn: str) -> None:
    """Both statements' effect, both rows, one effect event, one copy."""
    assert await columns(dsn) == ["id", "email"]
    assert await ledger_rows(dsn) == 2
    kinds = await event_kinds(dsn)
    assert (kinds.count("rollback_effect"), kinds[0]) == (1, "intent")
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT count(*) FROM migration_monitor_salvage.manifest") == 1


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.fault(1)
async def test_killed_at_any_point_the_effect_happens_exactly_once(database: Database, point: str) -> None:
    """Fault 1: SIGKILL of a real process there; the next one finishes."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, TWO)
    process = await _process(dsn, point)
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL
    if point == "before_intent":
        assert await event_kinds(dsn) == []
    async with executing(dsn) as executor:
        heard = Heard()
        outcome = await asyncio.wait_for(executor.settle(watch, lambda: True, heard), 30)
        assert (outcome is not None) is (point == "after_commit")
        outcome = outcome or await rolled_back(executor, watch, heard)
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    await _is_once(dsn)


@pytest.mark.parametrize("point", ["after_intent", "after_ledger_row", "before_commit", "after_commit"])
@pytest.mark.fault(1)
async def test_killed_on_a_slow_network_where_all_goes_in_one_message_it_happens_once(
    newest: Database, point: str
) -> None:
    """Copy, statements and ledger rows of both are one text there."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, TWO)
    async with Proxy(dsn) as proxy:
        proxy.delay, proxy.wire = SLOW, []
        process = await _process(proxy.dsn, point)
        await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == -signal.SIGKILL
        together = [data for _, data in proxy.wire if b"DROP COLUMN" in data and b"RENAME COLUMN" in data]
        assert len(together) == (point != "after_intent")
        async with executing(proxy.dsn) as executor:
            outcome = await asyncio.wait_for(executor.settle(watch, lambda: True, Heard()), 30)
            assert (outcome is not None) is (point == "after_commit")
            outcome = outcome or await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    await _is_once(dsn)


@pytest.mark.promise(1)
async def test_two_executors_at_once_have_one_effect(database: Database) -> None:
    """Both say rolled back, from the same ledger rows."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, TWO)
    async with executing(dsn) as one, executing(dsn) as two:
        outcomes = await asyncio.gather(rolled_back(one, watch), rolled_back(two, watch))
    assert {o.kind for o in outcomes} == {OutcomeKind.ROLLED_BACK}, outcomes
    await _is_once(dsn)


@pytest.mark.fault(6)
async def test_a_connection_cut_before_commit_is_settled_and_tried_again(database: Database) -> None:
    """Fault 6: the ledger says that nothing took effect, so the group runs again."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, TWO), Heard()
    async with Proxy(dsn) as proxy, executing(proxy.dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await _strike_at_group(proxy, Fault.BEFORE)
        outcome = await rolled_back(executor, watch, heard)
        assert proxy.struck == 1
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert heard.kinds()[-2:] == [ProgressKind.SETTLED, ProgressKind.RETRY]
    await _is_once(dsn)


@pytest.mark.fault(6)
async def test_a_lost_answer_to_commit_is_in_doubt_and_then_done(database: Database) -> None:
    """Fault 6: the ledger's rows say that it was committed; nothing is sent again."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, TWO), Heard()
    async with Proxy(dsn) as proxy, executing(proxy.dsn) as executor:
        await _strike_at_group(proxy, Fault.AFTER)
        outcome = await rolled_back(executor, watch, heard)
        assert proxy.struck == 1
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert heard.kinds() == [ProgressKind.INTENT, ProgressKind.IN_DOUBT, ProgressKind.SETTLED]
    await _is_once(dsn)


@pytest.mark.fault(6)
async def test_a_black_holed_answer_to_commit_is_settled_from_the_ledger(database: Database) -> None:
    """Fault 6: no reset, no answer: the doubt is reported and ends."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, TWO), Heard()
    async with Proxy(dsn) as proxy, executing(proxy.dsn) as executor:
        await _strike_at_group(proxy, Fault.SWALLOW)
        outcome = await rolled_back(executor, watch, heard)
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert ProgressKind.IN_DOUBT in heard.kinds()
    await _is_once(dsn)


async def _strike_at_group(proxy: Proxy, fault: Fault) -> None:
    """The intent commits first."""
    proxy.skip = 1
    proxy.fault = fault


@pytest.mark.fault(11)
async def test_a_pooler_is_refused_by_readiness_and_execution(database: Database) -> None:
    """Fault 11: the pid of the cancel key is not the backend's."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with Proxy(dsn) as proxy:
        proxy.fake_pid = True
        async with executing(proxy.dsn) as executor:
            readiness = await executor.ready(watch, full=False)
            outcome = await rolled_back(executor, watch)
    assert "pooler" in readiness.reasons[0]
    assert outcome.kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(dsn)


@pytest.mark.fault(9)
async def test_sigterm_while_waiting_for_a_lock_leaves_nothing(database: Database) -> None:
    """Fault 9: the open group is rolled back, and a later start finishes it."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, TWO)
    async with connected(dsn) as reader:
        await reader.execute("BEGIN; SELECT 1 FROM contacts")
        process = await _process(dsn)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"started\n"
        await _until_intent(dsn)
        process.terminate()
        await asyncio.wait_for(process.communicate(), 20)
        assert await columns(dsn) == ["id", "email_address", "new_column"]
        await reader.execute("ROLLBACK")
    async with executing(dsn) as executor:
        assert await executor.settle(watch, lambda: True, Heard()) is None
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    await _is_once(dsn)


@pytest.mark.fault(3)
async def test_a_process_killed_while_it_waits_for_the_lock_leaves_no_late_ddl(database: Database) -> None:
    """Fault 3: the orphan is gone in 10 s, and what it waited for does not happen."""
    dsn = database.dsn
    await build(dsn)
    await registered(dsn, TWO)
    async with connected(dsn) as reader, connected(dsn) as other:
        await reader.execute("BEGIN; SELECT 1 FROM contacts")
        process = await _process(dsn)
        await _until_intent(dsn)
        process.kill()
        await process.communicate()
        async with asyncio.timeout(10):
            while await other.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'migration-monitor/%'"
                " AND datname = current_database()"
            ):
                await asyncio.sleep(0.1)
        await reader.execute("ROLLBACK")
    assert await columns(dsn) == ["id", "email_address", "new_column"]
    assert await ledger_rows(dsn) == 0


@pytest.mark.fault(9)
async def test_cancelled_during_commit_the_commit_is_finished(database: Database) -> None:
    """Fault 9: a task cancelled right after COMMIT was sent leaves a whole effect."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, TWO)
    tasks: list[asyncio.Task[object]] = []

    def cancel_at(point: str) -> None:
        if point == "before_commit":
            tasks[0].cancel()

    async with executing(dsn, kill=cancel_at) as executor:
        tasks.append(asyncio.create_task(executor.execute(order(watch), lambda: True, Heard())))
        with contextlib.suppress(asyncio.CancelledError):
            await tasks[0]
    async with executing(dsn) as executor:
        outcome = await executor.settle(await load(dsn), lambda: True, Heard())
    assert outcome is not None
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    await _is_once(dsn)


async def _until_intent(dsn: str) -> None:
    async with asyncio.timeout(30):
        while "intent" not in await event_kinds(dsn):
            await asyncio.sleep(0.05)
