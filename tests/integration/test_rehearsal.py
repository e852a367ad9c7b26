"""A rollback is rehearsed on a clone: what is learnt, and what is refused before anything runs."""

from __future__ import annotations

import asyncio

import pytest

from monitor.errors import DatabaseError, OperatorError, PlanRefused
from monitor.ports import Rehearsal, RehearsalOutcome
from monitor.rehearsal.scratch import PREFIX
from tests import servers
from tests.conftest import Database
from tests.rehearsals import DOWN, UP, empty_database, rehearsed, run, scratch_databases, shop, statements
from tests.rollbacks import columns, connected

NEWEST = servers.BINARIES[0].major
OLDEST = servers.BINARIES[-1].major


@pytest.fixture
async def target(database: Database) -> str:
    """The small application's schema, before its migration."""
    return await shop(database)


@pytest.mark.slow
async def test_up_down_up_shows_that_the_schema_comes_back(database: Database, target: str) -> None:
    """On every major; the target keeps its schema and its rows, and no database is left behind."""
    found = await rehearsed(target, database.server.dsn())
    assert (found.outcome, found.said) == (
        RehearsalOutcome.REVERSED, "the schema was restored each time (up, down, up)",
    )  # fmt: skip
    (ran,) = statements(found, 1)
    assert ran["locks"] == {"public.contacts": ["AccessExclusiveLock"]}
    assert (ran["transactional"], ran["rewrites"], ran["error"]) == (True, [], None)
    assert found.detail["notes"] == []
    assert found.before is not None
    assert "email" in found.before["objects"]["public.contacts"]["columns"]  # type: ignore[index]
    assert "email_address" in found.after["public.contacts"]["columns"]  # type: ignore[index]
    assert await columns(target) == ["id", "email", "feels"]
    assert await scratch_databases(database.server) == []


@pytest.mark.slow
async def test_down_up_down_is_for_a_migration_that_is_there(database: Database, target: str) -> None:
    """The clone has it; nothing of this may serve as the schema before it."""
    await run(target, UP.decode())
    found = await rehearsed(target, database.server.dsn(), applied=True)
    assert (found.outcome, found.said) == (
        RehearsalOutcome.REVERSED, "the schema was restored each time (down, up, down)",
    )  # fmt: skip
    assert (found.before, found.after) == (None, None)


async def on_newest() -> Database:
    """One major is enough for what does not depend on it."""
    server = servers.server(NEWEST)
    return Database(server, await servers.new_database(server))


async def test_what_does_not_come_back_is_named() -> None:
    """The rollback drops what it renamed; the alarm has the object and the part."""
    database = await on_newest()
    target = await shop(database)
    down = b"ALTER TABLE contacts DROP COLUMN email_address"
    found = await rehearsed(target, database.server.dsn(), down)
    assert found.outcome is RehearsalOutcome.NOT_REVERSED
    assert found.said.startswith("after the rollback the schema is NOT what it was before the migration: ")
    assert "public.contacts: column email is missing" in found.said
    phases = found.detail["phases"]
    assert "public.contacts: index contacts_email is missing" in phases[1]["differences"]  # type: ignore[index]
    assert found.before is None


@pytest.mark.slow
async def test_a_migration_that_does_not_go_up_again_shows_in_the_rollback() -> None:
    """While watched: down alone looks well, up again shows what down forgot."""
    database = await on_newest()
    target = await shop(
        database, "ALTER TABLE contacts ADD COLUMN a int; CREATE INDEX more ON contacts (id);"
    )
    up = b"ALTER TABLE contacts ADD COLUMN a int;\nCREATE INDEX more ON contacts (id)"
    found = await rehearsed(
        target, database.server.dsn(), b"ALTER TABLE contacts DROP COLUMN a", up, applied=True
    )
    assert found.outcome is RehearsalOutcome.FAILED
    text = 'the migration FAILED again after the rollback: line 2: relation "more" already exists (42P07)'
    assert found.said == text


