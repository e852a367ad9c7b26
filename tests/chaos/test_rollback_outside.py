"""Statements outside a transaction, interrupted: the catalogue decides, and the plan is finished once."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from monitor.errors import PlanRefused
from monitor.pg import Connection as Open
from monitor.ports import Outcome, OutcomeKind, Progress, ProgressKind, WatchRow
from monitor.ports.patience import LockPolicy
from monitor.rollback.executor import Limits
from monitor.rollback.outside_session import key_of_step
from monitor.rollback.outside_tries import MAX_RUNS
from tests.conftest import Database
from tests.roles import outsider
from tests.rollbacks import (
    RENAME,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner

ROOT = Path(__file__).parent.parent.parent

BUILD = b"CREATE UNIQUE INDEX CONCURRENTLY contacts_email ON contacts (email)"

FOUR = b";\n".join(
    (
        RENAME,
        BUILD,
        b"DROP INDEX CONCURRENTLY contacts_new",
        b"ALTER TABLE contacts DROP COLUMN new_column",
    )
)

FIRST_OUTSIDE = b";\n".join(
    (
        BUILD.replace(b"(email)", b"(email_address)"),
        b"DROP INDEX CONCURRENTLY contacts_new",
        b"ALTER TABLE contacts DROP CONSTRAINT valid_email",
    )
)

POINTS = (
    "after_intent", "after_statement_1", "before_commit_1", "after_commit_1",
    "before_started_2", "after_started_2", "after_run_2", "after_done_2",
    "before_started_3", "after_started_3", "after_run_3", "after_done_3",
    "after_statement_4", "before_commit_4", "after_commit_4",
)  # fmt: skip

TELLING = ("after_started_2", "after_run_2")
"""Of these two only the catalogue can say which it was; they are quick enough for every run."""


async def _process(dsn: str, kill_at: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.rollback_process", dsn, "w-1", kill_at,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip


async def _finished(dsn: str, watch: WatchRow, heard: Heard, limits: Limits | None = None) -> Outcome:
    """What the next daemon does: settle, and execute if there is nothing to finish."""
    async with executing(dsn, limits) as executor:
        outcome = await asyncio.wait_for(executor.settle(watch, lambda: False, heard), 60)
        return outcome or await rolled_back(executor, watch, heard)


async def _indexes(dsn: str) -> dict[str, bool]:
    """Name -> valid, of the table `contacts`."""
    async with connected(dsn) as c:
        rows = await c.fetch(
            "SELECT indexrelid::regclass::text AS name, indisvalid FROM pg_index"
            " WHERE indrelid = 'contacts'::regclass"
        )
    return {r["name"]: r["indisvalid"] for r in rows}


async def _steps(dsn: str) -> list[str]:
    async with connected(dsn) as c:
        rows = await c.fetch("SELECT state FROM migration_monitor.rollback_step ORDER BY step")
    return [r["state"] for r in rows]


async def _is_once(dsn: str) -> None:
    assert await columns(dsn) == ["id", "email"]
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_email": True}
    assert await _steps(dsn) == ["done"] * 4
    kinds = await event_kinds(dsn)
    assert (kinds.count("rollback_effect"), kinds.count("rollback_group"), kinds[0]) == (1, 1, "intent")


async def _killed_and_finished(dsn: str, point: str) -> None:
    await build(dsn)
    watch = await registered(dsn, FOUR)
    process = await _process(dsn, point)
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL
    begun, heard = await _steps(dsn) != [], Heard()
    outcome = await _finished(dsn, watch, heard)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (ProgressKind.RESUMED in heard.kinds()) is (begun and point != "after_commit_4")
    await _is_once(dsn)


@pytest.mark.fault(2)
@pytest.mark.promise(1, 3)
@pytest.mark.parametrize("point", TELLING)
async def test_killed_at_a_telling_point_the_catalogue_decides(newest: Database, point: str) -> None:
    """Nothing was built, or it was built and not written down: the next daemon sees which."""
    await _killed_and_finished(newest.dsn, point)


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.promise(1, 3)
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_of_a_mixed_plan_it_is_finished_once(
    database: Database, point: str
) -> None:
    """SIGKILL of a real process at each transition, on each major; without a breach, the rest is finished."""
    await _killed_and_finished(database.dsn, point)


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.promise(3)
@pytest.mark.parametrize("point", ["after_done_1", "before_commit_2", "after_commit_2"])
async def test_killed_while_the_end_is_written_down_it_is_concluded_once(
    newest: Database, point: str
) -> None:
    """A plan that ends outside a transaction has a last group that only checks and writes."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, b"DROP INDEX CONCURRENTLY contacts_new")
    process = await _process(dsn, point)
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL
    outcome = await _finished(dsn, watch, Heard())
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (await event_kinds(dsn)).count("rollback_effect") == 1
    assert await _steps(dsn) == ["done"]


