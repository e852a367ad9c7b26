"""Row security does not let a rollback do a part of its work: known before, an error when it comes late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from monitor.ports import Lack, OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from tests.conftest import Database
from tests.roles import Dsns, make_roles
from tests.rollbacks import SCHEMA, connected, order, store

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE notes (id int PRIMARY KEY, text text, gone text);
INSERT INTO notes SELECT n, 'n' || n FROM generate_series(1, 5) n;
CREATE TABLE old (id int, text text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON notes USING (id < 3);
"""

FORCE = "ALTER TABLE notes FORCE ROW LEVEL SECURITY"

UPDATE = b"UPDATE notes SET text = 'x'"
COPY = b"INSERT INTO old SELECT id, text FROM notes"
RENAMED = b"ALTER TABLE notes RENAME TO remarks; UPDATE remarks SET text = 'x'"
SALVAGED = b"ALTER TABLE old DROP COLUMN text; ALTER TABLE old ADD COLUMN text text; " + COPY

ACCEPTING = Options(DataLoss.ACCEPT, ("notes.text",))


async def prepared(admin: str) -> Dsns:
    """The roles of deploy/roles.sql, the ledger, and the application."""
    dsns = await make_roles(admin)
    async with connected(dsns.rollback) as c:
        await c.execute(SCHEMA.replace("CREATE SCHEMA IF NOT EXISTS migration_monitor;", ""))
    async with connected(dsns.owner) as c:
        await c.execute(TABLES)
    return dsns


@pytest.mark.promise(7, 15)
@pytest.mark.parametrize(
    ("down", "options"),
    [(UPDATE, ACCEPTING), (COPY, Options()), (RENAMED, ACCEPTING), (SALVAGED, Options())],
    ids=["update", "read", "renamed before", "after a copy"],
)
async def test_rows_that_are_hidden_from_a_statement_are_known_before_the_rollback(
    database: Database, down: bytes, options: Options
) -> None:
    """Not forced nothing is hidden; forced later it is not ready; forced before it is refused."""
    dsns = await prepared(database.dsn)
    watch = await store(dsns.rollback, await prepare(dsns.rollback, down, options))
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        assert (await executor.ready(watch, full=True)).reasons == ()
        async with connected(dsns.owner) as c:
            await c.execute(FORCE)
        said = await executor.ready(watch, full=True)
        assert said.codes == ((Lack.RIGHTS,) if options != ACCEPTING else (Lack.DRIFT,))
        assert "row security" in said.reasons[0]
    finally:
        await executor.aclose()
    with pytest.raises(PlanRefused, match=r"notes hides rows from the role .* give the role BYPASSRLS"):
        await prepare(dsns.rollback, down, options)


@pytest.mark.promise(1, 15)
@pytest.mark.parametrize("down", [UPDATE, SALVAGED], ids=["alone", "after a copy"])
async def test_row_security_that_the_checks_do_not_see_is_an_error(database: Database, down: bytes) -> None:
    """Behind a view, or as here in a function that a trigger runs: all of it, or nothing."""
    dsns = await prepared(database.dsn)
    async with connected(dsns.owner) as c:
        await c.execute(
            "CREATE TABLE secrets (id int); ALTER TABLE secrets ENABLE ROW LEVEL SECURITY,"
            " FORCE ROW LEVEL SECURITY; CREATE POLICY none ON secrets USING (false);"
            "CREATE FUNCTION purge() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN DELETE FROM secrets; RETURN NULL; END';"
            "CREATE TRIGGER purge AFTER UPDATE ON notes EXECUTE FUNCTION purge();"
            "CREATE TRIGGER purge AFTER INSERT ON old EXECUTE FUNCTION purge()"
        )
    options = replace(ACCEPTING if down is UPDATE else Options(), allow_opaque=True)
    watch = await store(dsns.rollback, await prepare(dsns.rollback, down, options))
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert outcome.kind is OutcomeKind.FAILED, outcome
    assert "row-level security" in outcome.reason
    async with connected(dsns.admin) as c:
        assert await c.fetchval("SELECT count(*) FROM notes WHERE text = 'x'") == 0
