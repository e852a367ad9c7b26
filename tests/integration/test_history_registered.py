"""A watch registered from a migration tool's files: by command, and what holds while it is executed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.history import TOOLS
from monitor.history.source import history_of
from monitor.plan.prepare import Options, prepare
from monitor.ports import OutcomeKind, WatchRow
from tests import rollbacks, servers, tools
from tests.commands import Commands, Done
from tests.conftest import Database
from tests.rollbacks import SUPERUSER, Heard, build, connected, executing, rolled_back

CASE = tools.DBMATE
LATER = "INSERT INTO schema_migrations VALUES ('20261101000000')"
VERSIONS = "SELECT array_agg(version ORDER BY version) FROM schema_migrations"
BOTH = ["20261001000000", "20261002000000"]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """On the newest major found, with the application, the ledger and dbmate's table."""
    newest = servers.server(max(b.major for b in servers.BINARIES))
    name = await servers.new_database(newest)
    found = Database(newest, name)
    await build(found.dsn)
    async with connected(found.dsn) as c:
        await c.execute(CASE.ddl)
    yield found
    await servers.drop_database(newest, name)


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    """Forks a process for each call."""
    with Commands() as found:
        yield found


async def registered(database: Database, directory: Path, undo: str = tools.UNDO) -> WatchRow:
    """A watch of the second migration."""
    path = CASE.write(directory) / "20261002000000_new_column.sql"
    path.write_text(path.read_text().replace(tools.UNDO, undo))
    history = history_of(TOOLS[CASE.tool], str(directory), None, None, {})
    down = history.down(CASE.migration, None)
    options = Options(allow_superuser=SUPERUSER, bookkeeping=down.bookkeeping)
    return await rollbacks.store(database.dsn, await prepare(database.dsn, down.sql, options))


async def answered(database: Database, sql: str) -> object:
    async with connected(database.dsn) as c:
        return await c.fetchval(sql)


def config(database: Database, folder: Path, migrations: str) -> Path:
    """A configuration whose endpoint nobody answers at."""
    path = folder / "monitor.yaml"
    path.write_text(
        f"""targets:
  shop:
    database: {{dsn: "{database.dsn}", allow_superuser: {SUPERUSER}}}
    migrations: {migrations}
    metrics:
      error_rate: {{json: {{url: "http://127.0.0.1:9/", errors: errors, requests: requests}}}}
      response_time: {{json: {{url: "http://127.0.0.1:9/", value: time, unit: ms}}}}
"""
    )
    return path


Ask = Callable[..., Done]


@pytest.fixture
def ask(commands: Commands, database: Database, tmp_path: Path) -> Ask:
    """A command with a configuration of dbmate."""
    directory = CASE.write(tmp_path / "db" / "migrations")
    path = config(database, tmp_path, f'{{tool: dbmate, dir: "{directory}"}}')
    return lambda *arguments: commands.call("--config", path, *arguments)


@pytest.mark.slow
async def test_the_command_finds_the_rollback_and_shows_what_the_table_is_told(ask: Ask) -> None:
    """By the migration's name, without --rollback; exit code 2 with file and line for what is refused."""
    done = await asyncio.to_thread(ask, "watch", "new_column")
    assert (done.returncode, done.stderr) == (0, "")
    assert "[lossy] ALTER TABLE contacts DROP COLUMN IF EXISTS new_column" in done.stdout
    told = 'note: dbmate: DELETE FROM "public"."schema_migrations" AS r WHERE r.version = \'20261002000000\''
    assert told in done.stdout
    unknown = await asyncio.to_thread(ask, "watch", "nothing")
    assert unknown.returncode == 2
    assert "no migration 'nothing' in" in unknown.stderr


@pytest.mark.slow
async def test_a_refused_statement_has_the_line_of_its_file(ask: Ask, tmp_path: Path) -> None:
    """Not the line of the section."""
    path = tmp_path / "db" / "migrations" / "20261002000000_new_column.sql"
    path.write_text("-- migrate:up\nSELECT 1;\n-- migrate:down\n\nDROP DATABASE shop;\n")
    done = await asyncio.to_thread(ask, "watch", "new_column")
    assert done.returncode == 2
    assert f"line 5: {path}: a database statement" in done.stderr


@pytest.mark.slow
async def test_check_tells_what_is_wrong_with_the_tool(
    commands: Commands, database: Database, tmp_path: Path
) -> None:
    """Its directory, and its table."""
    path = config(database, tmp_path, f'{{tool: goose, dir: "{tmp_path / "no"}", schema: app}}')
    done = await asyncio.to_thread(commands.call, "--config", path, "check", "--json")
    found = [
        f["text"] for f in json.loads(done.stdout)["findings"] if f["where"] == "targets.shop.migrations"
    ]
    assert found == [
        f"dir {tmp_path / 'no'} is no directory: name the one that holds the migrations",
        'the migration tool\'s table "app"."goose_db_version" does not exist: '
        "set `migrations.schema` and `migrations.table`",
    ]


@pytest.mark.slow
async def test_an_unknown_tool_is_told_with_those_that_are_known(
    commands: Commands, database: Database, tmp_path: Path
) -> None:
    """With its line."""
    path = config(database, tmp_path, "{tool: dbmat}")
    done = await asyncio.to_thread(commands.call, "--config", path, "check")
    assert "line 4: targets.shop.migrations.tool: `dbmat` must be one of 'plain', 'alembic'" in done.stderr


