"""Locks, saturation, rights, changed text and people: what stands between a decision and its effect."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from monitor.demo.postgres import free_port
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind, ProgressKind, Want
from monitor.ports.patience import DeadlockTimeout, LockPolicy, Patience
from monitor.rollback.advance import Lock
from monitor.rollback.embrace import Embrace, Queue
from monitor.rollback.executor import Limits
from tests import servers
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    DROP_COLUMN,
    FAST,
    RENAME,
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
    store,
)

pytestmark = pytest.mark.corner


def test_waits_for_a_single_table_double_up_to_the_stall() -> None:
    """100 ms doubled, never over max_app_stall: without another lock in hand a wait harms nobody else."""
    policy = LockPolicy(max_app_stall=2.0)
    found = [policy.patience(n, 1, DeadlockTimeout(), vacuumed=False).first for n in range(1, 9)]
    assert found == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
    assert LockPolicy(max_app_stall=0.3).timeout(4) == 0.3


def test_with_a_lock_in_hand_nothing_is_waited_for_until_anybody_looks_for_a_deadlock() -> None:
    """Just under the shortest deadlock_timeout; each fourth waits for one table only, with empty hands."""
    policy, deadlock = LockPolicy(max_app_stall=2.0), DeadlockTimeout(1.0, 1.0)
    found = [policy.patience(n, 12, deadlock, vacuumed=False) for n in range(1, 9)]
    assert [p.held for p in found] == [0.1, 0.2, 0.4, 0.0, 0.7, 0.7, 0.7, 0.0]
    assert [p.first for p in found] == [0.1, 0.2, 0.4, 0.8, 0.7, 0.7, 0.7, 2.0]
    short = DeadlockTimeout(1.0, 0.2)
    assert all(policy.patience(n, 12, short, vacuumed=False).held < short.shortest for n in range(1, 9))


def test_an_autovacuum_alone_in_the_way_is_outwaited_with_empty_hands() -> None:
    """It yields only after our own deadlock_timeout."""
    policy, deadlock = LockPolicy(max_app_stall=2.0), DeadlockTimeout(1.0, 1.0)
    assert policy.patience(1, 12, deadlock, vacuumed=True) == Patience(1.5, 0.0)
    assert policy.patience(1, 1, deadlock, vacuumed=True).first == 1.5
    assert LockPolicy(max_app_stall=0.3).patience(1, 1, deadlock, vacuumed=True).first == 0.3


def test_locks_are_taken_in_the_order_in_which_the_application_takes_them() -> None:
    """By name, until somebody who has one of them waits for another that we have."""
    queue, locks = Queue(), [Lock(label) for label in ("d", "a", "c", "b")]
    assert [lock.label for lock in queue.ordered(locks)] == ["a", "b", "c", "d"]
    queue.learn(Embrace(True, "d", frozenset({"c", "b"})))
    assert [lock.label for lock in queue.ordered(locks)] == ["a", "d", "b", "c"]
    queue.learn(Embrace(True, "c", frozenset({"unknown"})))
    queue.learn(Embrace(True, "a partition", frozenset({"a"})))
    assert [lock.label for lock in queue.ordered(locks)] == ["c", "a", "d", "b"]


def test_rests_are_jittered_and_slow_after_the_budget() -> None:
    """Between half and one and a half of what they are about."""
    policy = LockPolicy(budget=10, rest=0.1, rest_max=2.0, slow_rest=10)
    assert 0.05 <= policy.rest_after(1, 0) <= 0.15
    assert 1.0 <= policy.rest_after(30, 0) <= 3.0
    assert 5.0 <= policy.rest_after(1, 10) <= 15.0


@pytest.mark.fault(14)
async def test_a_reader_idle_in_transaction_is_named_and_outlasted(database: Database) -> None:
    """Fault 14: the budget's end is reported, the application waits at most the stall, it is done."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    limits = Limits(locks=LockPolicy(max_app_stall=0.3, budget=1.0, rest=0.02, rest_max=0.1, slow_rest=0.2))
    slowest = 0.0
    async with connected(dsn) as reader, connected(dsn) as app, executing(dsn, limits) as executor:
        await reader.execute("SET application_name = 'report'; BEGIN; SELECT 1 FROM contacts")
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        while ProgressKind.BUDGET_SPENT not in heard.kinds():
            began = asyncio.get_running_loop().time()
            await app.fetchval("SELECT count(*) FROM contacts")
            slowest = max(slowest, asyncio.get_running_loop().time() - began)
            await asyncio.sleep(0.01)
        await reader.execute("ROLLBACK")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert slowest < 0.3 + 1.0  # the stall, and a busy machine
    blocked = next(p for p in heard.progress if p.kind is ProgressKind.BLOCKED)
    assert "pid" in str(blocked.detail["text"])
    assert "report" in str(blocked.detail["text"])
    assert "SELECT" not in str(blocked.detail)


