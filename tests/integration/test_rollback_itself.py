"""What was kept is known by what it is, not by its name: names are swapped, given again, and dumped."""

from __future__ import annotations

import pytest

from monitor.errors import OperatorError
from monitor.plan.data_loss import DataLoss
from monitor.ports import Keepsake
from monitor.salvage import manifest
from monitor.salvage.expiry import KeptData, Lifetimes
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import build, columns, connected, rolled

pytestmark = pytest.mark.corner

TWO = """
CREATE TABLE a (id int PRIMARY KEY, email text); INSERT INTO a VALUES (1, 'a@x');
CREATE TABLE b (id int PRIMARY KEY, email text); INSERT INTO b VALUES (1, 'b@x');
"""

DUE = """
UPDATE migration_monitor.watch SET verdict = 'rolled_back';
UPDATE migration_monitor_salvage.manifest
   SET salvaged_at = now() - interval '40 days', announced_at = now() - interval '3 days'
 WHERE watch_id = 'w-1'
"""

OLDER = """
DROP INDEX migration_monitor_salvage.manifest_of_watch;
CREATE UNIQUE INDEX manifest_place ON migration_monitor_salvage.manifest (salvaged_as)
 WHERE dropped_at IS NULL;
ALTER TABLE migration_monitor_salvage.manifest DROP COLUMN source_oid, DROP COLUMN kept_oid,
  DROP COLUMN kept_attnum, DROP COLUMN bystanders, DROP COLUMN parents, DROP COLUMN foreign_sql
"""
"""The manifest as it was made before it knew oids."""

LIVE = """SELECT array_agg(watch_id ORDER BY watch_id) FROM migration_monitor_salvage.manifest
           WHERE dropped_at IS NULL"""


async def aside(dsn: str, table: str, watch_id: str) -> None:
    """The table's email is quarantined, and the table renamed."""
    sql = f"ALTER TABLE {table} DROP COLUMN email; ALTER TABLE {table} RENAME TO {table}2"
    await rolled(dsn, sql, DataLoss.QUARANTINE, watch_id)


async def expire(dsn: str) -> tuple[list[Keepsake], list[str]]:
    """What is due of w-1, and the trouble with it."""
    async with connected(dsn) as c:
        await c.execute(DUE)
    dropped, trouble = await KeptData(dsn, "shop", Lifetimes(30 * 86400.0, 30 * 86400.0)).drop_due()
    return list(dropped), list(trouble)


@pytest.mark.promise(11)
@pytest.mark.parametrize("first", ["a", "b"])
async def test_the_end_of_one_quarantine_is_not_that_of_another_of_its_name(
    database: Database, first: str
) -> None:
    """Two tables, renamed by their rollbacks, each with a quarantined_1_email: only the older one's goes."""
    dsn, second = database.dsn, "b" if first == "a" else "a"
    await build(dsn, TWO)
    await aside(dsn, first, "w-1")
    await aside(dsn, second, "w-2")
    dropped, trouble = await expire(dsn)
    assert ([k.watch_id for k in dropped], trouble) == (["w-1"], [])
    assert await columns(dsn, f"{first}2") == ["id"]
    assert await columns(dsn, f"{second}2") == ["id", "quarantined_1_email"]


@pytest.mark.promise(11)
async def test_a_table_of_the_old_name_with_a_quarantine_of_its_own_is_left_alone(database: Database) -> None:
    """The renamed table's column is still listed, and the only one that goes at the end of its time."""
    dsn = database.dsn
    await build(dsn, TWO)
    await aside(dsn, "a", "w-1")
    async with connected(dsn) as c:
        await c.execute("CREATE TABLE a (id int PRIMARY KEY, email text); INSERT INTO a VALUES (1, 'new@x')")
        await rolled(dsn, "ALTER TABLE a DROP COLUMN email", DataLoss.QUARANTINE, "w-2")
        assert await c.fetchval(LIVE) == ["w-1", "w-2"]
        await expire(dsn)
        assert await c.fetchval("SELECT quarantined_1_email FROM a") == "new@x"
        assert await columns(dsn, "a2") == ["id"]
        assert await c.fetchval(LIVE) == ["w-2"]