async def _working(c: Open, what: str = "CREATE UNIQUE INDEX CONCURRENTLY") -> int:
    """The backend that runs the statement and waits for somebody."""
    async with asyncio.timeout(30):
        while True:
            pid = await c.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE query LIKE $1 || '%' AND wait_event_type = 'Lock'"
                " AND datname = current_database()", what,
            )  # fmt: skip
            if pid is not None:
                return int(pid)
            await asyncio.sleep(0.02)


async def _gone(c: Open, pid: int) -> None:
    async with asyncio.timeout(30):
        while await c.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            await asyncio.sleep(0.02)


WRITING = "BEGIN; INSERT INTO contacts (email_address) VALUES ('late@example.org')"
"""A transaction for which every CONCURRENTLY waits."""


@pytest.mark.fault(22)
@pytest.mark.promise(3)
async def test_a_cancelled_build_is_cleaned_up_and_run_again(newest: Database) -> None:
    """What was left invalid is dropped, and the index of the second run is valid."""
    await _cancelled_and_built(newest.dsn)


@pytest.mark.slow
@pytest.mark.fault(22)
@pytest.mark.promise(3)
async def test_a_cancelled_build_is_run_again_on_each_major(database: Database) -> None:
    """The same."""
    await _cancelled_and_built(database.dsn)


async def _cancelled_and_built(dsn: str) -> None:
    await build(dsn)
    watch, heard = await registered(dsn, BUILD.replace(b"(email)", b"(email_address)")), Heard()
    async with connected(dsn) as writer, connected(dsn) as person, executing(dsn) as executor:
        await writer.execute(WRITING)
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await person.execute("SELECT pg_cancel_backend($1::int)", await _working(person))
        await _heard(heard, ProgressKind.RETRY)
        await writer.execute("COMMIT")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (await _indexes(dsn))["contacts_email"]
    assert "leftovers are removed" in next(p for p in heard.progress if p.kind is ProgressKind.RETRY).text


async def _heard(heard: Heard, kind: ProgressKind) -> Progress:
    async with asyncio.timeout(30):
        while kind not in heard.kinds():
            await asyncio.sleep(0.02)
    return next(p for p in heard.progress if p.kind is kind)


SLOW_BUILD = """
CREATE FUNCTION slowly(text) RETURNS text IMMUTABLE LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.02); RETURN $1; END';
"""


@pytest.mark.slow
@pytest.mark.fault(22)
@pytest.mark.promise(3)
async def test_a_build_that_is_cancelled_again_and_again_fails_with_nothing_left(newest: Database) -> None:
    """Five times; then people are told, and no invalid index stays."""
    dsn = newest.dsn
    await build(dsn)
    sql = RENAME + b";\nCREATE INDEX CONCURRENTLY contacts_email ON contacts (slowly(email))"
    async with connected(dsn) as c:
        await c.execute(SLOW_BUILD)
    watch, heard = await registered(dsn, sql, opaque=True), Heard()
    async with connected(dsn) as person, executing(dsn) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        for number in range(MAX_RUNS):
            while heard.kinds().count(ProgressKind.RETRY) < number:
                await asyncio.sleep(0.02)
            await person.execute("SELECT pg_cancel_backend($1::int)", await _building(person))
        outcome = await task
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.reason.startswith("statement 1 took effect, statement 2 did not (statement 2 was begun)")
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_new": True}
    assert await _steps(dsn) == ["done", "started"]


async def _building(c: Open) -> int:
    """The backend that builds just now."""
    async with asyncio.timeout(30):
        while True:
            pid = await c.fetchval(
                "SELECT p.pid FROM pg_stat_progress_create_index p JOIN pg_stat_activity a USING (pid)"
                " WHERE a.datname = current_database() AND a.wait_event = 'PgSleep'"
            )
            if pid is not None:
                return int(pid)
            await asyncio.sleep(0.02)


