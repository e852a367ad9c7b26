"""Rows come back beside those written since: whose they are, and how many did not and why."""

from __future__ import annotations

import pytest

from monitor.cli.restore import line
from monitor.errors import OperatorError
from monitor.plan.data_loss import DataLoss
from monitor.salvage.filling import Restored
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import build, connected, rolled

pytestmark = pytest.mark.corner

ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, customer text, after int REFERENCES orders);"
ITEMS = "CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders, what text);"
NOTES = "CREATE TABLE notes (id int PRIMARY KEY, item int REFERENCES items, note text);"
DOWN = "DROP TABLE notes; DROP TABLE items; DROP TABLE orders"

ROWS = """
INSERT INTO orders VALUES (1, 'alice', NULL), (2, 'bob', NULL), (3, 'alice', 1),
  (4, 'alice', 3), (5, 'bob', 2);
INSERT INTO items VALUES (1, 1, 'medicine'), (2, 2, 'x'), (3, NULL, 'y'), (4, 4, 'z');
INSERT INTO notes VALUES (1, 1, 'secret'), (2, 2, 'n'), (3, 4, 'secret too');
"""

CAROL = "INSERT INTO orders VALUES (1, 'carol'); INSERT INTO items VALUES (900, 1, 'bread');"


async def put_back(dsn: str, **wish: bool) -> dict[str, Restored]:
    return {r.name.removeprefix("public."): r for r in await restore(dsn, "w-1", "shop", Wish(**wish))}


@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.parametrize("applied", [ORDERS + ITEMS + NOTES + CAROL, ORDERS + CAROL.partition(" INSERT")[0]])
async def test_what_hung_on_a_row_does_not_hang_on_a_new_one_of_its_number(
    database: Database, mode: DataLoss, applied: str
) -> None:
    """Order 1 is carol's now: alice's items stay in the copy, what hangs on them too, and it is counted."""
    dsn = database.dsn
    await build(dsn, ORDERS + ITEMS + NOTES + ROWS)
    await rolled(dsn, DOWN, mode)
    async with connected(dsn) as c:
        await c.execute(applied)
        if "items" not in applied and mode is DataLoss.QUARANTINE:
            return  # a quarantined table is taken back whole, its keys say what does not fit
        done = await put_back(dsn, create=True)
        found = {n: (r.rows, r.restored, r.kept, r.doubtful) for n, r in done.items()}
        assert found == {"orders": (5, 2, 1, 2), "items": (4, 2, 0, 2), "notes": (3, 1, 0, 2)}
        joined = "SELECT customer, what FROM orders o JOIN items i ON i.order_id = o.id WHERE i.id < 900"
        assert [tuple(r) for r in await c.fetch(joined)] == [("bob", "x")]
        assert [r["note"] for r in await c.fetch("SELECT note FROM notes")] == ["n"]
        again = await put_back(dsn)
        found = {n: (r.restored, r.same, r.kept, r.doubtful) for n, r in again.items()}
        assert found == {"orders": (0, 2, 1, 2), "items": (0, 2, 0, 2), "notes": (0, 1, 0, 2)}
    assert "2 of a parent whose key another row has now" in line(done["items"])


@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
async def test_a_column_that_points_to_another_row_now_stays_empty(
    database: Database, mode: DataLoss
) -> None:
    """The parent's table was dropped too, and its number belongs to somebody else."""
    dsn = database.dsn
    await build(dsn, ORDERS + ITEMS + ROWS.partition("INSERT INTO notes")[0])
    await rolled(dsn, "ALTER TABLE items DROP COLUMN order_id; DROP TABLE orders", mode)
    async with connected(dsn) as c:
        await c.execute(ORDERS + "INSERT INTO orders VALUES (1, 'carol');"
                        "ALTER TABLE items ADD COLUMN order_id int REFERENCES orders")  # fmt: skip
        for _ in range(2):
            done = await put_back(dsn)
            assert done["items.order_id"].doubtful == 2
        assert [tuple(r) for r in await c.fetch("SELECT id, order_id FROM items ORDER BY id")] == [
            (1, None), (2, 2), (3, None), (4, None),
        ]  # fmt: skip


