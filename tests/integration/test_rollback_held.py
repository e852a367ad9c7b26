"""How long locks are held: estimated with what was measured, and ended when the estimate was wrong (P4)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from monitor.plan import estimate
from monitor.plan.forecast.schema_after import Destroyed, Forecast
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind, ProgressKind
from monitor.rollback.executor import Limits
from monitor.schema.relation import Fingerprint
from monitor.schema.sizes import Size
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    FAST,
    Heard,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    registered,
    rolled_back,
    store,
)

pytestmark = pytest.mark.corner

COLUMN = Destroyed(1, 1, "drop_column", "public.big", "note")
BIG = Size("public.big", bytes=400_000_000, rows=1e6, parts=0)
NOTHING = Forecast(Fingerprint({}, {}), {}, {})
"""Of a plan that reads no table as a whole."""


@pytest.mark.parametrize(
    ("measured", "expected"), [({}, 10.0), ({COLUMN.name: 50e3}, 20.0), ({COLUMN.name: 1e9}, 2.5)]
)
def test_a_measurement_counts_in_full_when_slow_and_in_part_when_fast(
    measured: dict[str, float], expected: float
) -> None:
    """Assumed are 40 MB/s; at most four times that is believed."""
    assert estimate.seconds([COLUMN], NOTHING, [BIG], measured) == pytest.approx(expected + estimate.KEEPING)


def test_many_copies_take_time_however_small_they_are() -> None:
    """A thousand columns of an empty table are seconds under the lock."""
    empty = replace(BIG, bytes=0, rows=0)
    losses = [replace(COLUMN, column=f"c{n}") for n in range(1000)]
    assert estimate.seconds(losses, NOTHING, [empty], {}) == pytest.approx(7.0)


async def test_copying_is_measured_at_registration_and_leaves_nothing(database: Database) -> None:
    """Rows per second, of enough rows only; no temporary table stays."""
    dsn = database.dsn
    await build(
        dsn,
        "CREATE TABLE big (id int PRIMARY KEY, note text); CREATE TABLE small (LIKE big INCLUDING ALL);"
        "INSERT INTO big SELECT n, n FROM generate_series(1, 12000) n",
    )
    sql = b"ALTER TABLE big DROP COLUMN note; ALTER TABLE small DROP COLUMN note"
    watch = await registered(dsn, sql)
    measured = watch.plan.plan["measured"]
    assert isinstance(measured, dict)
    assert measured.keys() <= {COLUMN.name}  # nothing, where 50 ms were too short
    assert all(rate > 0 for rate in measured.values())
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT count(*) FROM pg_class WHERE relname LIKE '%probe'") == 0


SCANS = [
    ("ALTER TABLE big ADD COLUMN z int", 0),
    ("ALTER TABLE big ADD COLUMN z text DEFAULT 'x'::text NOT NULL", 0),
    ("ALTER TABLE big ADD COLUMN z timestamptz DEFAULT now()", 0),
    ("ALTER TABLE big ADD COLUMN z timestamptz DEFAULT clock_timestamp()", 1),
    ("ALTER TABLE big ADD COLUMN z bigserial", 1),
    ("ALTER TABLE big ADD COLUMN z positive", 1),
    ("ALTER TABLE big ADD COLUMN z int CHECK (z > 0)", 1),
    ("ALTER TABLE big ADD COLUMN z int GENERATED ALWAYS AS (id + 1) STORED", 1),
    ("ALTER TABLE big ADD COLUMN z int GENERATED ALWAYS AS IDENTITY", 1),
    ("ALTER TABLE big ADD CONSTRAINT c CHECK (id > 0) NOT VALID", 0),
    ("ALTER TABLE big ADD CONSTRAINT c CHECK (id > 0)", 1),
    ("ALTER TABLE big ADD CONSTRAINT c CHECK (id > 0), ADD CONSTRAINT d CHECK (id > 1)", 1),
    ("ALTER TABLE big ADD CONSTRAINT c CHECK (id > 0); ALTER TABLE big ADD CONSTRAINT d CHECK (id > 1)", 2),
    ("ALTER TABLE big ADD CONSTRAINT c UNIQUE USING INDEX ready", 0),
    ("ALTER TABLE big RENAME TO huge; ALTER TABLE huge ADD CONSTRAINT c CHECK (id > 0)", 1),
    ("ALTER TABLE parted ADD CONSTRAINT c CHECK (id > 0)", 1),
    ("ALTER TABLE parent ADD CONSTRAINT c CHECK (id > 0)", 1),
]


@pytest.mark.slow
async def test_what_is_read_as_a_whole_is_estimated_and_nothing_else(database: Database) -> None:
    """Partitions and children count; one statement reads a table once; what is only written down is free."""
    dsn = database.dsn
    await build(
        dsn,
        "CREATE TABLE big (id int NOT NULL); CREATE UNIQUE INDEX ready ON big (id);"
        "CREATE DOMAIN positive AS int CHECK (value > 0);"
        "CREATE TABLE parted (id int) PARTITION BY RANGE (id); CREATE TABLE parent (id int);"
        "CREATE TABLE p1 PARTITION OF parted DEFAULT PARTITION BY RANGE (id);"
        "CREATE TABLE p2 PARTITION OF p1 DEFAULT; CREATE TABLE child () INHERITS (parent);"
        "INSERT INTO big SELECT generate_series(1, 20000); INSERT INTO p2 TABLE big;"
        "INSERT INTO child TABLE big; ANALYZE",
    )
    for sql, scans in SCANS:
        found = (await prepare(dsn, sql.encode(), ALLOWING)).estimated_seconds
        assert found == pytest.approx(scans * 0.04, abs=0.002), sql  # 20,000 rows at 500,000 a second


async def test_each_partition_costs_its_time_under_the_lock(database: Database) -> None:
    """A column is dropped from each of them, whether or not it holds a row; readiness says so, too."""
    dsn = database.dsn
    parts = ";".join(f"CREATE TABLE p{n} PARTITION OF parted FOR VALUES IN ({n})" for n in range(100))
    await build(dsn, f"CREATE TABLE parted (id int, note text) PARTITION BY LIST (id); {parts}")
    prepared = await prepare(dsn, b"ALTER TABLE parted RENAME COLUMN note TO notes", ALLOWING)
    assert prepared.estimated_seconds == pytest.approx(100 * estimate.PART)
    watch = await store(dsn, prepared)
    assert float(str(watch.plan.plan["estimated_seconds"])) >= prepared.estimated_seconds  # and the network's
    async with executing(dsn, Limits(max_locked=0.02)) as executor:
        found = await executor.ready(watch, full=True)
        assert found.codes == ("locks_estimate",)


@pytest.mark.promise(4)
@pytest.mark.slow
async def test_a_group_that_holds_its_locks_for_too_long_gives_them_back(database: Database) -> None:
    """All its statements together have the time; nothing took effect, and the page says what to do."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(0.4); END';"
            "CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION slow()"
        )
    sql = b";".join(b"ALTER TABLE contacts RENAME COLUMN %c TO %c" % p for p in [(97, 98), (98, 97)] * 2)
    sql = b"ALTER TABLE contacts RENAME COLUMN new_column TO a;" + sql
    watch = await registered(dsn, sql)
    limits, heard = Limits(locks=replace(FAST, budget=3.0), statement=1.0), Heard()
    async with executing(dsn, limits) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.BUDGET_SPENT not in heard.kinds():
                await asyncio.sleep(0.05)
        assert "new_column" in await columns(dsn)
        assert await ledger_rows(dsn) == 0
        async with connected(dsn) as c:
            await c.execute("DROP EVENT TRIGGER slow")
        assert (await task).kind is OutcomeKind.ROLLED_BACK  # no verdict by itself: it was tried again
    told = next(p.text for p in heard.progress if p.kind is ProgressKind.HINDERED)
    assert "locks are held for at most 1 s" in told
    assert "quarantine, or raise max_locked" in told


@pytest.mark.promise(4)
async def test_copies_of_what_would_be_lost_share_the_time_too(database: Database) -> None:
    """Each is short enough; all of them together are not."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE wide (id int PRIMARY KEY, a text, b text, c text)")
    async with connected(dsn) as c:
        await c.execute(
            "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(0.5); END';"
            "CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE AS')"
            " EXECUTE FUNCTION slow()"
        )
    sql = b";".join(b"ALTER TABLE wide DROP COLUMN %c" % name for name in b"abc")
    watch = await registered(dsn, sql)
    heard = Heard()
    async with executing(dsn, Limits(locks=FAST, statement=1.0)) as executor:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.HINDERED not in heard.kinds():
                await asyncio.sleep(0.05)
        assert await columns(dsn, "wide") == ["id", "a", "b", "c"]
        async with connected(dsn) as c:
            await c.execute("DROP EVENT TRIGGER slow")
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    told = next(p.text for p in heard.progress if p.kind is ProgressKind.HINDERED)
    assert "keeping what would be lost" in told
    assert "locks are held for at most 1 s" in told
