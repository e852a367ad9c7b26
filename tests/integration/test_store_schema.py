"""Who may create the schema, how often, and what a role without rights is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from monitor.errors import DatabaseError
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from monitor.store.schema import SQL, ensure_schema, expected, tables
from monitor.store.session import connect
from tests.conftest import Database
from tests.stored import registration


@asynccontextmanager
async def superuser(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def role(database: Database, *grants: str) -> AsyncIterator[str]:
    """The DSN of a new role; in `grants`, {role} and {database} stand for the names."""
    name = f"r_{database.name}"
    async with superuser(database) as admin:
        await admin.execute(f"CREATE ROLE {name} LOGIN")
        for grant in grants:
            await admin.execute(grant.replace("{role}", name).replace("{database}", database.name))
        try:
            yield database.server.dsn(database.name, user=name)
        finally:
            await admin.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


async def test_eight_at_once_create_it_once(database: Database) -> None:
    """One creates, the others find it; nobody fails."""

    async def ensure() -> bool:
        connection = await connect(database.dsn, "test")
        try:
            return await ensure_schema(connection)
        finally:
            await connection.close()

    await asyncio.gather(*(ensure() for _ in range(8)))
    assert await ensure() is False


async def test_what_the_file_creates_is_what_is_expected(database: Database) -> None:
    """The list read from the file is the catalogue's, column by column."""
    async with superuser(database) as admin:
        await admin.execute(SQL)
        columns = await admin.fetch(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_schema = 'migration_monitor'"
        )
    names = {row[0] for row in columns}
    assert names == {name for name in expected() if "." in name}
    assert {name.split(".")[0] for name in names} == set(tables())


async def test_an_incomplete_schema_is_completed(database: Database) -> None:
    """Whatever is missing comes back; what is there stays."""
    async with superuser(database) as admin:
        await admin.execute(SQL)
        await admin.execute("DROP TABLE migration_monitor.lease; DROP INDEX migration_monitor.alert_open")
        connection = await connect(database.dsn, "test")
        assert await ensure_schema(connection) is True
        assert await ensure_schema(connection) is False
        await connection.close()


async def test_a_role_without_rights_is_told_the_remedy(database: Database) -> None:
    """One sentence with the GRANT, and no other statement runs."""
    async with role(database) as dsn:
        store = PgStore("shop", dsn)
        with pytest.raises(DatabaseError, match="GRANT CREATE ON DATABASE") as error:
            await store.open()
        assert (error.value.sqlstate, store.holds) == ("42501", False)
        await store.aclose()


async def test_a_role_that_may_create_needs_nothing_else(database: Database) -> None:
    """CREATE on the database is all."""
    async with role(database, 'GRANT CREATE ON DATABASE "{database}" TO {role}') as dsn:
        store = PgStore("shop", dsn)
        await store.open()
        await store.aclose()


async def test_the_owner_of_an_empty_schema_need_not_own_the_database(database: Database) -> None:
    """A DBA's CREATE SCHEMA ... AUTHORIZATION is enough."""
    async with role(database, "CREATE SCHEMA migration_monitor AUTHORIZATION {role}") as dsn:
        store = PgStore("shop", dsn)
        await store.open()
        await store.aclose()


async def test_in_a_schema_made_by_a_dba_only_use_is_needed(database: Database) -> None:
    """Everything works without CREATE, registration and controls included."""
    async with role(
        database,
        SQL,
        "GRANT USAGE ON SCHEMA migration_monitor TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migration_monitor TO {role}",
    ) as dsn:
        store, registry = PgStore("shop", dsn), PgRegistry("shop", dsn)
        await store.open()
        watch, _ = await registry.register(registration())
        assert list(await store.controls()) == [watch.id]
        assert await store.forget(0) == 0
        await registry.aclose()
        await store.aclose()


async def test_a_role_that_may_only_look_is_told_what_to_grant(database: Database) -> None:
    """Known at the start, not at the first write."""
    async with role(database, SQL, "GRANT USAGE ON SCHEMA migration_monitor TO {role}") as dsn:
        store = PgStore("shop", dsn)
        with pytest.raises(DatabaseError, match="GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"):
            await store.open()
        await store.aclose()


async def test_where_nothing_was_registered_there_is_nothing_to_read(database: Database) -> None:
    """Looking never creates the schema."""
    registry = PgRegistry("shop", database.dsn)
    assert await registry.find("x") is None
    assert list(await registry.watches(10)) == []
    assert list(await registry.samples(0, 1, 10)) == []
    assert list(await registry.events("x", 0, 10)) == []
    await registry.aclose()
    async with superuser(database) as admin:
        assert await admin.fetchval("SELECT to_regnamespace('migration_monitor')") is None
