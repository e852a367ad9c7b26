"""Round trips under the lock, counted on the wire: few, the same for one copy and for many, and foretold."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.history import TOOLS
from monitor.history.source import history_of
from monitor.plan import trips
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.stored import from_stored
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind, WatchRow
from monitor.rollback.executor import Limits, RollbackExecutor
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    APPLICATION,
    DROP_COLUMN,
    RENAME,
    build,
    columns,
    connected,
    executing,
    registered,
    rolled_back,
    store,
)
from tests.tools import ALEMBIC

pytestmark = [pytest.mark.fault(43), pytest.mark.promise(23)]

FAR = 0.006
"""Seconds that each answer is late: from 5 ms on the statements of a group go together."""

LOCKED = b"set_config('migration_monitor.held'"
"""Ends the message that takes the locks."""

BARE = 11
"""Path, names; BEGIN of a reading, the tables, its end; statements and ledger; the same reading again; the
effect's row; COMMIT."""

COPYING = 2
"""What the tables are made of, before the message that copies and executes; how many rows, behind it."""

SHOP = f"""{APPLICATION}
CREATE TABLE events (id int PRIMARY KEY, a text, b text, c text);
INSERT INTO events SELECT n, 'a' || n, NULL, 'c' FROM generate_series(1, 50) n;
CREATE TABLE notes (words text);
INSERT INTO notes SELECT 'w' FROM generate_series(1, 7);
CREATE VIEW emails AS SELECT email_address FROM contacts;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE parted (at date NOT NULL, x text) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
"""

ONE = b"ALTER TABLE events DROP COLUMN a"
TWO = b"ALTER TABLE events DROP COLUMN a; ALTER TABLE events DROP COLUMN b"
MANY = TWO + b", DROP COLUMN c;" + DROP_COLUMN + b"; DROP TABLE notes"

COPIES = {
    ONE: {"public.events.a": 50},
    TWO: {"public.events.a": 50, "public.events.b": 50},
    MANY: {
        "public.contacts.new_column": 100, "public.events.a": 50, "public.events.b": 50,
        "public.events.c": 50, "public.notes": 7,
    },
}  # fmt: skip


async def _trips(proxy: Proxy, executor: RollbackExecutor, watch: WatchRow) -> int:
    """From the answer that gave the locks to the COMMIT that gives them back."""
    proxy.delay, proxy.wire = FAR, []
    outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    found = proxy.questions(LOCKED)
    return next(n for n, data in enumerate(found, start=1) if b"COMMIT\x00" in data)


async def _counted(dsn: str, watch: WatchRow) -> int:
    """On a session that has never asked anything."""
    async with Proxy(dsn) as proxy, executing(proxy.dsn, Limits(max_locked=60)) as executor:
        return await _trips(proxy, executor, watch)


def _foretold(watch: WatchRow) -> int:
    return trips.most(from_stored(watch.plan))


@pytest.mark.parametrize("down", COPIES, ids=["one", "two", "many"])
async def test_copies_take_two_round_trips_more_however_many_there_are(newest: Database, down: bytes) -> None:
    """And all of them are there, each with its number of rows."""
    await build(newest.dsn, SHOP)
    watch = await registered(newest.dsn, down)
    assert await _counted(newest.dsn, watch) == BARE + COPYING
    assert _foretold(watch) == BARE + COPYING + 1
    async with connected(newest.dsn) as c:
        rows = await c.fetch(
            "SELECT source, source_column, salvaged_as, row_count, kept_oid::regclass::text AS itself"
            "  FROM migration_monitor_salvage.manifest"
        )
        copied = {
            r["salvaged_as"]: await c.fetchval(f"SELECT count(*) FROM {r['salvaged_as']}") for r in rows
        }
    names = {".".join(filter(None, (r["source"], r["source_column"]))): r["row_count"] for r in rows}
    assert names == COPIES[down]
    assert copied == {r["salvaged_as"]: r["row_count"] for r in rows}
    assert [r["itself"] for r in rows] == [r["salvaged_as"].replace('"', "") for r in rows]


