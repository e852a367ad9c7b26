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

from monitor.demo.postgres import Server
from monitor.ports import OutcomeKind, ProgressKind
from monitor.ports.patience import LockPolicy
from monitor.rollback.blocking import Blocker, holders
from monitor.rollback.clearing import Policy, chosen
from monitor.rollback.executor import Limits
from monitor.sql.redaction import bare
from tests import servers
from tests.conftest import Database
from tests.rollbacks import (
    APPLICATION,
    DROP_COLUMN,
    Heard,
    build,
    columns,
    connected,
    executing,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner

PATIENT = LockPolicy(max_app_stall=0.2, budget=0.5, rest=0.02, rest_max=0.1, slow_rest=0.1)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Steady(LockPolicy):
    """Every try is as patient as the last."""

    def timeout(self, attempt: int, at_least: float = 0.0) -> float:
        return self.max_app_stall


KEYS = (
    "CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents VALUES (1);"
    "CREATE TABLE children (id int, parent int CONSTRAINT of_parent REFERENCES parents, gone text)"
)

PARTS = (
    "CREATE TABLE whole (id int, gone text) PARTITION BY RANGE (id);"
    "CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9);"
    "CREATE TABLE rest PARTITION OF whole DEFAULT"
)

ELSEWHERE = [
    (KEYS, b"ALTER TABLE children DROP CONSTRAINT of_parent", "parents"),
    (KEYS, b"ALTER TABLE children DROP COLUMN parent", "parents"),
    (KEYS, b"DROP TABLE children", "parents"),
    (KEYS, b"ALTER TABLE parents DROP CONSTRAINT parents_pkey CASCADE", "children"),
    (PARTS, b"ALTER TABLE whole DROP COLUMN gone", "part"),
    (PARTS, b"DROP TABLE part", "ONLY whole"),
    (PARTS, b"DROP TABLE part", "rest"),
    ("CREATE VIEW seen AS SELECT 1 AS one", b"DROP VIEW seen", "seen"),
]
"""What is there, the plan, and what a reader holds that the plan does not name as a table of its own."""


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


@pytest.mark.fault(14)
@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("there", "down", "held"), ELSEWHERE, ids=[f"{down.decode()}: {held}" for _, down, held in ELSEWHERE]
)
async def test_whoever_holds_what_the_plan_needs_without_naming_it_is_named_and_may_be_ended(
    database: Database, there: str, down: bytes, held: str
) -> None:
    """The other end of a key, a partition, its parent, the default partition, a view."""
    dsn = database.dsn
    await build(dsn, there)
    watch, heard = await registered(dsn, down), Heard()
    policy = Policy("terminate", ("report",), (), 0.0, 1)
    async with connected(dsn) as reader, executing(dsn, Limits(locks=PATIENT, blockers=policy)) as executor:
        await reader.execute("SET application_name = 'report'; BEGIN")
        await reader.execute(f"SELECT 1 FROM {held}")
        outcome = await rolled_back(executor, watch, heard)
        assert not await _lives(reader)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    cleared = next(p for p in heard.progress if p.kind is ProgressKind.CLEARED)
    assert "(report, idle in transaction, for" in str(cleared.detail["text"])


@pytest.mark.fault(14)
@pytest.mark.promise(4)
async def test_every_try_says_who_is_in_its_way(newest: Database) -> None:
    """For whoever looks while it rolls back: pid, application, state, age, and the statement."""
    await build(newest.dsn, KEYS)
    watch, heard = await registered(newest.dsn, b"DROP TABLE children"), Heard()
    async with connected(newest.dsn) as reader, executing(newest.dsn, Limits(locks=PATIENT)) as executor:
        await reader.execute("SET application_name = 'report'; BEGIN")
        await reader.execute("SELECT 1 FROM parents WHERE id = 4711")
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while heard.kinds().count(ProgressKind.BLOCKED) < 4:
                await asyncio.sleep(0.02)
        pid = await reader.fetchval("SELECT pg_backend_pid()")
        await reader.execute("ROLLBACK")
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    told = [p.detail["blockers"] for p in heard.progress if p.kind is ProgressKind.BLOCKED]
    third: Any = told[2]
    assert [(b["pid"], b["application"], b["state"], b["query"]) for b in third] == [
        (pid, "report", "idle in transaction", "SELECT $1 FROM parents WHERE id = $2")
    ]
    assert 0 < third[0]["age"] < 30


