"""How long locks are held: estimated with what was measured, and ended when the estimate was wrong (P4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.ports import OutcomeKind
from monitor.rollback.executor import Limits
from monitor.rollback.forecast import estimate
from monitor.rollback.forecast.model import Destroyed
from monitor.rollback.schema.catalogue import Resolved
from tests.conftest import Database
from tests.rollbacks import FAST, build, columns, connected, executing, ledger_rows, registered, rolled_back

pytestmark = pytest.mark.corner

COLUMN = Destroyed(1, 1, "drop_column", "public.big", "note")
BIG = Resolved("big", "public.big", exists=True, owned=True, relkind="r", bytes=400_000_000, rows=1e6)


@pytest.mark.parametrize(
    ("measured", "expected"), [({}, 10.0), ({COLUMN.name: 50e3}, 20.0), ({COLUMN.name: 1e9}, 2.5)]
)
def test_a_measurement_counts_in_full_when_slow_and_in_part_when_fast(
    measured: dict[str, float], expected: float
) -> None:
    """Assumed are 40 MB/s; at most four times that is believed."""
    assert estimate.seconds([COLUMN], [], [BIG], measured) == pytest.approx(expected + estimate.KEEPING)


def test_many_copies_take_time_however_small_they_are() -> None:
    """A thousand columns of an empty table are seconds under the lock."""
    empty = replace(BIG, bytes=0, rows=0)
    losses = [replace(COLUMN, column=f"c{n}") for n in range(1000)]
    assert estimate.seconds(losses, [], [empty], {}) == pytest.approx(7.0)


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
    async with executing(dsn, Limits(locks=FAST, statement=1.0)) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED
    assert "locks are held for at most 1 s" in outcome.reason
    assert "quarantine, or raise max_locked" in outcome.reason
    assert "new_column" in await columns(dsn)
    assert await ledger_rows(dsn) == 0


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
    async with executing(dsn, Limits(locks=FAST, statement=1.0)) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED
    assert "keeping what would be lost" in outcome.reason
    assert "locks are held for at most 1 s" in outcome.reason
    assert await columns(dsn, "wide") == ["id", "a", "b", "c"]