@pytest.mark.slow
async def test_a_statement_that_fails_is_told_with_its_line() -> None:
    """The first that fails ends it; what ran before it is told too."""
    database = await on_newest()
    target = await shop(database)
    down = b"ALTER TABLE contacts RENAME email_address TO email;\n\nALTER TABLE contacts DROP CONSTRAINT nope"
    found = await rehearsed(target, database.server.dsn(), down)
    assert found.outcome is RehearsalOutcome.FAILED
    assert found.said.startswith("the rollback FAILED: line 3: constraint")
    first, second = statements(found, 1)
    assert first["error"] is None
    assert second["error"] == {
        "sqlstate": "42704",
        "text": 'constraint "nope" of relation "contacts" does not exist (42704)',
    }


@pytest.mark.slow
async def test_locks_rewrites_and_refusals_are_learnt_statement_by_statement() -> None:
    """A new lock is told where it was taken first; a statement that refuses a transaction runs outside."""
    database = await on_newest()
    target = await shop(database)
    up = (
        b"BEGIN;\nALTER TABLE sales.orders DROP CONSTRAINT orders_contact_id_fkey;\n"
        b"ALTER TABLE contacts ALTER id TYPE bigint;\nCOMMIT;\n"
        b"CREATE INDEX CONCURRENTLY more ON contacts (feels);"
    )
    down = (
        b"DROP INDEX more;\nALTER TABLE contacts ALTER id TYPE int;\n"
        b"ALTER TABLE sales.orders ADD CONSTRAINT orders_contact_id_fkey FOREIGN KEY (contact_id)"
        b" REFERENCES contacts"
    )
    found = await rehearsed(target, database.server.dsn(), down, up)
    assert found.outcome is RehearsalOutcome.REVERSED, found.said
    _, rewritten, index = statements(found, 0)
    assert (rewritten["line"], rewritten["rewrites"]) == (3, ["public.contacts"])
    assert (index["transactional"], index["locks"]) == (False, None)
    dropped, _, key = statements(found, 1)
    assert dropped["locks"] == {
        "public.contacts": ["AccessExclusiveLock"], "public.more": ["AccessExclusiveLock"],
    }  # fmt: skip
    assert "ShareRowExclusiveLock" in key["locks"]["sales.orders"]  # type: ignore[index]
    assert found.detail["notes"] == [
        "line 2 of the rollback rewrites public.contacts: the larger, the longer"
    ]


@pytest.mark.slow
async def test_a_rollback_outside_a_transaction_is_run_as_it_would_be() -> None:
    """What its kind says needs no refusal to be learnt."""
    database = await on_newest()
    target = await shop(database)
    down = b"CREATE INDEX CONCURRENTLY contacts_email ON contacts (email);"
    found = await rehearsed(target, database.server.dsn(), down, b"DROP INDEX CONCURRENTLY contacts_email")
    assert found.outcome is RehearsalOutcome.REVERSED, found.said
    (ran,) = statements(found, 1)
    assert (ran["transactional"], ran["locks"]) == (False, None)
    assert found.detail["notes"] == ["line 1 of the rollback refuses a transaction"]


@pytest.mark.slow
async def test_a_rollback_alone_is_run_and_nothing_is_claimed() -> None:
    """Without the migration's SQL there is nothing to compare with."""
    database = await on_newest()
    target = await shop(database, UP.decode())
    found = await rehearsed(target, database.server.dsn(), DOWN, None, applied=True)
    assert found.outcome is RehearsalOutcome.RAN
    assert "nobody can say that the schema came back" in found.said


@pytest.mark.parametrize(
    ("down", "up", "kind", "says"),
    [
        (b"DROP TABLE", UP, PlanRefused, "syntax error"),
        (b"ALTER SYSTEM SET work_mem = 1", UP, PlanRefused, "line 1: ALTER SYSTEM is not of this database"),
        (
            DOWN,
            b"SELECT 1;\nCREATE ROLE x",
            PlanRefused,
            "line 2: the migration: the statement reaches beyond",
        ),
        (DOWN, b"COPY a FROM STDIN;\n1\n\\.\n", PlanRefused, "COPY … FROM STDIN"),
        (DOWN, b"BEGIN; COMMIT;", PlanRefused, "the migration: the script holds no statement"),
        (DOWN, DOWN, OperatorError, 'as it is: line 1: column "email_address" does not exist'),
        (b"GRANT SELECT ON contacts TO nobody_here", UP, OperatorError, 'role "nobody_here" does not exist'),
    ],
)
@pytest.mark.slow
async def test_what_says_nothing_about_the_rollback_is_refused(
    down: bytes, up: bytes, kind: type[OperatorError], says: str
) -> None:
    """Each with its line; nothing stays on the scratch server."""
    database = await on_newest()
    target = await shop(database)
    with pytest.raises(kind) as caught:
        await rehearsed(target, database.server.dsn(), down, up)
    assert says in str(caught.value)
    assert await scratch_databases(database.server) == []