@pytest.mark.promise(3)
async def test_an_index_that_can_never_be_built_is_removed_and_said(newest: Database) -> None:
    """A duplicate: no second run; what took effect stays, what was left half built does not."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FOUR), Heard()
    async with connected(dsn) as c:
        await c.execute("INSERT INTO contacts (email_address) VALUES ('a@b.c'), ('a@b.c')")
    outcome = await _finished(dsn, watch, heard)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.reason.startswith(
        "statement 1 took effect, statements 2-4 did not (statement 2 was begun)"
    )
    assert "a@b.c" not in outcome.reason
    assert (outcome.detail["took_effect"], outcome.detail["statements"]) == (1, 4)
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_new": True}
    assert ProgressKind.RETRY not in heard.kinds()


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.promise(1, 3, 4)
async def test_an_orphaned_build_is_waited_for_and_never_dropped_under_its_session(newest: Database) -> None:
    """SIGKILL while the server builds: who comes next waits for that session, cleans up, builds again."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FIRST_OUTSIDE), Heard()
    async with connected(dsn) as writer, connected(dsn) as person:
        await writer.execute(WRITING)
        process = await _process(dsn)
        orphan = await _working(person)
        process.kill()
        await process.communicate()
        task = asyncio.create_task(_finished(dsn, watch, heard))
        blocked = await _heard(heard, ProgressKind.BLOCKED)
        async with asyncio.timeout(10):  # client_connection_check_interval
            await _gone(person, orphan)
        await writer.execute("COMMIT")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert "another session still runs statement 1" in blocked.text
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_email": True}
    assert await _steps(dsn) == ["done"] * 3


@pytest.mark.fault(2)
@pytest.mark.promise(3, 5)
async def test_a_lost_answer_is_in_doubt_and_settled_by_the_catalogue(newest: Database) -> None:
    """The session is gone in the middle of the build: looked at, cleaned up, run again; never guessed."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FIRST_OUTSIDE), Heard()
    async with connected(dsn) as writer, connected(dsn) as person, executing(dsn) as executor:
        await writer.execute(WRITING)
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await person.execute("SELECT pg_terminate_backend($1::int)", await _working(person))
        await _heard(heard, ProgressKind.IN_DOUBT)
        await writer.execute("COMMIT")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    settled = next(p for p in heard.progress if p.kind is ProgressKind.SETTLED)
    assert settled.detail == {"committed": False}
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_email": True}


@pytest.mark.fault(2)
@pytest.mark.promise(1, 3)
async def test_two_executors_at_once_run_each_statement_outside_once(newest: Database) -> None:
    """Both say rolled back; the advisory lock of a step lets one of them run it."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, FOUR)
    async with executing(dsn) as one, executing(dsn) as two:
        outcomes = await asyncio.gather(rolled_back(one, watch), rolled_back(two, watch))
    assert {o.kind for o in outcomes} == {OutcomeKind.ROLLED_BACK}, outcomes
    await _is_once(dsn)


@pytest.mark.promise(21)
async def test_a_strangers_locks_keep_no_statement_outside_from_running(newest: Database) -> None:
    """Whoever knows a watch's id can take the lock of each of its steps."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, FOUR)
    async with outsider(dsn) as stranger:
        for step in range(1, 5):
            lock = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
            await stranger.execute(lock, key_of_step(watch.id, step))
        async with executing(dsn) as executor:
            outcome = await asyncio.wait_for(rolled_back(executor, watch), 60)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    await _is_once(dsn)


@pytest.mark.promise(3)
async def test_what_has_begun_is_finished_though_the_breach_ended(newest: Database) -> None:
    """Asked before anything took effect, and never again."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, FOUR)
    passed: list[str] = []
    async with executing(dsn, kill=passed.append) as executor:
        outcome = await rolled_back(executor, watch, wanted=lambda: "after_commit_1" not in passed)
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    await _is_once(dsn)


@pytest.mark.fault(14)
@pytest.mark.promise(4, 10)
async def test_a_build_that_waits_long_pages_with_whom_it_waits_for(newest: Database) -> None:
    """It stalls nobody meanwhile: the application writes on."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FIRST_OUTSIDE), Heard()
    limits = Limits(locks=LockPolicy(budget=0.5), allow_superuser="postgres")
    async with connected(dsn) as writer, connected(dsn) as app, executing(dsn, limits) as executor:
        await writer.execute("SET application_name = 'report';" + WRITING)
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        page = await _heard(heard, ProgressKind.BUDGET_SPENT)
        await asyncio.wait_for(app.execute("UPDATE contacts SET new_column = 'w' WHERE id = 1"), 2)
        await writer.execute("COMMIT")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert "report" in str(page.detail["blockers"])


async def _partitioned(dsn: str) -> None:
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "CREATE TABLE events (at int) PARTITION BY RANGE (at);"
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);"
            "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20)"
        )


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.promise(3)
async def test_an_interrupted_detach_is_finalized(database: Database) -> None:
    """Cut off while it is pending: the partition is detached, and the parent has no pending one."""
    dsn = database.dsn
    await _partitioned(dsn)
    watch, heard = (
        await registered(dsn, b"ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY"),
        Heard(),
    )
    limits = Limits(locks=LockPolicy(rest=0.02, rest_max=0.1), allow_superuser="postgres")
    async with connected(dsn) as reader, executing(dsn, limits) as executor:
        await reader.execute("BEGIN; SELECT 1 FROM events")
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await _heard(heard, ProgressKind.BLOCKED)
        async with connected(dsn) as c:
            pending = "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'events_1'::regclass"
            assert await c.fetchval(pending) is True
            await reader.execute("COMMIT")
            outcome = await task
            assert await c.fetchval(pending) is None
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome


@pytest.mark.slow
@pytest.mark.fault(2, 22)
@pytest.mark.promise(3)
async def test_what_an_interrupted_reindex_leaves_is_dropped(database: Database) -> None:
    """No _ccnew stays, and the index is valid."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, b"REINDEX TABLE CONCURRENTLY contacts"), Heard()
    async with connected(dsn) as writer, connected(dsn) as person, executing(dsn) as executor:
        await writer.execute(WRITING)
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        await person.execute("SELECT pg_cancel_backend($1::int)", await _working(person, "REINDEX"))
        await _heard(heard, ProgressKind.RETRY)
        assert any("_ccnew" in name for name in await _indexes(dsn))
        await writer.execute("COMMIT")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_new": True}


