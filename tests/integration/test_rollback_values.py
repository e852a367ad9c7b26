"""A kept value is the value: whatever casts a schema has, and whatever a role says of how to write it."""

from __future__ import annotations

import pytest

from monitor.errors import OperatorError
from monitor.plan.data_loss import DataLoss
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import build, connected, rolled

pytestmark = pytest.mark.corner

CASTS = """
CREATE TYPE place AS (street text, number int);
CREATE TYPE mood AS ENUM ('sad', 'o"k\\');
CREATE DOMAIN padded AS bpchar;
CREATE DOMAIN yes AS bool;
CREATE DOMAIN said AS jsonb;
CREATE FUNCTION label(place) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).street';
CREATE CAST (place AS text) WITH FUNCTION label(place);
CREATE FUNCTION label(mood) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'traurig'$$;
CREATE CAST (mood AS text) WITH FUNCTION label(mood);
CREATE FUNCTION unlabel(text) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT mood 'sad'$$;
CREATE CAST (text AS mood) WITH FUNCTION unlabel(text);
"""

COLUMNS = {"at": "place", "m": "mood", "ms": "mood[]", "p": "padded", "y": "yes", "j": "said"}

EXACT = """SELECT id, at IS NULL, at IS DISTINCT FROM NULL, (at).street, (at).number, enum_range(NULL, m),
                  ms = '{"o\\"k\\\\",sad}', octet_length(p), y, j FROM t ORDER BY id"""


@pytest.mark.promise(11)
@pytest.mark.parametrize("as_a_person", [False, True])
@pytest.mark.parametrize("whole", [False, True])
async def test_a_cast_of_the_schema_does_not_speak_for_a_value(
    database: Database, whole: bool, as_a_person: bool
) -> None:
    """Casts that say something else, blanks at the end, a row of nulls; by command or SQL."""
    dsn = database.dsn
    table = "CREATE TABLE t (id int PRIMARY KEY, " + ", ".join(f"{n} {t}" for n, t in COLUMNS.items()) + ")"
    await build(
        dsn,
        f"{CASTS} {table}; INSERT INTO t VALUES (1, ROW('Main', 5), 'o\"k\\', ARRAY['o\"k\\', 'sad']::mood[],"
        " 'ab   ', true, '{\"a\": \"x\"}'), (2, ROW(NULL, NULL), NULL, NULL, '', false, '\"y\"');"
        "INSERT INTO t VALUES (3)",
    )
    async with connected(dsn) as c:
        before = await c.fetch(EXACT)
        drops = ", ".join(f"DROP COLUMN {n}" for n in COLUMNS)
        await rolled(dsn, "DROP TABLE t" if whole else f"ALTER TABLE t {drops}")
        if as_a_person:
            for script in await c.fetch("SELECT restore_sql FROM migration_monitor_salvage.manifest"):
                await c.execute(script["restore_sql"])
        else:
            await restore(dsn, "w-1", "shop", Wish(create=True))
            again = await restore(dsn, "w-1", "shop", Wish())
            assert not any(r.restored or r.kept for r in again)
        assert await c.fetch(EXACT) == before


SETTINGS = ("extra_float_digits = 0", "DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'",
            "bytea_output = 'escape'", "TimeZone = 'America/New_York'")  # fmt: skip

MEASURED = """
CREATE DOMAIN amount AS float8;
CREATE TYPE span AS (day date, lasts interval, at timestamptz, raw bytea, share float8);
CREATE TABLE t (id int PRIMARY KEY, a amount, s span, f float8);
INSERT INTO t VALUES (1, 0.1::float8 + 0.2::float8, ROW(date '2024-02-01', interval '-1 day +2 hours',
  timestamptz '2024-02-01 12:00:00+00', '\\x00ff', 1::float8 / 3), 0.1::float8 + 0.2::float8);
"""

BITS = """SELECT float8send(a), to_char((s).day, 'YYYY-MM-DD'), extract(epoch FROM (s).lasts),
                 extract(epoch FROM (s).at), (s).raw, float8send((s).share), float8send(f) FROM t"""


