"""Two at once: registrations, and a person against the intent of a rollback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from monitor.core.samples import SECOND
from monitor.errors import ControlRefused
from monitor.ports import Control, EventRow, Record, WatchRow
from monitor.store import retention
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from tests import servers
from tests.conftest import Database
from tests.stored import T0, alert, registration, sample

pytestmark = pytest.mark.corner

PATIENCE = 30.0

WAITING = """SELECT count(*) FROM pg_stat_activity
              WHERE application_name = 'migration-monitor/registry' AND wait_event_type = 'Lock'"""


@pytest.fixture
async def registry(database: Database) -> AsyncIterator[PgRegistry]:
    registry = PgRegistry("shop", database.dsn)
    yield registry
    await registry.aclose()


@asynccontextmanager
async def session(database: Database) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(database.dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def one_waits(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    async with asyncio.timeout(PATIENCE):
        while await connection.fetchval(WAITING) != 1:
            await asyncio.sleep(0.01)


async def test_two_registrations_at_once_are_one_watch(database: Database) -> None:
    """On an empty database too, where both also create the schema."""
    registries = [PgRegistry("shop", database.dsn) for _ in range(4)]
    found = await asyncio.gather(*(r.register(registration()) for r in registries))
    assert len({watch.id for watch, _ in found}) == 1
    assert sorted(is_new for _, is_new in found) == [False, False, False, True]
    for r in registries:
        await r.aclose()


@pytest.mark.parametrize("control", [Control.PAUSE, Control.CANCEL, Control.ROLLBACK])
async def test_a_control_that_waits_for_the_intent_is_refused_when_it_is_committed(
    database: Database, registry: PgRegistry, control: Control
) -> None:
    """Committed first wins: here the intent."""
    watch, _ = await registry.register(registration())
    async with session(database) as daemon, session(database) as observer:
        async with daemon.transaction():
            await daemon.execute("SELECT FROM migration_monitor.watch WHERE id = $1 FOR UPDATE", watch.id)
            asking = asyncio.create_task(registry.control(watch.id, control, by="ana", reason=""))
            await one_waits(observer)
            await daemon.execute(
                "UPDATE migration_monitor.watch SET intent_at = clock_timestamp() WHERE id = $1", watch.id
            )
        with pytest.raises(ControlRefused, match="too late"):
            await asking


async def test_a_control_that_waits_for_an_intent_that_is_not_committed_is_taken(
    database: Database, registry: PgRegistry
) -> None:
    """Committed first wins: here the person; the intent then sees it."""
    watch, _ = await registry.register(registration())
    async with session(database) as daemon, session(database) as observer:
        intent = daemon.transaction()
        await intent.start()
        await daemon.execute("SELECT FROM migration_monitor.watch WHERE id = $1 FOR UPDATE", watch.id)
        asking = asyncio.create_task(registry.control(watch.id, Control.CANCEL, by="ana", reason=""))
        await one_waits(observer)
        await intent.rollback()
        assert (await asking).controls.cancelled_at is not None
        assert await daemon.fetchval(
            "SELECT cancelled_at IS NOT NULL FROM migration_monitor.watch WHERE id = $1 FOR UPDATE", watch.id
        )


async def test_a_control_does_not_wait_for_ever_for_a_rollback(
    database: Database, registry: PgRegistry
) -> None:
    """A rollback that holds the row longer than the lock timeout is the answer."""
    watch, _ = await registry.register(registration())
    async with session(database) as daemon, daemon.transaction():
        await daemon.execute("SELECT FROM migration_monitor.watch WHERE id = $1 FOR UPDATE", watch.id)
        with pytest.raises(ControlRefused, match="being executed"):
            await registry.control(watch.id, Control.PAUSE, by="ana", reason="")


async def test_two_same_controls_at_once_are_one(database: Database, registry: PgRegistry) -> None:
    """The second is told that it is so already."""
    watch, _ = await registry.register(registration())
    other = PgRegistry("shop", database.dsn)
    asked = [r.control(watch.id, Control.PAUSE, by="ana", reason="") for r in (registry, other)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await other.aclose()
    assert sorted(type(a).__name__ for a in answers) == ["ControlRefused", "WatchRow"]
    kinds = [e.kind for e in await registry.events(watch.id, 0, 10)]
    assert kinds == ["registered", "control"]


async def test_forgetting_goes_on_batch_by_batch(database: Database) -> None:
    """More than one batch is gone after one call."""
    store = PgStore("shop", database.dsn)
    await store.open()
    many = retention.BATCH + 1
    await store.record(Record(samples=tuple(sample(T0 + n) for n in range(many))))
    assert await store.forget(T0 + many) == many
    await store.aclose()


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[str]:
    """The DSN of a second database, for a history of its own."""
    name = await servers.new_database(database.server)
    yield database.server.dsn(name)
    await servers.drop_database(database.server, name)


async def walked(registry: PgRegistry, watch: WatchRow, step: int) -> Sequence[EventRow]:
    """All events, read `step` at a time."""
    rows: list[EventRow] = []
    while page := await registry.events(watch.id, rows[-1].id if rows else 0, step):
        rows.extend(page)
    return rows


@pytest.mark.parametrize("step", [1, 2, 100])
async def test_a_history_of_its_own_leaves_the_ledger_at_home(
    database: Database, elsewhere: str, step: int
) -> None:
    """Watch, memory and lease at home; samples, events, alerts elsewhere; events read as one list."""
    store = PgStore("shop", database.dsn, history_dsn=elsewhere)
    registry = PgRegistry("shop", database.dsn, history_dsn=elsewhere)
    await store.open()
    watch, _ = await registry.register(registration())
    late = 2 * T0  # after any database time
    events = tuple(EventRow(watch.id, late + n * SECOND, kind, {}) for n, kind in enumerate("abc"))
    record = Record(samples=(sample(),), events=events, alerts=(alert(watch.id),), memory={"a": 1})
    await store.record(record)
    await store.record(record)
    await registry.control(watch.id, Control.PAUSE, by="ana", reason="")
    kinds = [e.kind for e in await walked(registry, watch, step)]
    assert kinds == ["registered", "control", "a", "b", "c"]
    assert await registry.samples(T0, T0 + 1, 10) == [sample()]
    assert await store.undelivered() == [alert(watch.id)]
    async with session(database) as home:
        for table, rows in (("sample", 0), ("alert", 0), ("lease", 1), ("event", 2), ("target", 1)):
            assert await home.fetchval(f"SELECT count(*) FROM migration_monitor.{table}") == rows
    await registry.aclose()
    await store.aclose()
