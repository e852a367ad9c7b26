"""A target, a scratch server and what tests of rehearsals ask of both."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import asyncpg

from monitor.demo.postgres import Server, bindirs
from monitor.ports import Rehearsal
from monitor.rehearsal.rehearsing import Wanted, rehearse
from monitor.rehearsal.scratch import PREFIX
from tests import servers
from tests.conftest import Database
from tests.rollbacks import connected

SHOP = """
CREATE SCHEMA migration_monitor;
CREATE TABLE migration_monitor.watch (id text);
CREATE SCHEMA sales;
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    feels mood,
    CONSTRAINT valid_email CHECK (email LIKE '%@%')
);
CREATE INDEX contacts_email ON contacts (email);
CREATE TABLE sales.orders (id int PRIMARY KEY, contact_id int REFERENCES contacts);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER touched BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO contacts (email, feels) SELECT 'a' || n || '@example.org', 'sad' FROM generate_series(1, 50) n;
"""

UP = b"ALTER TABLE contacts RENAME COLUMN email TO email_address"
DOWN = b"ALTER TABLE contacts RENAME COLUMN email_address TO email"


async def rehearsed(
    target: str, scratch: str, down: bytes = DOWN, up: bytes | None = UP, *, applied: bool = False
) -> Rehearsal:
    wanted = Wanted(target, scratch, down, up, applied, bindirs=tuple(bindirs()))
    return await rehearse(wanted)


async def scratch_databases(server: Server) -> list[str]:
    """Databases of rehearsals that are there."""
    async with connected(server.dsn()) as c:
        rows = await c.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX)
    return [row["datname"] for row in rows]


async def run(dsn: str, sql: str) -> None:
    async with connected(dsn) as c:
        await c.execute(sql)


@contextlib.asynccontextmanager
async def empty_database(server: Server, role: str) -> AsyncIterator[str]:
    """An empty database whose owner may not create others; its DSN."""
    name = await servers.new_database(server)
    async with connected(server.dsn()) as c:
        with contextlib.suppress(asyncpg.DuplicateObjectError):
            await c.execute(f"CREATE ROLE {role} LOGIN")
        await c.execute(f'ALTER DATABASE "{name}" OWNER TO {role}')
    try:
        yield server.dsn(name, role)
    finally:
        await servers.drop_database(server, name)


def statements(rehearsal: Rehearsal, phase: int) -> list[dict[str, object]]:
    """What a run of it says of each statement."""
    phases = rehearsal.detail["phases"]
    assert isinstance(phases, list)
    found: list[dict[str, object]] = phases[phase]["statements"]
    return found


async def shop(database: Database, more: str = "") -> str:
    """A small application's schema with rows; the DSN."""
    await run(database.dsn, SHOP + more)
    return database.dsn
