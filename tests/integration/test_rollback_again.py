"""A second rollback of what was rolled back before: what an earlier one put aside is in nobody's way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from monitor.salvage.expiry import KeptData, Lifetimes
from monitor.salvage.filling import Restored
from monitor.salvage.giving_back import Wish, restore
from tests import servers
from tests.conftest import Database
from tests.rollbacks import ALLOWING, FAST, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

TWO_TABLES = """
CREATE TABLE contacts (id int PRIMARY KEY, note text);
CREATE TABLE orders (id int PRIMARY KEY, note text);
INSERT INTO contacts VALUES (1, 'one');
INSERT INTO orders VALUES (1, 'two');
"""

OF_CONTACTS = b"ALTER TABLE contacts DROP COLUMN note"
OF_ORDERS = b"ALTER TABLE orders DROP COLUMN note"


@pytest.fixture
async def newest() -> AsyncIterator[Database]:
    """On one major: nothing here differs between them."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)


async def put_aside(dsn: str, watch_id: str, sql: bytes) -> None:
    """Registered with --data-loss quarantine, executed, ended."""
    prepared = await prepare(dsn, sql, replace(ALLOWING, data_loss=DataLoss.QUARANTINE))
    watch = await store(dsn, prepared, watch_id)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    async with connected(dsn) as c:
        await c.execute("UPDATE migration_monitor.watch SET verdict = 'rolled_back' WHERE id = $1", watch_id)


@pytest.mark.promise(11)
@pytest.mark.parametrize("sql", [OF_CONTACTS, b"DROP TABLE contacts"])
async def test_what_was_taken_back_from_quarantine_can_be_put_aside_again(
    newest: Database, sql: bytes
) -> None:
    """Under the same name; restoring the first again does nothing, the second gives the rows back."""
    dsn = newest.dsn
    await build(dsn, TWO_TABLES)
    await put_aside(dsn, "w-1", sql)
    (first,) = await restore(dsn, "w-1", "shop", Wish(create=True))
    assert (first.restored, first.created) == (1, True)
    assert await restore(dsn, "w-1", "shop", Wish(create=True)) == (Restored(first.name, first.place, 0, 0),)
    await put_aside(dsn, "w-2", sql)
    (second,) = await restore(dsn, "w-2", "shop", Wish(create=True))
    assert (second.place, second.restored) == (first.place, 1)
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT note FROM contacts") == "one"


async def test_a_quarantine_that_a_person_dropped_is_in_nobodys_way(newest: Database) -> None:
    """Its name is free, so it is used again."""
    dsn = newest.dsn
    await build(dsn, TWO_TABLES)
    await put_aside(dsn, "w-1", OF_CONTACTS)
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE contacts DROP COLUMN quarantined_1_note, ADD COLUMN note text")
    await put_aside(dsn, "w-2", OF_CONTACTS)


@pytest.mark.promise(11)
async def test_when_its_time_is_over_only_the_column_of_that_table_is_dropped(newest: Database) -> None:
    """A column of the same name that was put aside in another table later stays for its own time."""
    dsn = newest.dsn
    await build(dsn, TWO_TABLES)
    await put_aside(dsn, "w-1", OF_CONTACTS)
    await put_aside(dsn, "w-2", OF_ORDERS)
    async with connected(dsn) as c:
        await c.execute(
            "DROP TABLE contacts; UPDATE migration_monitor_salvage.manifest"
            " SET salvaged_at = now() - interval '60 days', announced_at = now() - interval '9 days'"
            " WHERE watch_id = 'w-1'"
        )
        kept = KeptData(dsn, "shop", Lifetimes(30 * 86400.0, 30 * 86400.0), FAST)
        dropped, trouble = await kept.drop_due()
        assert ([k.place for k in dropped], trouble) == (['public.contacts."quarantined_1_note"'], [])
        assert await c.fetchval("SELECT quarantined_1_note FROM orders") == "two"


@pytest.mark.parametrize(
    "sql",
    [
        b"ALTER TABLE contacts DROP CONSTRAINT contacts_pkey;"
        b"ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (note);"
        b"ALTER TABLE contacts ALTER COLUMN id DROP NOT NULL; ALTER TABLE contacts DROP COLUMN id",
        b"ALTER TABLE contacts ADD COLUMN new text; ALTER TABLE contacts DROP COLUMN new",
        b"ALTER TABLE contacts ADD CONSTRAINT named UNIQUE (id); ALTER TABLE contacts DROP COLUMN note",
    ],
    ids=["key", "column", "constraint"],
)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
async def test_what_a_plan_makes_itself_may_be_named_by_its_later_statements(
    newest: Database, sql: bytes, mode: DataLoss
) -> None:
    """A key that is moved back to another column, and a column that comes and goes."""
    dsn = newest.dsn
    await build(dsn, TWO_TABLES)
    watch = await store(dsn, await prepare(dsn, sql, replace(ALLOWING, data_loss=mode)), "w-1")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
