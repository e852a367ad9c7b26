"""What a script says to its session is left out with a notice; all else is executed as it stands."""

from __future__ import annotations

import contextlib
import hashlib

import asyncpg
import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from monitor.sql import scripts
from tests import rollbacks
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back

WRAPPED = b"""-- header
BEGIN;
SET LOCAL lock_timeout = '5s'; -- ours hold
ALTER TABLE contacts DROP COLUMN new_column;
COMMIT /* done */ ;
-- footer
"""

SESSIONS = [
    ("BEGIN; {} COMMIT;", 2),
    ("begin work; {} commit work;", 2),
    ("START TRANSACTION; {} END;", 2),
    ("/* a */ BEGIN TRANSACTION; -- BEGIN\n {} END TRANSACTION", 2),
    ("SET lock_timeout TO '2s'; SET statement_timeout = 0; {}", 2),
    ("SET idle_in_transaction_session_timeout = '1min'; BEGIN; {} COMMIT; RESET lock_timeout;", 4),
    ("SET LOCAL client_min_messages = warning; {}", 1),
    ("SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; {}", 2),
    ("BEGIN; {} COMMIT; ANALYZE VERBOSE contacts", 0),
    ("BEGIN; {} COMMIT; VACUUM contacts;", 2),
    ("VACUUM contacts; BEGIN; {} COMMIT;", 2),
    ("SELECT 'down SQL query'; {} SELECT 1, NULL", 2),
]

UNDO = "ALTER TABLE contacts DROP COLUMN new_column;"


@pytest.mark.parametrize(("session", "notices"), SESSIONS, ids=range(len(SESSIONS)))
async def test_only_what_the_session_is_told_is_left_out(session: str, notices: int) -> None:
    """Every statement stays at its place; one outside the script's transaction is refused."""
    sql = session.format(UNDO).encode()
    if not notices:
        with pytest.raises(PlanRefused, match="behind the script's COMMIT"):
            await scripts.script(sql)
        return
    script = await scripts.script(sql)
    assert len(script.notices) == notices
    assert UNDO.removesuffix(";") in [s.text for s in script.statements]
    assert [sql[s.start : s.end].decode() for s in script.statements] == [s.text for s in script.statements]
    assert [s.step for s in script.statements] == list(range(1, len(script.statements) + 1))


async def test_what_is_left_out_is_spaces_in_what_is_stored_and_hashed() -> None:
    """Comments and lines stay; the script as it was given is kept beside it."""
    script = await scripts.script(WRAPPED)
    assert script.given.encode() == WRAPPED
    assert script.text.splitlines() == [
        "-- header", " " * 6, " " * 30 + " -- ours hold", UNDO, " " * 19, "-- footer",
    ]  # fmt: skip
    assert scripts.is_intact(script.text, hashlib.sha256(script.text.encode()).hexdigest(), script.statements)
    assert script.notices == (
        "line 2: BEGIN is omitted from the stored plan: the rollback brings its own transaction",
        "line 3: SET lock_timeout is omitted from the stored plan: the rollback has limits of its own",
        "line 5: COMMIT is omitted from the stored plan: the rollback brings its own transaction",
    )


async def test_words_in_a_body_or_a_comment_are_no_transaction() -> None:
    """The grammar says what a statement is."""
    body = "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $x$\nBEGIN\nCOMMIT;\nEND $x$"
    script = await scripts.script(f"BEGIN;\n{body};\nCOMMIT;\n".encode())
    assert [s.text for s in script.statements] == [body]


async def test_a_wrapped_script_is_executed_as_it_is_stored(database: Database) -> None:
    """On each server; the notices are part of the plan."""
    await build(database.dsn)
    prepared = await prepare(database.dsn, WRAPPED, ALLOWING)
    assert [n for n in prepared.notices if "omitted" in n] == list((await scripts.script(WRAPPED)).notices)
    assert prepared.stored.plan["notices"] == list(prepared.notices)
    assert prepared.stored.plan["given"] == WRAPPED.decode()
    assert "BEGIN" not in prepared.stored.sql
    watch = await rollbacks.store(database.dsn, prepared)
    async with executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert "new_column" not in await rollbacks.columns(database.dsn)