@pytest.mark.promise(14)
async def test_a_migration_that_is_being_recorded_is_waited_for(database: Database, tmp_path: Path) -> None:
    """Its row is not visible before it commits: our lock on the table waits, and then sees it."""
    watch = await registered(database, tmp_path)
    heard = Heard()
    async with connected(database.dsn) as tool, executing(database.dsn) as executor:
        transaction = tool.transaction()
        await transaction.start()
        await tool.execute(LATER)
        rolling = asyncio.create_task(rolled_back(executor, watch, heard))
        await asyncio.sleep(0.5)
        assert not rolling.done()
        await transaction.commit()
        outcome = await rolling
    assert outcome.kind is OutcomeKind.REFUSED
    assert outcome.reason == "a later migration was applied: 20261101000000 (dbmate, after 20261002000000)"
    assert "new_column" in await rollbacks.columns(database.dsn)


async def test_another_number_of_rows_than_the_tool_makes_undoes_everything(
    database: Database, tmp_path: Path
) -> None:
    """A trigger that swallows the deletion: the group is rolled back, and it is a failure that pages."""
    watch = await registered(database, tmp_path)
    async with connected(database.dsn) as c:
        await c.execute(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER keep BEFORE DELETE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION keep()"
        )
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED
    assert "dbmate's table was to change by 1 row and would by 0" in outcome.reason
    assert "new_column" in await rollbacks.columns(database.dsn)
    assert await rollbacks.ledger_rows(database.dsn) == 0
    assert await answered(database, VERSIONS) == BOTH


@pytest.mark.slow
@pytest.mark.promise(12)
async def test_what_is_said_to_the_table_is_what_was_registered(database: Database, tmp_path: Path) -> None:
    """Bookkeeping that was changed in the store is not executed."""
    watch = await registered(database, tmp_path)
    async with connected(database.dsn) as c:
        await c.execute(
            "UPDATE migration_monitor.watch SET plan = jsonb_set(plan, '{bookkeeping,writes,0,sql}', "
            """'"DELETE FROM public.schema_migrations"')"""
        )
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.reason) == (
        OutcomeKind.REFUSED,
            "the stored plan, or what it is checked against, is not what was registered",
    )  # fmt: skip
    assert await answered(database, VERSIONS) == BOTH


async def test_a_rollback_by_the_tool_itself_is_found_to_be_done(database: Database, tmp_path: Path) -> None:
    """The schema is undone and the row is gone: resolved, and nothing more is written."""
    watch = await registered(database, tmp_path)
    async with connected(database.dsn) as c:
        await c.execute(f"{tools.UNDO} {CASE.gone}")
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.RESOLVED_EXTERNALLY
    assert "bookkeeping" not in await rollbacks.event_kinds(database.dsn)


@pytest.mark.slow
async def test_a_table_that_went_away_is_told_by_readiness(database: Database, tmp_path: Path) -> None:
    """Instead of an error at night."""
    watch = await registered(database, tmp_path)
    async with connected(database.dsn) as c:
        await c.execute("ALTER TABLE schema_migrations RENAME TO versions")
    async with executing(database.dsn) as executor:
        readiness = await executor.ready(watch, full=True)
    assert readiness.codes == ("history",)
    assert "does not exist" in readiness.reasons[0]


async def test_values_are_parameters(database: Database, tmp_path: Path) -> None:
    """A name that tries to be SQL is a name."""
    evil = "x'); DELETE FROM schema_migrations; --"
    history = history_of(TOOLS["knex"], None, None, None, {})
    books = history.down(evil, b"SELECT 1").bookkeeping
    assert books is not None
    assert evil in books.args
    assert all(evil not in w.sql for w in books.writes)
    assert replace(books, args=()).state == books.state


OUTSIDE = """DROP INDEX CONCURRENTLY contacts_new;
ALTER TABLE contacts DROP COLUMN new_column;
CREATE INDEX CONCURRENTLY contacts_email ON contacts (email_address);
"""


async def test_the_table_is_told_when_all_statements_are_done(database: Database, tmp_path: Path) -> None:
    """Of a plan with several transactions the last one; what has begun is finished whatever comes later."""
    watch = await registered(database, tmp_path, OUTSIDE)
    seen: list[object] = []

    def record(point: str) -> None:
        if point == "after_statement_2":  # in a loop of its own: the rollback stands still until then
            with ThreadPoolExecutor(1) as other:
                seen.append(other.submit(asyncio.run, answered(database, VERSIONS)).result())

    async with executing(database.dsn, kill=record) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert seen == [BOTH]
    assert await answered(database, VERSIONS) == BOTH[:1]
    assert (await rollbacks.event_kinds(database.dsn)).count("bookkeeping") == 1


async def test_only_statements_outside_a_transaction_still_tell_the_table(
    database: Database, tmp_path: Path
) -> None:
    """In a transaction of its own, which concludes the rollback; nothing begins when it is overtaken."""
    watch = await registered(database, tmp_path, "DROP INDEX CONCURRENTLY contacts_new;")
    async with executing(database.dsn) as executor:
        await answered(database, LATER)
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
        assert await answered(database, "SELECT to_regclass('contacts_new') IS NOT NULL")
        await answered(database, "DELETE FROM schema_migrations WHERE version = '20261101000000'")
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert await answered(database, VERSIONS) == BOTH[:1]