@pytest.mark.promise(11)
@pytest.mark.parametrize("left", [True, False])
async def test_what_a_database_says_of_dates_and_digits_changes_no_value(
    database: Database, left: bool
) -> None:
    """Kept under one style, put back under that or under another; the rollback's own SQL keeps its style."""
    dsn = database.dsn
    name = f'DATABASE "{database.name}"'
    async with connected(dsn) as c:
        for setting in SETTINGS:
            await c.execute(f"ALTER {name} SET {setting}")
    await build(dsn, f"{MEASURED} CREATE TABLE days (d date);")
    async with connected(dsn) as c:
        before = await c.fetch(BITS)
        await rolled(
            dsn,
            "ALTER TABLE t DROP COLUMN a, DROP COLUMN s, DROP COLUMN f;"
            "INSERT INTO days VALUES ('01/02/2024')",
        )
        assert await c.fetchval("SELECT to_char(d, 'YYYY-MM-DD') FROM days") == "2024-02-01"
        if not left:
            await c.execute(f"ALTER {name} RESET ALL")
        await c.execute("ALTER TABLE t ADD COLUMN a amount, ADD COLUMN s span, ADD COLUMN f float8")
        await c.execute("UPDATE t SET f = 0.3")  # another value than the kept one, in the last digit
        done = await restore(dsn, "w-1", "shop", Wish())
        assert [(r.restored, r.kept, r.same) for r in done] == [(1, 0, 0), (1, 0, 0), (0, 1, 0)]
        await restore(dsn, "w-1", "shop", Wish(overwrite=True))
        assert await c.fetch(BITS) == before


@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.parametrize(
    ("was", "value", "now", "kept"),
    [
        ("numeric(10, 2)", "19.99", "int", False),
        ("numeric(10, 2)", "19.00", "int", True),
        ("numeric(10, 2)", "19.99", "numeric(10, 4)", True),
        ("numeric(10, 2)", "19.99", "numeric(10, 1)", False),
        ("timestamptz", "2024-01-01 12:34:56", "date", False),
        ("timestamptz", "2024-01-01 12:34:56", "time", False),
        ("float8", "1.75", "int", False),
        ("text", "longer", "varchar(3)", False),
        ("text", "abc", "varchar(3)", True),
        ("bigint", "3000000000", "int", False),
    ],
)
async def test_a_value_that_would_be_stored_as_another_one_is_not_put_back(
    database: Database, mode: DataLoss, was: str, value: str, now: str, kept: bool
) -> None:
    """An assignment rounds and cuts silently: refused with the number of such values, and none of them."""
    dsn = database.dsn
    await build(dsn, f"CREATE TABLE t (id int PRIMARY KEY, v {was}); INSERT INTO t VALUES (1, '{value}')")
    await rolled(dsn, "ALTER TABLE t DROP COLUMN v", mode)
    async with connected(dsn) as c:
        await c.execute(f"ALTER TABLE t ADD COLUMN v {now}")
        if kept:
            (done,) = await restore(dsn, "w-1", "shop", Wish())
            assert done.restored == 1
        else:
            with pytest.raises(
                OperatorError, match=r"public\.t\.v is .* one of the kept|1 of the kept"
            ) as error:
                await restore(dsn, "w-1", "shop", Wish(overwrite=True))
            assert str(error.value).startswith("public.t.v is ")
            assert value not in str(error.value)
        assert await c.fetchval("SELECT count(v) FROM t") == int(kept)


async def test_rows_of_a_table_are_not_rounded_either(database: Database) -> None:
    """The column is named."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int PRIMARY KEY, p numeric); INSERT INTO t VALUES (1, 1.5)")
    await rolled(dsn, "DROP TABLE t")
    async with connected(dsn) as c:
        await c.execute("CREATE TABLE t (id int PRIMARY KEY, p int)")
        with pytest.raises(OperatorError, match=r"public\.t\.p is integer now and 1 of the kept values"):
            await restore(dsn, "w-1", "shop", Wish())