@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.parametrize("what", ["DROP TABLE a", "ALTER TABLE a DROP COLUMN email"])
async def test_another_thing_of_that_name_is_neither_dropped_nor_read(
    database: Database, mode: DataLoss, what: str
) -> None:
    """As after a dump and restore, where oids are others: it is left to a person, and said so."""
    dsn = database.dsn
    await build(dsn, TWO)
    await rolled(dsn, what, mode)
    async with connected(dsn) as c:
        place = await c.fetchval("SELECT salvaged_as FROM migration_monitor_salvage.manifest")
        await c.execute("UPDATE migration_monitor_salvage.manifest SET kept_oid = 'pg_class'::regclass::oid")
        if what.startswith("ALTER"):
            await c.execute("ALTER TABLE a ADD COLUMN email text")
        else:
            await c.execute("CREATE TABLE a (id int PRIMARY KEY, email text)")
        with pytest.raises(OperatorError, match="can't be known to be what the rollback kept"):
            await restore(dsn, "w-1", "shop", Wish())
        dropped, trouble = await expire(dsn)
        assert (dropped, len(trouble)) == ([], 1)
        assert place in trouble[0]
        assert await c.fetchval(LIVE) == ["w-1"]


@pytest.mark.promise(11)
async def test_a_manifest_without_oids_is_brought_up_to_date_and_trusts_the_name_alone_where_it_is(
    database: Database,
) -> None:
    """A renamed table can't be known: trouble; where the name still holds, the column goes."""
    dsn = database.dsn
    await build(dsn, TWO)
    await aside(dsn, "a", "w-1")
    async with connected(dsn) as c:
        await c.execute(OLDER)
        dropped, (trouble,) = await expire(dsn)
        assert dropped == []
        assert "look at it" in trouble
        await c.execute("ALTER TABLE a2 RENAME TO a")
        (kept,) = await manifest.of_watch(c, "w-1")
        assert (kept.kept_oid, kept.parents) == (None, ())
        assert len((await expire(dsn))[0]) == 1
    assert await columns(dsn, "a") == ["id"]


@pytest.mark.promise(11)
async def test_what_a_person_took_back_or_dropped_is_only_noted(database: Database) -> None:
    """The column has its name again: it is in use, and nothing is dropped."""
    dsn = database.dsn
    await build(dsn, TWO)
    await rolled(dsn, "ALTER TABLE a DROP COLUMN email", DataLoss.QUARANTINE)
    async with connected(dsn) as c:
        await c.execute(await c.fetchval("SELECT create_sql FROM migration_monitor_salvage.manifest"))
        dropped, trouble = await expire(dsn)
        assert (len(dropped), trouble) == (1, [])
        assert await c.fetchval("SELECT email FROM a") == "a@x"


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    ("down", "why"),
    [
        ("ALTER TABLE a RENAME TO a_new; ALTER TABLE b RENAME TO a; ALTER TABLE a_new DROP COLUMN email",
         "public.a is another table now, the one whose values were kept is public.a_new"),
        ("DROP TABLE a; ALTER TABLE b RENAME TO a",
         "public.a is another table now, that the rollback gave this name"),
        ("ALTER TABLE a DROP COLUMN email; ALTER TABLE a RENAME TO a2",
         "public.a is not there: it is public.a2 now"),
    ],
)  # fmt: skip
async def test_a_table_that_got_the_name_by_the_rollback_is_not_filled(
    database: Database, down: str, why: str
) -> None:
    """After a swap of names, with --create too: refused with the name that it has now."""
    dsn = database.dsn
    await build(dsn, TWO)
    await rolled(dsn, down)
    for create in (False, True):
        with pytest.raises(OperatorError, match=why):
            await restore(dsn, "w-1", "shop", Wish(create=create))
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT count(*) FROM a") == 1 if "a2" not in down else True
