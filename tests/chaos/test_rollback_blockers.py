"""Sessions in the rollback's way: named without a value, and let be unless the policy names them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import asyncpg
import pytest

from monitor.ports import OutcomeKind, ProgressKind
from monitor.rollback.blocking import Blocker, blockers
from monitor.rollback.clearing import Policy, chosen
from monitor.rollback.executor import Limits
from monitor.rollback.locks import LockPolicy
from monitor.rollback.script.bare import bare
from tests.conftest import Database
from tests.rollbacks import DROP_COLUMN, Heard, build, columns, connected, executing, registered, rolled_back

PATIENT = LockPolicy(max_app_stall=0.2, budget=0.5, rest=0.02, rest_max=0.1, slow_rest=0.1)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@contextlib.asynccontextmanager
async def holding(dsn: str, *names: str) -> AsyncIterator[list[Connection]]:
    """A session for each application name, each idle in a transaction that has read the table."""
    async with contextlib.AsyncExitStack() as stack:
        found = [await stack.enter_async_context(connected(dsn)) for _ in names]
        for name, c in zip(names, found, strict=True):
            await c.execute(f"SET application_name = '{name}'; BEGIN")
            await c.execute("SELECT 1 FROM contacts WHERE email_address = 'canary@example.org'")
        yield found


async def _lives(c: Connection) -> bool:
    try:
        return bool(await c.fetchval("SELECT true"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False


@pytest.mark.fault(14)
async def test_by_default_nobody_is_touched_and_the_page_has_no_literal(database: Database) -> None:
    """Two readers are named, outlasted, and live on."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    async with (
        holding(dsn, "report-1", "report-2") as readers,
        executing(dsn, Limits(locks=PATIENT)) as executor,
    ):
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.BUDGET_SPENT not in heard.kinds():
                await asyncio.sleep(0.02)
        assert [await _lives(c) for c in readers] == [True, True]
        for c in readers:
            await c.execute("ROLLBACK")
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    said = str([p.detail for p in heard.progress])
    assert "canary" not in said
    page = next(p for p in heard.progress if p.kind is ProgressKind.BUDGET_SPENT)
    assert "(report-1, idle in transaction, for" in str(page.detail["text"])
    assert "email_address = $2" in str(page.detail["text"])


@pytest.mark.fault(14)
async def test_those_that_are_named_are_terminated_up_to_the_cap_and_no_others(database: Database) -> None:
    """Three reports, of which two may be ended; the shop's own session is let be."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    policy = Policy("terminate", ("report-*",), (), 0.0, 2)
    names = ("report-1", "report-2", "report-3", "shop")
    async with (
        holding(dsn, *names) as sessions,
        executing(dsn, Limits(locks=PATIENT, blockers=policy)) as executor,
    ):
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.BUDGET_SPENT not in heard.kinds():
                await asyncio.sleep(0.02)
        lives = [await _lives(c) for c in sessions]
        assert (sum(lives[:3]), lives[3]) == (1, True)
        for c, alive in zip(sessions, lives, strict=True):
            if alive:
                await c.execute("ROLLBACK")
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    cleared = [p for p in heard.progress if p.kind is ProgressKind.CLEARED]
    hit: list[Any] = [p.detail["blockers"] for p in cleared]
    assert sum(map(len, hit)) == 2
    assert "canary" not in str([(p.text, p.detail) for p in cleared])
    assert "new_column" not in await columns(dsn)


async def test_a_cancel_ends_a_running_statement_that_is_named(database: Database) -> None:
    """An idle transaction would not notice a cancel: it is not counted as hit."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    policy = Policy("cancel", (), ("postgres",), 0.0, 5)
    async with connected(dsn) as reader, executing(dsn, Limits(locks=PATIENT, blockers=policy)) as executor:
        running = asyncio.create_task(reader.execute("SELECT pg_sleep(30), (SELECT count(*) FROM contacts)"))
        async with connected(dsn) as c:
            while not await c.fetchval("SELECT count(*) FROM pg_locks WHERE relation = 'contacts'::regclass"):
                await asyncio.sleep(0.02)
        outcome = await rolled_back(executor, watch, heard)
        with pytest.raises(asyncpg.QueryCanceledError):
            await running
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert ProgressKind.CLEARED in heard.kinds()