@pytest.mark.promise(11)
async def test_parents_changed_by_their_own_trigger_are_still_parents(database: Database) -> None:
    """What a restored row becomes by a trigger does not make it another row for its children."""
    dsn = database.dsn
    await build(dsn, ORDERS + ITEMS + NOTES + ROWS)
    await rolled(dsn, DOWN)
    async with connected(dsn) as c:
        await c.execute(
            f"{ORDERS}{ITEMS}{NOTES} CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN NEW.customer := NEW.customer || '!'; RETURN NEW; END$$;"
            "CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION stamp()"
        )
        done = await put_back(dsn)
        assert [(r.restored, r.doubtful) for r in done.values()] == [(3, 0), (4, 0), (5, 0)]


@pytest.mark.promise(11)
@pytest.mark.parametrize("create", [False, True])
async def test_rows_of_an_heir_are_not_doubled_and_it_stays_an_heir(database: Database, create: bool) -> None:
    """A parent's copy has its own rows alone; INHERITS, defaults and NOT NULL of the heir come back."""
    dsn = database.dsn
    tables = (
        "CREATE TABLE p (id int PRIMARY KEY, a int, CHECK (a > 0));"
        "CREATE TABLE heir (extra text DEFAULT 'e') INHERITS (p);"
        "ALTER TABLE heir ALTER COLUMN a SET DEFAULT 7, ALTER COLUMN a SET NOT NULL;"
    )
    await build(dsn, f"{tables} INSERT INTO p VALUES (1, 1); INSERT INTO heir VALUES (2, 2, 'precious')")
    shape = """SELECT attname::text, attislocal, attinhcount::int, attnotnull FROM pg_attribute
                WHERE attrelid = 'heir'::regclass AND attnum > 0 ORDER BY 1"""
    async with connected(dsn) as c:
        before = await c.fetch(shape)
        await rolled(dsn, "DROP TABLE heir; DROP TABLE p")
        if not create:
            await c.execute(tables)
        done = await put_back(dsn, create=create)
        assert (done["p"].rows, done["heir"].rows) == (1, 1)
        rows = await c.fetch("SELECT tableoid::regclass::text, id FROM p ORDER BY id")
        assert [tuple(r) for r in rows] == [("p", 1), ("heir", 2)]
        assert await c.fetch(shape) == before
        await c.execute("INSERT INTO heir (id) VALUES (3)")
        assert tuple(await c.fetchrow("SELECT a, extra FROM heir WHERE id = 3") or ()) == (7, "e")


async def test_a_value_that_must_be_unique_and_is_taken_is_said_in_one_sentence(database: Database) -> None:
    """Of a column nothing is put back; of a table the row stays away, and is not counted as newer."""
    dsn = database.dsn
    table = "CREATE TABLE n (id int PRIMARY KEY, u text UNIQUE)"
    await build(dsn, f"{table}; INSERT INTO n VALUES (1, 'x'), (2, 'y'), (3, 'z')")
    await rolled(dsn, "ALTER TABLE n DROP COLUMN u")
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE n ADD COLUMN u text UNIQUE; INSERT INTO n VALUES (7, 'x')")
        with pytest.raises(OperatorError, match=r"public\.n\.u must be unique, and a row written since has"):
            await put_back(dsn)
        await c.execute("UPDATE n SET u = id::text WHERE u IS NULL; DELETE FROM n WHERE id = 7")
        await rolled(dsn, "DROP TABLE n", watch_id="w-2")
        await c.execute(f"{table}; INSERT INTO n VALUES (7, '1'), (2, '2'), (3, 'newer')")
        (done,) = await restore(dsn, "w-2", "shop", Wish())
        found = (done.rows, done.restored, done.kept, done.same, done.clashing)
        assert found == (3, 0, 1, 1, 1)


@pytest.mark.parametrize("create", [False, True])
async def test_rows_without_any_column_are_rows_too(database: Database, create: bool) -> None:
    """A table of no columns has a number of rows."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE z (); INSERT INTO z DEFAULT VALUES; INSERT INTO z DEFAULT VALUES")
    await rolled(dsn, "DROP TABLE z")
    async with connected(dsn) as c:
        if not create:
            await c.execute("CREATE TABLE z ()")
        assert (await put_back(dsn, create=create))["z"].restored == 2
        assert await c.fetchval("SELECT count(*) FROM z") == 2
