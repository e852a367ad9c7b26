"""deploy/roles.sql: what its roles may, what they may not, and that a mightier one is refused."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from monitor.ports import OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.roles import HISTORY, OWNER, POLLING, ROLLBACK, as_role, make_roles, run_roles
from tests.rollbacks import (
    ALLOWING,
    APPLICATION,
    DROP_COLUMN,
    build,
    columns,
    connected,
    load,
    order,
    registered,
    store,
)

ATTRIBUTES = """
SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
  FROM pg_roles WHERE rolname = $1"""

MEMBER_OF = """
SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
 WHERE m.member = $1::text::regrole ORDER BY 1"""

GRANTED = """
SELECT DISTINCT x.privilege_type || ' on ' || x.what AS granted FROM (
    SELECT a.privilege_type, a.grantee, 'database' AS what FROM pg_database d, aclexplode(d.datacl) a
     WHERE d.datname = current_database()
    UNION ALL SELECT a.privilege_type, a.grantee, 'schema ' || nspname
                FROM pg_namespace, aclexplode(nspacl) a
    UNION ALL SELECT a.privilege_type, a.grantee, 'relation ' || relname FROM pg_class, aclexplode(relacl) a
    UNION ALL SELECT a.privilege_type, a.grantee, 'function ' || proname FROM pg_proc, aclexplode(proacl) a
) x JOIN pg_roles r ON r.oid = x.grantee WHERE r.rolname = $1 ORDER BY 1"""

NO_ATTRIBUTES = (False, True, False, False, True, False, False)
"""Inherits and may log in; nothing else."""


async def refused(dsn: str, sql: str) -> str:
    """The SQLSTATE with which the server refuses."""
    async with connected(dsn) as c:
        with pytest.raises(asyncpg.PostgresError) as error:
            await c.execute(sql)
    return str(error.value.sqlstate)


@pytest.mark.promise(11)
async def test_each_role_has_what_the_inventory_says_and_nothing_more(database: Database) -> None:
    """Attributes, memberships and grants read from the catalogue; running the file again changes nothing."""
    await make_roles(database.dsn)
    await make_roles(database.dsn)
    schemas = ("migration_monitor", "migration_monitor_quarantine", "migration_monitor_salvage")
    async with connected(database.dsn) as c:
        for role in (POLLING, ROLLBACK):
            assert tuple(await c.fetchrow(ATTRIBUTES, role) or ()) == NO_ATTRIBUTES
        assert [r[0] for r in await c.fetch(MEMBER_OF, POLLING)] == ["pg_monitor"]
        assert [r[0] for r in await c.fetch(MEMBER_OF, ROLLBACK)] == ["pg_read_all_stats", OWNER]
        assert [r[0] for r in await c.fetch(GRANTED, POLLING)] == ["CONNECT on database"]
        own = [f"{right} on schema {name}" for right in ("CREATE", "USAGE") for name in schemas]
        assert [r[0] for r in await c.fetch(GRANTED, ROLLBACK)] == sorted(
            ["CONNECT on database", "EXECUTE on function pg_control_system", *own]
        )
        assert not await c.fetchval(
            "SELECT has_database_privilege($1, current_database(), 'CREATE')", ROLLBACK
        )


@pytest.mark.promise(11)
@pytest.mark.slow
async def test_a_rollback_with_salvage_works_with_these_roles_and_nobody_else_sees_it(
    database: Database,
) -> None:
    """Registered, ready, executed, salvaged by the rollback role; others read neither rows nor ledger."""
    dsns = await make_roles(database.dsn)
    store_of_role = PgStore("shop", dsns.rollback)
    await store_of_role.open()
    await store_of_role.aclose()
    async with connected(dsns.owner) as c:
        await c.execute(APPLICATION)
    prepared = await prepare(dsns.rollback, DROP_COLUMN, Options())
    assert prepared.warnings == ()
    watch = await store(dsns.rollback, prepared)
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert await columns(dsns.owner) == ["id", "email_address"]
    async with connected(dsns.rollback) as c:
        kept = await c.fetchval("SELECT salvaged_as FROM migration_monitor_salvage.manifest")
        assert await c.fetchval(f"SELECT count(*) FROM {kept}") == 100
    for dsn in (dsns.polling, dsns.stranger, dsns.owner):
        for table in ("migration_monitor.watch", "migration_monitor_salvage.manifest", kept):
            assert await refused(dsn, f"SELECT * FROM {table}") == "42501"
    for table in ("contacts", kept):
        assert await refused(dsns.polling, f"SELECT * FROM {table}") == "42501"
    assert await refused(dsns.polling, "CREATE TABLE public.mine ()") in {"42501", "25006"}
    assert await refused(dsns.rollback, "CREATE SCHEMA another") == "42501"
    assert await refused(dsns.rollback, "CREATE ROLE another") == "42501"


async def test_a_history_role_keeps_its_own_ledger_and_nothing_else(database: Database) -> None:
    """For store.dsn in a database of its own."""
    await run_roles(database.dsn, history=HISTORY)
    await run_roles(database.dsn, history=HISTORY)
    history = as_role(database.dsn, HISTORY)
    kept = PgStore("shop", history)
    await kept.open()
    await kept.aclose()
    async with connected(database.dsn) as c:
        assert tuple(await c.fetchrow(ATTRIBUTES, HISTORY) or ()) == NO_ATTRIBUTES
        assert [r[0] for r in await c.fetch(MEMBER_OF, HISTORY)] == []
    assert await refused(history, "CREATE SCHEMA another") == "42501"


async def test_a_superuser_is_refused_as_rollback_role_unless_it_is_allowed_by_name(
    database: Database,
) -> None:
    """At registration, by readiness and at execution; the name of another one does not allow it."""
    await build(database.dsn)
    for allowed in ("", "someone"):
        with pytest.raises(PlanRefused) as error:
            await prepare(database.dsn, DROP_COLUMN, replace(ALLOWING, allow_superuser=allowed))
        assert "postgres, is a superuser" in str(error.value)
        assert "database.allow_superuser: postgres" in str(error.value)
    watch = await registered(database.dsn, DROP_COLUMN)
    executor = RollbackExecutor(database.dsn, "shop")
    try:
        assert "is a superuser" in (await executor.ready(watch, full=False)).reasons[0]
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert outcome.kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(database.dsn)


async def test_a_role_for_which_triggers_and_foreign_keys_do_not_act_is_refused(database: Database) -> None:
    """Whoever set it, on the database or the role: at registration, by readiness and at execution."""
    await build(database.dsn)
    watch = await registered(database.dsn, DROP_COLUMN)
    async with connected(database.dsn) as c:
        name = await c.fetchval("SELECT quote_ident(current_database())")
        await c.execute(f"ALTER DATABASE {name} SET session_replication_role = replica")
    with pytest.raises(PlanRefused, match="session_replication_role = replica"):
        await prepare(database.dsn, DROP_COLUMN, ALLOWING)
    executor = RollbackExecutor(database.dsn, "shop")
    try:
        found = await executor.ready(watch, full=False)
        assert found.codes == ("rights",)
        assert "RESET session_replication_role" in found.reasons[0]
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert outcome.kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(database.dsn)


@pytest.mark.parametrize("power", ["postgres", "pg_execute_server_program"])
async def test_a_role_that_may_become_superuser_counts_as_one(database: Database, power: str) -> None:
    """By membership in a superuser, or in what can run programs on the server."""
    dsns = await make_roles(database.dsn)
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(f"ALTER TABLE contacts OWNER TO {OWNER}; GRANT {power} TO {ROLLBACK}")
        try:
            with pytest.raises(PlanRefused) as error:
                await prepare(dsns.rollback, DROP_COLUMN, Options())
        finally:
            await c.execute(f"REVOKE {power} FROM {ROLLBACK}")
    assert f"may become {power}" in str(error.value)


@pytest.mark.fault(17)
@pytest.mark.promise(7)
async def test_rights_revoked_after_registration_are_missed_at_the_next_readiness_check(
    database: Database,
) -> None:
    """The table's, the ledger's, and the place for salvaged data; each back again, it is ready again."""
    dsns = await make_roles(database.dsn)
    opened = PgStore("shop", dsns.rollback)
    await opened.open()
    await opened.aclose()
    async with connected(dsns.owner) as c:
        await c.execute(APPLICATION)
    watch = await store(dsns.rollback, await prepare(dsns.rollback, DROP_COLUMN, Options()))
    executor = RollbackExecutor(dsns.rollback, "shop")
    taken = {
        f"REVOKE {OWNER} FROM {ROLLBACK}": (f"GRANT {OWNER} TO {ROLLBACK}", "does not own public.contacts"),
        f"REVOKE UPDATE ON migration_monitor.watch FROM {ROLLBACK}": (
            f"GRANT UPDATE ON migration_monitor.watch TO {ROLLBACK}", "may not write the ledger",
        ),
        f"REVOKE CREATE ON SCHEMA migration_monitor_salvage FROM {ROLLBACK}": (
            f"GRANT CREATE ON SCHEMA migration_monitor_salvage TO {ROLLBACK}", "may not create tables",
        ),
    }  # fmt: skip
    try:
        async with connected(database.dsn) as admin:
            for revoke, (grant, sentence) in taken.items():
                assert (await executor.ready(watch, full=False)).ok
                await admin.execute(revoke)
                reasons = (await executor.ready(watch, full=False)).reasons
                await admin.execute(grant)
                assert any(sentence in reason for reason in reasons), (revoke, reasons)
    finally:
        await executor.aclose()
    assert (await load(dsns.rollback)).verdict is None


@pytest.mark.promise(7)
async def test_a_place_for_quarantined_tables_that_can_not_be_used_is_not_ready(database: Database) -> None:
    """It is another schema than that of copies; one that is there must be open to the role itself."""
    dsns = await make_roles(database.dsn)
    opened = PgStore("shop", dsns.rollback)
    await opened.open()
    await opened.aclose()
    async with connected(dsns.owner) as c:
        await c.execute(APPLICATION)
    options = Options(DataLoss.QUARANTINE)
    watch = await store(dsns.rollback, await prepare(dsns.rollback, b"DROP TABLE contacts", options))
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        async with connected(database.dsn) as admin:
            assert (await executor.ready(watch, full=False)).ok
            for take in (
                f"GRANT CREATE ON DATABASE {database.name} TO {ROLLBACK};"
                f"REVOKE CREATE ON SCHEMA migration_monitor_quarantine FROM {ROLLBACK}",
                f"REVOKE CREATE ON DATABASE {database.name} FROM {ROLLBACK};"
                "DROP SCHEMA migration_monitor_quarantine",
            ):
                await admin.execute(take)
                reasons = (await executor.ready(watch, full=False)).reasons
                assert any("migration_monitor_quarantine" in reason for reason in reasons), reasons
    finally:
        await executor.aclose()
