"""The rollbacks of the source document, executed on a real server while an application writes."""

from __future__ import annotations

import asyncio

import pytest

from monitor.ports import OutcomeKind, ProgressKind
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    DROP_CONSTRAINT,
    RENAME,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    ledger_rows,
    order,
    registered,
    rolled_back,
    write_until,
)

INSERT = "INSERT INTO contacts (email_address, new_column) VALUES ('x@example.org', 'late')"


async def _constraints(dsn: str) -> set[str]:
    async with connected(dsn) as c:
        rows = await c.fetch("SELECT conname FROM pg_constraint WHERE conrelid = 'contacts'::regclass")
    return {r["conname"] for r in rows}


@pytest.mark.parametrize("sql", [DROP_COLUMN, RENAME, DROP_CONSTRAINT], ids=["drop", "rename", "constraint"])
async def test_each_documented_rollback_takes_effect_while_the_application_writes(
    database: Database, sql: bytes
) -> None:
    """The schema is what the plan says, verified, with one ledger row and the intent before it."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, sql)
    stop, heard = asyncio.Event(), Heard()
    writers = [asyncio.create_task(write_until(dsn, stop, INSERT)) for _ in range(3)]
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch, heard)
    stop.set()
    await asyncio.gather(*writers)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert outcome.detail["verified"] == "plan"
    assert heard.kinds()[0] is ProgressKind.INTENT
    assert await ledger_rows(dsn) == 1
    assert await event_kinds(dsn) == ["intent", "rollback_effect"]
    after = await columns(dsn)
    assert ("new_column" in after) is (sql is not DROP_COLUMN)
    assert ("email" in after) is (sql is RENAME)
    assert ("valid_email" in await _constraints(dsn)) is (sql is not DROP_CONSTRAINT)


async def test_salvage_keeps_every_value_written_before_the_lock_was_there(database: Database) -> None:
    """Fault 24: salvaged rows are the rows that were written, also the late ones."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    stop = asyncio.Event()
    writers = [asyncio.create_task(write_until(dsn, stop, INSERT)) for _ in range(3)]
    await asyncio.sleep(0.2)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    stop.set()
    written = sum(await asyncio.gather(*writers))
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        manifest = await c.fetchrow("SELECT * FROM migration_monitor_salvage.manifest")
        assert manifest is not None
        late = await c.fetchval(f"SELECT count(*) FROM {manifest['salvaged_as']} WHERE new_column = 'late'")
        assert late == written
        assert manifest["row_count"] == 100 + written
        await c.execute(manifest["restore_sql"])
        assert await c.fetchval("SELECT count(*) FROM contacts WHERE new_column = 'v7'") == 1
        opened = await c.fetchval(
            "SELECT has_schema_privilege('public', 'migration_monitor_salvage', 'USAGE')"
        )
        assert opened is False


async def test_a_dropped_table_is_salvaged_whole_and_can_be_restored(database: Database) -> None:
    """All rows are in the copy, and the manifest's SQL brings the table back."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, b"DROP TABLE contacts")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT to_regclass('contacts')") is None
        await c.execute(await c.fetchval("SELECT restore_sql FROM migration_monitor_salvage.manifest"))
        assert await c.fetchval("SELECT count(*) FROM contacts") == 100


async def test_a_table_without_a_primary_key_is_salvaged_whole(database: Database) -> None:
    """Whole rows are kept, since nothing says which value belonged to which row."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE notes (a int, b text); INSERT INTO notes VALUES (1, 'x'), (1, 'y')")
    watch = await registered(dsn, b"ALTER TABLE notes DROP COLUMN b")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        into = await c.fetchval("SELECT salvaged_as FROM migration_monitor_salvage.manifest")
        rows = await c.fetch(f"SELECT a, b FROM {into} ORDER BY b")
    assert [tuple(r) for r in rows] == [(1, "x"), (1, "y")]


async def test_several_statements_are_one_effect(database: Database) -> None:
    """A rename of table and column, a dropped index and a default: all there, each with its row."""
    dsn = database.dsn
    await build(dsn)
    sql = b"""-- undo
    ALTER TABLE contacts RENAME TO people;
    ALTER TABLE people RENAME COLUMN email_address TO email;
    DROP INDEX contacts_new; /* not needed */
    ALTER TABLE people ALTER COLUMN new_column SET DEFAULT 'none', ALTER COLUMN email DROP NOT NULL;
    CREATE INDEX people_email ON people (lower(email));
    CREATE OR REPLACE VIEW everyone AS SELECT email FROM people;
    """
    watch = await registered(dsn, sql)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert await columns(dsn, "people") == ["id", "email", "new_column"]
    assert await ledger_rows(dsn) == 6