@pytest.mark.slow
@pytest.mark.fault(14)
@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("down", "waiting"),
    [(b"ALTER TABLE busy DROP COLUMN gone", "busy"), (b"DROP TABLE children", "parents")],
    ids=["partitions", "the other end of keys"],
)
async def test_one_try_waits_no_longer_however_many_tables_it_waits_for(
    newest: Database, down: bytes, waiting: str
) -> None:
    """Each partition, and each table that is referenced, becomes free after 0.4 s of waiting for it."""
    dsn = newest.dsn
    parts = "".join(f"CREATE TABLE busy_{n} PARTITION OF busy FOR VALUES IN ({n});" for n in range(5))
    keys = "".join(f"CREATE TABLE parents_{n} (id int PRIMARY KEY);" for n in range(5))
    columns_ = ", ".join(f"p{n} int REFERENCES parents_{n}" for n in range(5))
    await build(
        dsn,
        f"CREATE TABLE busy (id int, gone text) PARTITION BY LIST (id); {parts} {keys}"
        f"CREATE TABLE children (id int, {columns_})",
    )
    watch, heard = await registered(dsn, down), Heard()
    stall, slowest = 0.6, 0.0
    policy = Steady(max_app_stall=stall, budget=60, rest=0.02, rest_max=0.05)

    async def read(n: int) -> None:
        table = f"{waiting}_{n}"
        waits = "SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted"
        async with connected(dsn) as c:
            await c.execute(f"BEGIN; SELECT 1 FROM {table}")
            await reading.wait()
            while not await c.fetchval(waits, table):
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.4)
            await c.execute("ROLLBACK")

    async def ask() -> None:
        nonlocal slowest
        async with connected(dsn) as c:
            while not task.done():
                began = asyncio.get_running_loop().time()
                with contextlib.suppress(asyncpg.UndefinedTableError):
                    await c.execute(f"SELECT 1 FROM {'busy' if waiting == 'busy' else 'children'}")
                slowest = max(slowest, asyncio.get_running_loop().time() - began)
                await asyncio.sleep(0.01)

    reading = asyncio.Barrier(6)
    readers = [asyncio.create_task(read(n)) for n in range(5)]
    await reading.wait()
    async with executing(dsn, Limits(locks=policy)) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await ask()
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    await asyncio.gather(*readers)
    assert slowest < stall + 0.6  # a busy machine


@pytest.mark.slow
@pytest.mark.fault(14)
@pytest.mark.parametrize(
    ("there", "down", "held"),
    [("", DROP_COLUMN, "contacts"), (KEYS, b"DROP TABLE children", "parents")],
    ids=["the table itself", "the other end of a key"],
)
async def test_a_prepared_transaction_is_named_with_what_ends_it(there: str, down: bytes, held: str) -> None:
    """Nobody can terminate it: the page says by which command a person ends it."""
    server = Server(servers.BINARIES[0], {"max_prepared_transactions": "5"})
    await asyncio.to_thread(server.start)
    try:
        await build(server.dsn(), APPLICATION + there)
        watch, heard = await registered(server.dsn(), down), Heard()
        policy = Policy("terminate", ("*",), (), 0.0, 5)
        async with connected(server.dsn()) as c:
            await c.execute(f"BEGIN; LOCK TABLE {held} IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'o''hara'")
        async with (
            executing(server.dsn(), Limits(locks=PATIENT, blockers=policy)) as executor,
            connected(server.dsn()) as c,
        ):
            task = asyncio.create_task(rolled_back(executor, watch, heard))
            async with asyncio.timeout(30):
                while ProgressKind.BUDGET_SPENT not in heard.kinds():
                    await asyncio.sleep(0.02)
            await c.execute("ROLLBACK PREPARED 'o''hara'")
            assert (await task).kind is OutcomeKind.ROLLED_BACK
    finally:
        await asyncio.to_thread(server.remove)
    page = next(p for p in heard.progress if p.kind is ProgressKind.BUDGET_SPENT)
    assert "end it by COMMIT PREPARED 'o''hara' or ROLLBACK PREPARED 'o''hara'" in str(page.detail["text"])
    blockers: Any = page.detail["blockers"]
    (told,) = blockers
    assert (told["pid"], told["gid"]) == (0, "o'hara")
    assert 0 < told["age"] < 60


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
                from_here = await holders(own, ["public.contacts"])
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