async def test_a_role_that_may_not_signal_is_not_ready_for_its_policy(newest: Database) -> None:
    """Known before the night; with `report` nothing is needed."""
    await build(newest.dsn)
    role = f"{newest.name}_owner"
    async with connected(newest.dsn) as c:
        await c.execute(f'CREATE ROLE "{role}" LOGIN; ALTER TABLE contacts OWNER TO "{role}"')
        try:
            async with connected(newest.server.dsn(newest.name, role)) as own:
                from_here = await blockers(own, ["public.contacts"])
                assert from_here == ()
            watch = await registered(newest.dsn, DROP_COLUMN)
            limits = Limits(locks=PATIENT, blockers=Policy("terminate", ("x",)))
            async with executing(newest.server.dsn(newest.name, role), limits) as executor:
                await c.execute(
                    f'GRANT USAGE ON SCHEMA migration_monitor TO "{role}";'
                    f'GRANT ALL ON ALL TABLES IN SCHEMA migration_monitor TO "{role}";'
                    f'GRANT CREATE ON DATABASE "{newest.name}" TO "{role}";'
                    f'GRANT pg_monitor TO "{role}"'
                )
                said = (await executor.ready(watch, full=True)).reasons
                assert any("pg_signal_backend" in reason for reason in said), said
        finally:
            await c.execute(
                f'REASSIGN OWNED BY "{role}" TO postgres; DROP OWNED BY "{role}"; DROP ROLE "{role}"'
            )


REPORT = Blocker(7, "report-7", "ann", "active", "client backend", 31.0, ("AccessShareLock",), True)


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"age": 29.9}, False),
        ({"age": 30.0}, True),
        ({"age": None}, False),
        ({"application": "shop", "user": "bob"}, False),
        ({"application": "shop", "user": "eve"}, True),
        ({"backend": "autovacuum worker"}, False),
        ({"backend": "walsender"}, False),
        ({"pid": 0, "backend": "prepared transaction"}, False),
        ({"application": "migration-monitor/rollback/shop", "user": "eve"}, False),
        ({"may_signal": False}, False),
    ],
)
def test_who_may_be_hit(change: dict[str, object], allowed: bool) -> None:
    """Named, old enough, a client's, and ours to signal."""
    blocker = replace(REPORT, xact_start=datetime.now(UTC), **change)  # type: ignore[arg-type]  # its own fields
    policy = Policy("terminate", ("report-*",), ("eve",))
    assert bool(chosen(policy, [blocker], 0)) is allowed
    assert not chosen(policy, [blocker], 3)
    assert not chosen(Policy(), [blocker], 0)


LITERALS: Sequence[tuple[str, str]] = (
    ("SELECT * FROM t WHERE a = 'canary' -- canary", "SELECT * FROM t WHERE a = $1"),
    ("/* canary */ UPDATE t SET a = 'canary'", "UPDATE t SET a = $1"),
    ("SELECT 'canary", "SELECT"),
    ("CREATE TABLE x AS SELECT 'canary'", "CREATE"),
    ("DO $$ BEGIN RAISE 'canary'; END $$", "DO"),
    ("ALTER ROLE x PASSWORD 'canary'", "ALTER"),
    ("BEGIN; SELECT 'canary'", "BEGIN"),
    ("canary", ""),
    ("", ""),
)


async def test_statements_are_shown_without_literals_and_comments() -> None:
    """What can't be shown to be free of values is shown by its command."""
    assert await bare([query for query, _ in LITERALS]) == [shown for _, shown in LITERALS]