async def test_the_watched_database_is_never_the_scratch_one() -> None:
    """By the cluster's identifier and the name; the host may be written in many ways."""
    database = await on_newest()
    target = await shop(database)
    again = target.replace("127.0.0.1", "localhost") if ":0" in target else f"{target}?application_name=x"
    with pytest.raises(OperatorError, match="is the watched database itself"):
        await rehearsed(target, again)


@pytest.mark.slow
async def test_a_database_that_was_named_is_used_if_it_is_empty_and_is_empty_again() -> None:
    """Where the role may not create databases; also after a rehearsal that was killed in it."""
    database = await on_newest()
    target = await shop(database)
    async with empty_database(database.server, "scratcher") as scratch:
        for _ in range(2):
            found = await rehearsed(target, scratch)
            assert found.outcome is RehearsalOutcome.REVERSED, found.said
            assert await content(scratch) == []
            await run(scratch, "CREATE SCHEMA migration_monitor_rehearsal; CREATE TABLE half (id int)")
        await rehearsed(target, scratch)
        await run(scratch, "CREATE VIEW mine AS SELECT 1 AS one")
        with pytest.raises(OperatorError, match=r"is not empty \(it has view public.mine\)"):
            await rehearsed(target, scratch)
        assert await content(scratch) == ["public.mine"]


async def content(dsn: str) -> list[str]:
    """Relations, routines, types and schemas that are not the server's own."""
    async with connected(dsn) as c:
        rows = await c.fetch(
            "SELECT format('%s.%s', n.nspname, o.name) AS name FROM pg_namespace n LEFT JOIN ("
            " SELECT relnamespace AS oid, relname AS name FROM pg_class"
            " UNION ALL SELECT pronamespace, proname FROM pg_proc"
            " UNION ALL SELECT typnamespace, typname FROM pg_type WHERE typtype = 'e') o ON o.oid = n.oid"
            " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
            " AND (n.nspname <> 'public' OR o.name IS NOT NULL)"
        )
    return sorted(row["name"] for row in rows)


@pytest.mark.slow
async def test_what_a_killed_rehearsal_left_is_dropped_by_the_next() -> None:
    """But not what is in use, nor what only looks like it and is another role's."""
    database = await on_newest()
    target = await shop(database)
    dead, alive, foreign = (PREFIX + name for name in ("dead", "alive", "foreign"))
    await run(database.server.dsn(), "DROP ROLE IF EXISTS somebody")
    await run(database.server.dsn(), "CREATE ROLE somebody")
    for name in (dead, alive, foreign):
        await run(database.server.dsn(), f"CREATE DATABASE {name}")
    await run(database.server.dsn(), f"ALTER DATABASE {foreign} OWNER TO somebody")
    async with connected(database.server.dsn(alive)):
        await rehearsed(target, database.server.dsn())
        left = await scratch_databases(database.server)
    for name in left:
        await servers.drop_database(database.server, name)
    assert sorted(left) == sorted([alive, foreign])


@pytest.mark.slow
async def test_a_cancelled_rehearsal_leaves_no_database() -> None:
    """As Ctrl-C does, in the middle of the plan."""
    database = await on_newest()
    target = await shop(database)
    slow = b"SELECT pg_sleep(60)"
    task = asyncio.create_task(rehearsed(target, database.server.dsn(), DOWN, slow))
    async with asyncio.timeout(60):
        while not await sleeping(database):
            await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 30)
    assert await scratch_databases(database.server) == []


async def sleeping(database: Database) -> bool:
    async with connected(database.server.dsn()) as c:
        sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')"
        return bool(await c.fetchval(sql))