@pytest.mark.fault(14)
async def test_overlapping_readers_are_outwaited(database: Database) -> None:
    """Fault 14: a fixed short timeout never wins against them, a doubling one does."""
    dsn = database.dsn
    await build(dsn)
    watch, stop = await registered(dsn, RENAME), asyncio.Event()

    async def read(offset: float) -> None:
        await asyncio.sleep(offset)
        async with connected(dsn) as c:
            while not stop.is_set():
                await c.execute("BEGIN; SELECT 1 FROM contacts LIMIT 1; SELECT pg_sleep(0.6); COMMIT")

    readers = [asyncio.create_task(read(n * 0.2)) for n in range(3)]
    await asyncio.sleep(0.7)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    stop.set()
    await asyncio.gather(*readers)
    assert outcome.kind is OutcomeKind.ROLLED_BACK


async def test_a_breach_that_ends_while_waiting_withdraws_the_intent(database: Database) -> None:
    """Nothing took effect, and pause and cancel are possible again."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    async with connected(dsn) as reader, executing(dsn) as executor:
        await reader.execute("BEGIN; SELECT 1 FROM contacts")
        outcome = await rolled_back(executor, watch, heard, lambda: ProgressKind.BLOCKED not in heard.kinds())
    assert outcome.kind is OutcomeKind.WITHDRAWN
    assert await event_kinds(dsn) == ["intent", "intent_withdrawn"]
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT intent_at FROM migration_monitor.watch") is None
    assert "new_column" in await columns(dsn)


async def test_not_wanted_any_more_before_the_intent_writes_nothing(database: Database) -> None:
    """No intent, no event."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch, wanted=lambda: False)).kind is OutcomeKind.WITHDRAWN
    assert await event_kinds(dsn) == []


async def test_what_is_not_so_at_the_moment_is_waited_for_without_an_intent(database: Database) -> None:
    """The latest reads don't show the breach, which has not ended: nothing is begun, and nothing given up."""
    dsn, heard = database.dsn, Heard()
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    begun: list[bool] = []  # at each time that it was asked, whether an intent had been told

    def wanted() -> Want:
        begun.append(ProgressKind.INTENT in heard.kinds())
        return Want.NOT_NOW if len(begun) < 6 else Want.YES

    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch, heard, wanted)).kind is OutcomeKind.ROLLED_BACK
    assert len(begun) >= 6
    assert not any(begun[:6])
    assert await event_kinds(dsn) == ["intent", "rollback_effect"]
    assert "new_column" not in await columns(dsn)