@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_plan_without_copies_takes_eleven_whether_or_not_its_session_is_new(
    newest: Database, asked_before: bool
) -> None:
    """A question's first time costs two round trips: it is not under the lock."""
    await build(newest.dsn)
    watch = await registered(newest.dsn, RENAME)
    async with Proxy(newest.dsn) as proxy, executing(proxy.dsn, Limits(max_locked=60)) as executor:
        proxy.delay = FAR
        if asked_before:
            assert (await executor.ready(watch, full=True)).ok
        assert await _trips(proxy, executor, watch) == BARE


async def test_what_is_put_aside_takes_one_round_trip_more(newest: Database) -> None:
    """Nothing is counted."""
    await build(newest.dsn)
    prepared = await prepare(newest.dsn, DROP_COLUMN, replace(ALLOWING, data_loss=DataLoss.QUARANTINE))
    watch = await store(newest.dsn, prepared)
    assert await _counted(newest.dsn, watch) == BARE + 1
    assert "quarantined_1_new_column" in await columns(newest.dsn)


@pytest.mark.parametrize("down", [
    b"ALTER TABLE parted DROP COLUMN x",
    b"DROP VIEW emails; CREATE VIEW emails AS SELECT email_address FROM contacts",
    b"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    b"COMMENT ON TABLE contacts IS 'of the shop'",
    b"ALTER TABLE contacts ADD CONSTRAINT z CHECK (length(email_address) > 1)",
], ids=["partitions", "view", "function", "comment", "check"])  # fmt: skip
async def test_what_is_read_further_is_foretold(newest: Database, down: bytes) -> None:
    """Never fewer than are counted, and not many more."""
    await build(newest.dsn, SHOP)
    watch = await registered(newest.dsn, down)
    counted = await _counted(newest.dsn, watch)
    assert counted <= _foretold(watch) <= counted + 3


async def test_the_schema_of_before_is_foretold(newest: Database) -> None:
    """It is compared as a whole."""
    await build(newest.dsn, SHOP)
    before = await take(newest.dsn)
    async with connected(newest.dsn) as c:
        await c.execute("ALTER TABLE contacts ADD COLUMN added int; UPDATE contacts SET added = 1")
    down = b"ALTER TABLE contacts DROP COLUMN added"
    watch = await store(newest.dsn, await prepare(newest.dsn, down, replace(ALLOWING, before=before)))
    counted = await _counted(newest.dsn, watch)
    assert counted <= _foretold(watch) <= counted + 3


async def test_a_migration_tools_table_is_foretold(newest: Database, tmp_path: Path) -> None:
    """What is written there, and that it was."""
    await build(newest.dsn)
    async with connected(newest.dsn) as c:
        await c.execute(ALEMBIC.ddl)
    history = history_of(TOOLS[ALEMBIC.tool], str(ALEMBIC.write(tmp_path)), None, None, {})
    down = history.down(ALEMBIC.migration, None if ALEMBIC.given is None else ALEMBIC.given.encode())
    options = replace(ALLOWING, bookkeeping=down.bookkeeping)
    watch = await store(newest.dsn, await prepare(newest.dsn, down.sql, options))
    counted = await _counted(newest.dsn, watch)
    assert counted <= _foretold(watch) <= counted + 3


async def test_registration_tells_what_the_network_takes(newest: Database) -> None:
    """Measured on the spot; above max_locked with the remedy."""
    await build(newest.dsn)
    async with Proxy(newest.dsn) as proxy:
        proxy.delay = 0.04
        near = await prepare(proxy.dsn, DROP_COLUMN, replace(ALLOWING, max_locked=60))
        far = await prepare(proxy.dsn, DROP_COLUMN, replace(ALLOWING, max_locked=0.3))
    told = next(notice for notice in near.notices if notice.startswith("estimated "))
    assert re.search("s of it for 14 round trips of [0-9]{2,} ms", told), told
    assert not [w for w in near.warnings if "max_locked" in w]
    assert float(str(near.stored.plan["estimated_seconds"])) > 14 * proxy.delay
    warned = next(warning for warning in far.warnings if "max_locked 0.3 s" in warning)
    assert "run the daemon nearer to the database, or raise max_locked" in warned
