"""What each migration tool's table says after a rollback, and when it forbids one: on real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.errors import PlanRefused
from monitor.history import TOOLS
from monitor.history.source import history_of
from monitor.plan.prepare import Options, Prepared, prepare
from monitor.ports import Lack, OutcomeKind, WatchRow
from tests import rollbacks, servers, tools
from tests.conftest import Database
from tests.rollbacks import build, connected, executing, rolled_back
from tests.tools import CASES, Case

QUICK = (tools.DBMATE, tools.ALEMBIC)
"""Run by every `make test`; the others are as slow as they are many."""

EACH = [
    pytest.param(c, id=f"{c.tool}-{c.migration}", marks=() if c in QUICK else pytest.mark.slow) for c in CASES
]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """On the newest major found: what is asked of a tool's table is the same SQL on all."""
    newest = servers.server(max(b.major for b in servers.BINARIES))
    name = await servers.new_database(newest)
    yield Database(newest, name)
    await servers.drop_database(newest, name)


async def prepared(database: Database, case: Case, directory: Path) -> Prepared:
    """The rollback of the case's migration as registration has it."""
    place = str(case.write(directory)) if case.files else None
    history = history_of(TOOLS[case.tool], place, None, None, {})
    given = None if case.given is None else case.given.encode()
    down = history.down(case.migration, given)
    return await prepare(
        database.dsn, down.sql, Options(allow_superuser="postgres", bookkeeping=down.bookkeeping)
    )


async def registered(database: Database, case: Case, directory: Path) -> WatchRow:
    """The application and the tool's table, and a watch of the migration."""
    await build(database.dsn)
    await said(database, case.ddl)
    return await rollbacks.store(database.dsn, await prepared(database, case, directory))


async def said(database: Database, sql: str) -> None:
    async with connected(database.dsn) as c:
        await c.execute(sql)


async def books(database: Database, case: Case) -> list[tuple[object, ...]]:
    async with connected(database.dsn) as c:
        return [tuple(r) for r in await c.fetch(case.books)]


def test_every_tool_with_a_table_has_a_case() -> None:
    """Nothing is claimed that is not run."""
    assert {case.tool for case in CASES} == {t.name for t in TOOLS.values() if t.has_books}


@pytest.mark.parametrize("case", EACH)
async def test_the_migration_is_marked_as_reverted(database: Database, case: Case, tmp_path: Path) -> None:
    """With the rollback, once, in the tool's own way, and written down."""
    watch = await registered(database, case, tmp_path)
    async with executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert await books(database, case) == case.after
    assert "new_column" not in await rollbacks.columns(database.dsn)
    assert "bookkeeping" in await rollbacks.event_kinds(database.dsn)


@pytest.mark.promise(14)
@pytest.mark.parametrize("case", EACH)
async def test_a_later_migration_forbids_it(database: Database, case: Case, tmp_path: Path) -> None:
    """Known while watching, refused under the lock, and refused at registration; nothing changes."""
    watch = await registered(database, case, tmp_path)
    await said(database, case.later)
    before = await books(database, case)
    async with executing(database.dsn) as executor:
        readiness = await executor.ready(watch, full=True)
        outcome = await rolled_back(executor, watch)
    assert case.third in readiness.reasons[0]
    assert readiness.codes == (Lack.HISTORY.value,)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.REFUSED, readiness.reasons[0])
    with pytest.raises(PlanRefused, match="later migration"):
        await prepared(database, case, tmp_path)
    assert await books(database, case) == before
    assert "new_column" in await rollbacks.columns(database.dsn)


@pytest.mark.parametrize("case", EACH)
async def test_a_migration_that_the_tool_took_back_is_not_applied(
    database: Database, case: Case, tmp_path: Path
) -> None:
    """The table says so although the schema is as it was: nobody knows what the two mean together."""
    watch = await registered(database, case, tmp_path)
    await said(database, case.gone)
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "is not applied" in outcome.reason
    with pytest.raises(PlanRefused, match="is not applied"):
        await prepared(database, case, tmp_path)


async def test_rights_on_the_table_are_asked_for_at_registration(database: Database, tmp_path: Path) -> None:
    """The sentence names the privilege and the table."""
    case = tools.DBMATE
    await build(database.dsn)
    await said(database, case.ddl)
    role = f"{database.name}_owner"
    await said(
        database,
        f"CREATE ROLE {role} LOGIN; ALTER TABLE contacts OWNER TO {role};"
        f"GRANT SELECT ON schema_migrations TO {role}; GRANT pg_monitor TO {role}",
    )
    dsn = database.server.dsn(database.name, role)
    down = history_of(TOOLS[case.tool], str(case.write(tmp_path)), None, None, {}).down(case.migration, None)
    try:
        with pytest.raises(PlanRefused, match=r"may not DELETE on .*schema_migrations.*: GRANT DELETE"):
            await prepare(dsn, down.sql, Options(allow_superuser="postgres", bookkeeping=down.bookkeeping))
    finally:
        await said(database, f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


async def test_a_repeatable_migration_of_flyway_is_no_later_one(database: Database, tmp_path: Path) -> None:
    """Flyway runs what has changed of them behind every deploy; its own undo passes over them, too."""
    await build(database.dsn)
    repeatable = "(9, NULL, 'views', 'SQL', 'R__views.sql', 1, 'x', now(), 1, true)"
    await said(database, f"{tools.FLYWAY.ddl}; INSERT INTO flyway_schema_history VALUES {repeatable}")
    found = await prepared(database, tools.FLYWAY, tmp_path)
    assert any("flyway_schema_history" in notice for notice in found.notices)