@pytest.mark.fault(15)
async def test_own_timeouts_win_over_the_roles(database: Database) -> None:
    """Fault 15: statement_timeout=1s and hostile defaults of the role change nothing."""
    dsn, role = database.dsn, f"{database.name}_owner"
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            f'CREATE ROLE "{role}" LOGIN; ALTER ROLE "{role}" SET statement_timeout = \'1s\';'
            f'GRANT CREATE ON DATABASE "{database.name}" TO "{role}"; ALTER TABLE contacts OWNER TO "{role}";'
            f'GRANT ALL ON SCHEMA migration_monitor TO "{role}";'
            f'GRANT ALL ON ALL TABLES IN SCHEMA migration_monitor TO "{role}";'
            f"ALTER ROLE \"{role}\" SET lock_timeout = '1ms';"
            f'ALTER ROLE "{role}" SET default_transaction_read_only = on;'
            f'ALTER ROLE "{role}" SET default_transaction_isolation = serializable;'
            f'ALTER ROLE "{role}" SET search_path = elsewhere, public;'
            "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(1.3); END';"
            "CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slow()"
        )
    try:
        own = database.server.dsn(database.name, role)
        watch = await store(dsn, await prepare(own, DROP_COLUMN, ALLOWING))
        async with executing(own) as executor:
            assert (await executor.ready(watch, full=True)).ok
            outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    finally:
        async with connected(dsn) as c:
            await c.execute(
                f'REASSIGN OWNED BY "{role}" TO postgres; DROP OWNED BY "{role}"; DROP ROLE "{role}"'
            )


@pytest.mark.fault(12)
async def test_with_every_connection_taken_the_held_one_does_it(database: Database) -> None:
    """Fault 12: a second executor without a held connection says that it is not ready."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    async with executing(dsn) as executor, executing(dsn) as late:
        assert (await executor.ready(watch, full=False)).ok
        try:
            while True:
                taken.append(await asyncpg.connect(dsn))
        except asyncpg.TooManyConnectionsError:
            pass
        try:
            assert not (await late.ready(watch, full=False)).ok
            outcome = await rolled_back(executor, watch)
        finally:
            for c in taken:
                await c.close(timeout=5)
        assert outcome.kind is OutcomeKind.ROLLED_BACK
        assert "new_column" not in await columns(dsn)


@pytest.mark.fault(13)
async def test_a_killed_held_connection_is_opened_again(database: Database) -> None:
    """Fault 13: readiness reconnects."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        async with connected(dsn) as c:
            await c.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'migration-monitor/%' AND datname = current_database()"
            )
        await executor.ready(watch, full=False)  # may notice only now
        assert (await executor.ready(watch, full=True)).ok
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK


@pytest.mark.parametrize(
    "change",
    [
        "plan_sql = plan_sql || ' '",
        "plan_sha256 = repeat('0', 64)",
        "plan = jsonb_set(plan, '{statements,0,text}', '\"DROP TABLE contacts\"')",
        "plan = jsonb_set(plan, '{accept_loss}', '[\"public.contacts\"]')",
        "plan = jsonb_set(plan, '{salvaged}', '[]')",
        "plan = jsonb_set(plan, '{bookkeeping}', '{}')",
        "fingerprint = jsonb_set(fingerprint, '{relations,public.contacts,kind}', '\"view\"')",
        "search_path = 'elsewhere'",
        "system_identifier = '1'",
        "timeline = timeline + 1",
        "mode = 'approve'",
        "migration = 'another'",
        "target = 'another'",
        "plan_digest = repeat('0', 64)",
        "plan_digest = ''",
    ],
)
@pytest.mark.fault(18)
@pytest.mark.slow
async def test_a_changed_text_hash_or_plan_is_refused(database: Database, change: str) -> None:
    """Fault 18: what was loaded before the change and what is loaded after it are both refused."""
    dsn = database.dsn
    await build(dsn)
    before = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute(f"UPDATE migration_monitor.watch SET {change}")
    async with executing(dsn) as executor:
        if "plan_s" in change:
            assert not (await executor.ready(before, full=False)).ok
        for watch in (before, await load(dsn)):
            assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(dsn)
    assert await event_kinds(dsn) == []