KEYS = """
CREATE TABLE orders (id int PRIMARY KEY, contact int);
ALTER TABLE orders ADD CONSTRAINT orders_contact FOREIGN KEY (contact) REFERENCES contacts DEFERRABLE
      INITIALLY DEFERRED;
ALTER TABLE orders ADD CONSTRAINT fixed FOREIGN KEY (contact) REFERENCES contacts;
"""

DJANGO = b"""BEGIN;
--
-- Add field contact to order
--
SET CONSTRAINTS "orders_contact" IMMEDIATE; ALTER TABLE "orders" DROP CONSTRAINT "orders_contact";
ALTER TABLE "orders" DROP COLUMN "contact" CASCADE;
COMMIT;
"""


async def test_constraints_are_checked_when_the_script_says_so(database: Database) -> None:
    """As Django writes it before it drops a foreign key: with a transaction of its own around it."""
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(KEYS)
    watch = await rollbacks.registered(database.dsn, DJANGO)
    async with executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    assert await rollbacks.columns(database.dsn, "orders") == ["id"]


async def test_a_script_that_only_selects_a_constant_has_nothing_to_do() -> None:
    """As tools write it into the file of a migration that can't be taken back."""
    with pytest.raises(PlanRefused, match=r"no statement but what is left out: .* say --no-rollback"):
        await scripts.script(b"SELECT 'down SQL query';")


@pytest.mark.parametrize("sql", ["SELECT now()", "SELECT 1 FROM contacts", "SELECT 1 UNION SELECT 2",
                                 "WITH a AS (DELETE FROM contacts RETURNING id) SELECT 1"])  # fmt: skip
async def test_a_select_that_reads_or_calls_is_executed(sql: str) -> None:
    """Nobody can say what that does."""
    script = await scripts.script(sql.encode())
    assert [s.text for s in script.statements] == [sql]


CONSTRAINTS = [
    ("SET CONSTRAINTS ALL IMMEDIATE; {}", ""),
    ("SET CONSTRAINTS ALL DEFERRED; {}", ""),
    ("SET CONSTRAINTS public.orders_contact, orders_contact DEFERRED; {}", ""),
    ("SET CONSTRAINTS fixed IMMEDIATE; {}", ""),
    ("SET CONSTRAINTS fixed DEFERRED; {}", "constraint fixed is not deferrable"),
    ("SET CONSTRAINTS nope IMMEDIATE; {}", "constraint nope is not there"),
    ("SET CONSTRAINTS app.orders_contact IMMEDIATE; {}", "constraint orders_contact is not there"),
    ("ALTER TABLE orders DROP CONSTRAINT fixed; SET CONSTRAINTS fixed IMMEDIATE; {}", "is not there"),
    ("ALTER TABLE orders ADD CONSTRAINT u UNIQUE (contact) DEFERRABLE; SET CONSTRAINTS u DEFERRED; {}", ""),
]


async def test_constraints_that_the_server_would_not_find_are_known_at_registration(
    database: Database,
) -> None:
    """The server agrees with each."""
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(f"CREATE SCHEMA app; {KEYS}")
        for sql, reason in CONSTRAINTS:
            script = sql.format(UNDO)
            transaction = c.transaction()
            await transaction.start()
            with pytest.raises(asyncpg.PostgresError) if reason else contextlib.nullcontext():
                await c.execute(script)
            await transaction.rollback()
            with pytest.raises(PlanRefused, match=reason) if reason else contextlib.nullcontext():
                await prepare(database.dsn, script.encode(), ALLOWING)


async def test_a_constraint_that_went_away_is_told_by_readiness(database: Database) -> None:
    """Of a table that the plan does not name otherwise."""
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute("CREATE TABLE apart (id int CONSTRAINT apart_id UNIQUE DEFERRABLE)")
    watch = await rollbacks.registered(database.dsn, f"SET CONSTRAINTS apart_id IMMEDIATE; {UNDO}".encode())
    async with executing(database.dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        async with connected(database.dsn) as c:
            await c.execute("ALTER TABLE apart DROP CONSTRAINT apart_id")
        readiness = await executor.ready(watch, full=True)
    assert "constraint apart_id is not there" in readiness.reasons[0]