async def test_a_statement_that_fails_leaves_nothing(database: Database) -> None:
    """The group is rolled back, the outcome carries the server's message and SQLSTATE."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(
        dsn,
        b"ALTER TABLE contacts DROP COLUMN new_column;ALTER TABLE contacts ADD CONSTRAINT one CHECK (id < 5)",
    )
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.detail["sqlstate"] == "23514"
    assert "new_column" in await columns(dsn)
    assert await ledger_rows(dsn) == 0


async def test_an_effect_that_is_not_what_the_plan_says_is_unverified(database: Database) -> None:
    """Fault 23: an event trigger that changes more than the plan is noticed, and the effect stays."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "CREATE FUNCTION more() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF current_setting('more.done', true) IS DISTINCT FROM 'yes' THEN"
            " PERFORM set_config('more.done', 'yes', true);"
            " ALTER TABLE contacts ADD COLUMN surprise int; END IF; END $$;"
            " CREATE EVENT TRIGGER more ON ddl_command_end WHEN TAG IN ('ALTER TABLE')"
            " EXECUTE FUNCTION more()"
        )
    watch = await registered(dsn, DROP_CONSTRAINT)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.UNVERIFIED
    assert "column surprise is new" in outcome.reason


async def test_an_opaque_statement_is_never_called_verified(database: Database) -> None:
    """Nobody can say what a DO block should have done."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, b"DO $$ BEGIN DELETE FROM contacts; END $$", opaque=True)
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.UNVERIFIED


async def test_accepted_losses_are_not_copied(database: Database) -> None:
    """What --accept-loss names is gone, by DELETE and by DROP COLUMN."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(
        dsn,
        b"DELETE FROM contacts WHERE id > 50; ALTER TABLE contacts DROP COLUMN new_column",
        accept=("contacts", "contacts.new_column"),
    )
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT count(*) FROM contacts") == 50
        assert await c.fetchval("SELECT to_regclass('migration_monitor_salvage.manifest')") is None


async def test_found_rolled_back_by_hand_executes_nothing(database: Database) -> None:
    """Fault 21: every statement's effect is there already."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, RENAME)
    async with connected(dsn) as c:
        await c.execute(RENAME.decode())
    async with executing(dsn) as executor:
        readiness = await executor.ready(watch, full=True)
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.RESOLVED_EXTERNALLY
    assert "rolled back by hand" in readiness.reasons[0]
    assert await ledger_rows(dsn) == 0
    assert await event_kinds(dsn) == []


@pytest.mark.parametrize(
    "later",
    [
        "CREATE INDEX later ON contacts (new_column, id)",
        "CREATE VIEW later AS SELECT new_column FROM contacts",
        "ALTER TABLE contacts ADD COLUMN later int",
        "ALTER TABLE contacts ALTER COLUMN new_column SET DEFAULT 'x'",
    ],
)
@pytest.mark.slow
async def test_a_later_change_of_the_touched_object_is_refused(database: Database, later: str) -> None:
    """Fault 20: readiness says it, and execution refuses without an effect."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute(later)
    async with executing(dsn) as executor:
        assert not (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(dsn)


async def test_an_older_watch_is_given_back_to_observe(database: Database) -> None:
    """The migration registered last is the one that may be rolled back; a person who insists is refused."""
    dsn = database.dsn
    await build(dsn)
    older = await registered(dsn, DROP_COLUMN, "w-1")
    newer = await registered(dsn, RENAME, "w-2")
    async with executing(dsn) as executor:
        assert not (await executor.ready(older, full=True)).ok
        assert (await rolled_back(executor, older)).kind is OutcomeKind.WITHDRAWN
        asked = await executor.execute(order(older, "dba"), lambda: True, Heard())
        assert asked.kind is OutcomeKind.REFUSED
        assert "intent" not in await event_kinds(dsn)
        assert (await rolled_back(executor, newer)).kind is OutcomeKind.ROLLED_BACK