@pytest.mark.fault(17)
async def test_revoked_rights_are_not_ready(database: Database) -> None:
    """Fault 17: the next cheap check says which; the role here is no superuser."""
    dsn, role = database.dsn, f"{database.name}_app"
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            f'CREATE ROLE "{role}" LOGIN; GRANT USAGE ON SCHEMA migration_monitor TO "{role}";'
            f'GRANT ALL ON ALL TABLES IN SCHEMA migration_monitor TO "{role}";'
            f'GRANT CREATE ON DATABASE "{database.name}" TO "{role}";'
            f'GRANT CREATE ON SCHEMA public TO "{role}";'
            f'ALTER TABLE contacts OWNER TO "{role}"'
        )
    try:
        own = database.server.dsn(database.name, role)
        watch = await store(dsn, await prepare(own, DROP_COLUMN, ALLOWING))
        async with executing(own) as executor, connected(dsn) as c:
            assert (await executor.ready(watch, full=True)).ok
            await c.execute(f'REVOKE CREATE ON DATABASE "{database.name}" FROM "{role}"')
            assert "GRANT CREATE" in (await executor.ready(watch, full=False)).reasons[0]
            await c.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO "{role}"')
            await c.execute(f'REVOKE UPDATE ON migration_monitor.watch FROM "{role}"')
            assert "may not write" in (await executor.ready(watch, full=False)).reasons[0]
            await c.execute(f'GRANT UPDATE ON migration_monitor.watch TO "{role}"')
            await c.execute("ALTER TABLE contacts OWNER TO postgres")
            assert "does not own" in (await executor.ready(watch, full=False)).reasons[0]
            await c.execute(f'ALTER TABLE contacts OWNER TO "{role}"')
            assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    finally:
        async with connected(dsn) as c:
            await c.execute(
                f'REASSIGN OWNED BY "{role}" TO postgres; DROP OWNED BY "{role}"; DROP ROLE "{role}"'
            )


@pytest.mark.promise(14)
async def test_a_name_that_means_another_object_now_is_not_ready(database: Database) -> None:
    """A schema put before the old one in the search_path catches the name."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute("CREATE SCHEMA postgres; CREATE TABLE postgres.contacts (new_column int)")
    async with executing(dsn) as executor:
        readiness = await executor.ready(watch, full=False)
        assert "is now postgres.contacts" in readiness.reasons[0]
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


@pytest.mark.fault(11)
async def test_another_cluster_behind_the_name_is_refused(database: Database) -> None:
    """Fault 11: the system identifier is not the registered one."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    other = next((b.major for b in servers.BINARIES if b.major != database.major), None)
    assert other is not None, "needs two PostgreSQL majors"
    elsewhere = servers.server(other)
    async with executing(elsewhere.dsn()) as executor:
        readiness = await executor.ready(watch, full=False)
        outcome = await rolled_back(executor, watch)
    assert "system identifier" in readiness.reasons[0]
    assert outcome.kind is OutcomeKind.REFUSED
    assert await ledger_rows(dsn) == 0


async def test_limits_have_the_documented_defaults() -> None:
    """max_app_stall 2 s, lock_budget 2 m, max_locked 2 s."""
    limits = Limits()
    assert (limits.locks.max_app_stall, limits.locks.budget, limits.max_locked) == (2.0, 120.0, 2.0)
    assert FAST.max_app_stall == 2.0


async def test_a_server_that_is_away_is_told_once_not_at_every_try(database: Database) -> None:
    """Several tries a second for minutes would fill log, events and the metric of tries."""
    await build(database.dsn)
    watch = await registered(database.dsn, RENAME)
    heard, tries = Heard(), iter([True] * 6)
    async with executing(database.server.dsn(database.name, port=free_port())) as executor:
        outcome = await rolled_back(executor, watch, heard, lambda: next(tries, False))
    assert outcome.kind is OutcomeKind.WITHDRAWN
    assert heard.kinds() == [ProgressKind.RETRY]