@pytest.mark.promise(3)
async def test_an_invalid_index_of_somebody_else_is_neither_kept_nor_dropped(newest: Database) -> None:
    """IF NOT EXISTS would report success of it: not ready, refused, and untouched."""
    dsn = newest.dsn
    await build(dsn)
    sql = b"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS contacts_email ON contacts (email_address)"
    watch = await registered(dsn, sql)
    async with connected(dsn) as c:
        await c.execute("INSERT INTO contacts (email_address) VALUES ('a@b.c'), ('a@b.c')")
        with pytest.raises(asyncpg.UniqueViolationError):
            await c.execute(sql.decode())
        await c.execute("DELETE FROM contacts WHERE email_address = 'a@b.c'")
    async with executing(dsn) as executor:
        readiness = await executor.ready(watch, full=True)
        outcome = await rolled_back(executor, watch)
    assert not readiness.ok
    assert outcome.kind is OutcomeKind.REFUSED
    assert (await _indexes(dsn))["contacts_email"] is False
    assert await event_kinds(dsn) == []
    with pytest.raises(PlanRefused, match="exists and is invalid, and IF NOT EXISTS would keep it"):
        await registered(dsn, sql, "w-2")


@pytest.mark.slow
@pytest.mark.fault(2, 9)
@pytest.mark.promise(3, 9)
async def test_sigterm_in_a_build_and_a_kill_in_its_cleaning_up_leave_it_to_be_finished(
    newest: Database,
) -> None:
    """The first ends in time, the second dies after the invalid index is gone, the third builds it."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FIRST_OUTSIDE), Heard()
    async with connected(dsn) as writer, connected(dsn) as person:
        await writer.execute(WRITING)
        process = await _process(dsn)
        running = await _working(person)
        process.terminate()
        await asyncio.wait_for(process.communicate(), 20)
        await _gone(person, running)
        await writer.execute("COMMIT")
    assert (await _indexes(dsn))["contacts_email"] is False
    process = await _process(dsn, "after_cleaned_1")
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL
    assert "contacts_email" not in await _indexes(dsn)
    outcome = await _finished(dsn, watch, heard)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_email": True}


@pytest.mark.slow
@pytest.mark.fault(5)
@pytest.mark.promise(1, 3)
async def test_a_daemon_stopped_in_a_build_is_replaced_and_does_nothing_when_it_wakes(
    newest: Database,
) -> None:
    """The server ends its idle session; the next one finds the index built, and the rest happens once."""
    dsn = newest.dsn
    await build(dsn)
    watch, heard = await registered(dsn, FIRST_OUTSIDE), Heard()
    async with connected(dsn) as writer, connected(dsn) as person:
        await writer.execute(WRITING)
        process = await _process(dsn)
        stopped = await _working(person)
        process.send_signal(signal.SIGSTOP)
        await writer.execute("COMMIT")
        built = "SELECT oid FROM pg_class WHERE relname = 'contacts_email'"
        outcome = await _finished(dsn, watch, heard)
        oid = await person.fetchval(built)
        await _gone(person, stopped)
        process.send_signal(signal.SIGCONT)
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert await person.fetchval(built) == oid
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert said.decode().split() == ["started", "rolled_back"]
    assert await _indexes(dsn) == {"contacts_pkey": True, "contacts_email": True}
    assert (await event_kinds(dsn)).count("rollback_effect") == 1