@pytest.mark.slow
async def test_a_role_that_may_not_read_a_table_is_told_how() -> None:
    """pg_dump locks every table of the database, also those of others."""
    database = await on_newest()
    target = await shop(database)
    await run(target, "DROP ROLE IF EXISTS poor")
    await run(target, "CREATE ROLE poor LOGIN")
    mine = database.server.dsn(database.name, "poor")
    with pytest.raises(DatabaseError, match=r"pg_dump may not read table contacts: GRANT SELECT"):
        await rehearsed(mine, database.server.dsn())
    assert await scratch_databases(database.server) == []


def notes_of(found: Rehearsal) -> list[str]:
    notes = found.detail["notes"]
    assert isinstance(notes, list)
    return [str(note) for note in notes]


UNTRUSTED = [b for b in servers.BINARIES if b.has_pg_stat_statements]
"""Servers with an extension that only a superuser may make."""

if UNTRUSTED:

    async def test_extensions_that_the_scratch_role_may_not_make_are_left_out_when_nothing_uses_them() -> (
        None
    ):
        """And that is said; what the plan or the schema uses is asked for instead."""
        server = servers.server(UNTRUSTED[0].major)
        target = await shop(Database(server, await servers.new_database(server)))
        await run(target, "CREATE EXTENSION pg_stat_statements")
        async with empty_database(server, "rehearser_without_rights") as scratch:
            found = await rehearsed(target, scratch)
            assert found.outcome is RehearsalOutcome.REVERSED, found
            assert [n.partition(",")[0] for n in notes_of(found)] == [
                "left out of the clone: the extension pg_stat_statements"
            ]
            for down in (b"DROP VIEW IF EXISTS pg_stat_statements", b"SELECT pg_stat_statements_reset()"):
                with pytest.raises(OperatorError, match="may not make the extension pg_stat_statements"):
                    await rehearsed(target, scratch, down + b";" + DOWN)
            await run(target, "CREATE VIEW slow AS SELECT query FROM pg_stat_statements")
            with pytest.raises(OperatorError, match="may not make the extension pg_stat_statements, which"):
                await rehearsed(target, scratch)


if OLDEST != NEWEST:

    @pytest.mark.slow
    async def test_a_scratch_server_older_than_the_target_is_refused() -> None:
        """It may not know what the schema has; a newer one is taken, and said."""
        new, old = await on_newest(), servers.server(OLDEST)
        target = await shop(new)
        with pytest.raises(OperatorError, match=f"is PostgreSQL {OLDEST}, older than the target's {NEWEST}"):
            await rehearsed(target, old.dsn())
        older = Database(old, await servers.new_database(old))
        found = await rehearsed(await shop(older), new.server.dsn())
        assert found.outcome is RehearsalOutcome.REVERSED
        note = f"rehearsed on PostgreSQL {NEWEST}, the target is {OLDEST}: locks and rewrites may differ"
        assert found.detail["notes"] == [note]

    @pytest.mark.slow
    async def test_what_the_scratch_server_lacks_is_said_in_one_sentence() -> None:
        """A role that row security names, and an extension; nothing stays there."""
        new, old = await on_newest(), servers.server(OLDEST)
        older = Database(old, await servers.new_database(old))
        target = await shop(older)
        await run(target, "DROP ROLE IF EXISTS reader_of_contacts")
        await run(target, "CREATE ROLE reader_of_contacts; ALTER TABLE contacts ENABLE ROW LEVEL SECURITY")
        await run(target, "CREATE POLICY p ON contacts TO reader_of_contacts USING (true)")
        with pytest.raises(
            OperatorError, match="names the role reader_of_contacts, which the scratch server"
        ):
            await rehearsed(target, new.server.dsn())
        await run(target, "DROP POLICY p ON contacts; DROP ROLE reader_of_contacts")
        if old.binaries.has_pg_stat_statements and not new.server.binaries.has_pg_stat_statements:
            await run(target, "CREATE EXTENSION pg_stat_statements")
            found = await rehearsed(target, new.server.dsn())
            assert found.outcome is RehearsalOutcome.REVERSED
            assert any(
                "left out of the clone: the extension pg_stat_statements" in n for n in notes_of(found)
            )
            await run(target, "CREATE VIEW slow AS SELECT query FROM pg_stat_statements")
            with pytest.raises(OperatorError, match="lacks the extension pg_stat_statements, which"):
                await rehearsed(target, new.server.dsn())
        assert await scratch_databases(new.server) == []
