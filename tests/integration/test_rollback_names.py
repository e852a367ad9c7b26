"""One name for two things, within a plan: what is lost, needed and meant is known by what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from monitor.salvage.manifest import MANIFEST
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, columns, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

PROFILES = """
CREATE TABLE users (id int PRIMARY KEY, k int CONSTRAINT c CHECK (k > 0), email text, x text);
CREATE TABLE profiles (id int PRIMARY KEY, phone text);
CREATE SCHEMA other; CREATE TABLE other.t (id int);
INSERT INTO users VALUES (1, 1, 'e', 'kept'); INSERT INTO profiles VALUES (1, 'old'), (2, 'no user row');
"""

DROP = "ALTER TABLE profiles DROP COLUMN phone"

LOST = [
    (
        "ALTER TABLE users ADD COLUMN phone text; UPDATE users u SET phone = p.phone FROM profiles p"
        f" WHERE p.id = u.id; {DROP}",
        "profiles.phone",
    ),
    (f"ALTER TABLE users ADD COLUMN IF NOT EXISTS phone text; {DROP}", "profiles.phone"),
    (f"ALTER TABLE other.t ADD COLUMN phone text; {DROP}", "profiles.phone"),
    (f"CREATE TABLE phone (id int); {DROP}", "profiles.phone"),
    (f"CREATE VIEW phone AS SELECT 1 AS one; {DROP}", "profiles.phone"),
    (f"CREATE INDEX phone ON users (k); {DROP}", "profiles.phone"),
    (f"CREATE INDEX CONCURRENTLY phone ON users (k); {DROP}", "profiles.phone"),
    (f"ALTER TABLE users ADD CONSTRAINT phone CHECK (k > 0); {DROP}", "profiles.phone"),
    (f"ALTER TABLE users RENAME CONSTRAINT c TO phone; {DROP}", "profiles.phone"),
    ("ALTER TABLE users ADD CONSTRAINT x UNIQUE (email), DROP COLUMN x", "users.x"),
    (
        "ALTER TABLE users ADD COLUMN z int; ALTER TABLE users RENAME COLUMN z TO w;"
        "ALTER TABLE users RENAME COLUMN x TO z; ALTER TABLE users DROP COLUMN z",
        "users.x",
    ),
]  # fmt: skip


@pytest.mark.promise(11)
@pytest.mark.fault(24)
@pytest.mark.parametrize("sql", [sql for sql, _ in LOST])
async def test_a_column_is_kept_whatever_else_of_its_name_the_plan_makes(
    database: Database, sql: str
) -> None:
    """A column of another table, a table, view, index or constraint: none of them is the one that goes."""
    dsn = database.dsn
    await build(dsn, PROFILES)
    column = dict(LOST)[sql]
    watch = await registered(dsn, sql.encode())
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
        rows = await c.fetch(f"SELECT source, source_column, row_count FROM {MANIFEST}")
    assert [(f"{r[0]}.{r[1]}", r[2]) for r in rows] == [(f"public.{column}", 1 + (column[0] == "p"))]


async def test_what_would_be_lost_must_be_named_whatever_else_has_its_name(database: Database) -> None:
    """It is kept where it can be, and refused without its name where it can't."""
    dsn = database.dsn
    await build(dsn, PROFILES)
    accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT)
    first = f"ALTER TABLE users ADD COLUMN phone text; {DROP}"
    assert (await prepare(dsn, first.encode(), accepting)).salvaged == ("public.profiles.phone",)
    lost = await prepare(dsn, first.encode(), replace(accepting, accept_loss=("profiles.phone",)))
    assert lost.salvaged == ()
    for sql, name in (
        ("ALTER TABLE users ADD COLUMN phone text; UPDATE profiles SET phone = ''", "profiles.phone"),
        (
            "ALTER TABLE users ADD COLUMN phone text;"
            "ALTER TABLE profiles ALTER phone TYPE varchar(1) USING left(phone, 1)",
            "profiles.phone",
        ),
    ):
        with pytest.raises(PlanRefused, match=name):
            await prepare(dsn, sql.encode(), accepting)
        named = await prepare(dsn, sql.encode(), replace(accepting, accept_loss=(name,)))
        assert named.salvaged == ()


@pytest.mark.fault(21)
async def test_half_of_a_plan_done_by_hand_is_not_taken_for_all_of_it(database: Database) -> None:
    """The renamed constraint has the name of the column that is still there."""
    dsn = database.dsn
    await build(dsn, PROFILES)
    watch = await registered(dsn, f"ALTER TABLE users RENAME CONSTRAINT c TO phone; {DROP}".encode())
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute("ALTER TABLE users RENAME CONSTRAINT c TO phone")
        assert not (await executor.ready(watch, full=True)).ok
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
    assert "phone" in await columns(dsn, "profiles")


USED = """
CREATE TYPE m AS ENUM ('a'); CREATE TABLE b (id int, x m, y int, "Odd" m); INSERT INTO b VALUES (1, 'a');
CREATE TABLE a (id int); CREATE TABLE r (id int); CREATE TABLE of_row (id int, r r);
"""

STILL_USED = [
    "ALTER TABLE b RENAME COLUMN x TO keep; ALTER TABLE b RENAME COLUMN y TO x; ALTER TABLE b DROP COLUMN x;"
    'ALTER TABLE b DROP COLUMN "Odd"; DROP TYPE m CASCADE',
    "ALTER TABLE b RENAME TO keep; ALTER TABLE a RENAME TO b; DROP TABLE b; DROP TYPE m CASCADE",
    "DROP TABLE a; ALTER TABLE b RENAME TO a; DROP TYPE m CASCADE",
]


async def test_cascade_is_refused_while_something_is_used_under_another_name(database: Database) -> None:
    """What was dropped had the name that the other one had before."""
    await build(database.dsn, USED)
    for sql in STILL_USED:
        with pytest.raises(PlanRefused, match=r"type .*m.* is needed by"):
            await prepare(database.dsn, sql.encode(), ALLOWING)


FREE = """
CREATE TYPE m AS ENUM ('a'); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TABLE t (id int PRIMARY KEY, k m, "Kind" m); CREATE TRIGGER tr BEFORE INSERT ON t EXECUTE FUNCTION f();
CREATE TABLE c (id int, parent int CONSTRAINT fk REFERENCES t (id));
CREATE SCHEMA other; CREATE TABLE other.a (id int);
"""

IN_NOBODYS_WAY = [
    "ALTER TABLE t RENAME TO u; DROP TRIGGER tr ON u; DROP FUNCTION f()",
    'ALTER TABLE t RENAME COLUMN k TO kind; ALTER TABLE t DROP COLUMN kind, DROP COLUMN "Kind"; DROP TYPE m',
    "ALTER TABLE c RENAME TO kid; ALTER TABLE kid DROP CONSTRAINT fk; DROP TABLE t",
    "ALTER TABLE c RENAME CONSTRAINT fk TO fk2; ALTER TABLE c DROP CONSTRAINT fk2; DROP TABLE t",
    "ALTER TABLE c RENAME TO kid; DROP TABLE kid; DROP TABLE t",
    "DROP TABLE c; ALTER TABLE t RENAME TO u; DROP TABLE u; DROP TYPE m",
    "ALTER TABLE other.a RENAME TO b; DROP TABLE other.b; DROP SCHEMA other",
    "ALTER TABLE c RENAME TO kid",
    "ALTER TABLE t RENAME TO u",
    'ALTER TABLE t RENAME COLUMN "Kind" TO k2',
]


@pytest.mark.promise(3)
@pytest.mark.parametrize("sql", IN_NOBODYS_WAY)
async def test_what_is_dropped_under_its_new_name_is_in_nobodys_way(database: Database, sql: str) -> None:
    """A trigger, column, constraint, table or schema that depended is gone, or called otherwise."""
    await build(database.dsn, FREE)
    watch = await registered(database.dsn, sql.encode())
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail.get("differences")) == (OutcomeKind.ROLLED_BACK, [])


PATHS = "CREATE SCHEMA a; CREATE TABLE public.t (id int, x text); CREATE TABLE a.z (id int, x text);"

AMBIGUOUS = [
    ("CREATE TABLE IF NOT EXISTS t (id int, x text)", "it makes a.t, and t is public.t now"),
    ("ALTER TABLE z RENAME TO t; DROP TABLE t", "t means public.t now, and a.t once this is done"),
    ("ALTER TABLE z RENAME TO t; ALTER TABLE t DROP COLUMN x", "t means public.t now"),
    ("CREATE TABLE a.t (id int, x text); ALTER TABLE t DROP COLUMN x", "t means public.t now"),
]


async def test_a_name_that_two_schemas_have_needs_its_schema(database: Database) -> None:
    """CREATE looks into the first of the path only; what the plan makes there hides what is behind it."""
    dsn = database.dsn
    await build(dsn, PATHS)
    async with connected(dsn) as c:
        name = await c.fetchval("SELECT quote_ident(current_database())")
        await c.execute(f"ALTER DATABASE {name} SET search_path = a, public")
    for sql, why in AMBIGUOUS:
        with pytest.raises(PlanRefused, match=why):
            await prepare(dsn, sql.encode(), ALLOWING)
    clear = await prepare(dsn, b"CREATE TABLE other (id int); ALTER TABLE t DROP COLUMN x", ALLOWING)
    assert clear.salvaged == ("public.t.x",)
    clear = await prepare(dsn, b"ALTER TABLE a.z RENAME TO t; DROP TABLE a.t", ALLOWING)
    assert clear.salvaged == ("a.z",)


async def test_a_schema_that_comes_first_later_makes_the_watch_not_ready(database: Database) -> None:
    """It is called as the role: the table that is there would not be the one that is looked for."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int)")
    watch = await registered(dsn, b"CREATE TABLE IF NOT EXISTS t (id int)")
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("CREATE SCHEMA postgres")
        found = await executor.ready(watch, full=True)
        assert found.codes == ("drift",)
        assert "it makes postgres.t" in found.reasons[0]


REFUSED = [
    ("CREATE TEMP TABLE IF NOT EXISTS t (id int)", "temporary object"),
    ("CREATE TEMP SEQUENCE s", "temporary object"),
    ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS one", "temporary object"),
    ("CREATE TABLE pg_temp.t (id int)", "pg_temp is of the session|temporary object"),
    ("ALTER TABLE pg_temp.t DROP COLUMN id", "pg_temp is of the session"),
    ("COMMENT ON DATABASE d IS 'x'", "COMMENT ON DATABASE is not of this database"),
    ("COMMENT ON ROLE d IS 'x'", "COMMENT ON ROLE is not of this database"),
    ("GRANT CONNECT ON DATABASE d TO public", "on a DATABASE is not of this database"),
    ("GRANT SET ON PARAMETER work_mem TO public", "on a PARAMETER is not of this database"),
    ("CREATE OR REPLACE VIEW v AS SELECT 1 AS a; ALTER TABLE v ADD COLUMN b int", "takes no column"),
    ("CREATE OR REPLACE VIEW t AS SELECT 1 AS id", "is a table: CREATE OR REPLACE VIEW does not replace it"),
    ("ALTER TABLE v ADD COLUMN IF NOT EXISTS a int", "takes no column"),
    ("CREATE TABLE n (a int); CREATE TABLE IF NOT EXISTS n (b int)", "made by an earlier statement"),
    ("ALTER TABLE t ADD COLUMN n int; ALTER TABLE t ADD COLUMN IF NOT EXISTS n text", "earlier statement"),
]


async def test_what_can_only_fail_or_is_not_of_this_database_is_refused(database: Database) -> None:
    """Each with its reason; nothing crashes."""
    await build(database.dsn, "CREATE TABLE t (id int); CREATE VIEW v AS SELECT 1 AS a")
    for sql, why in REFUSED:
        with pytest.raises(PlanRefused, match=why):
            await prepare(database.dsn, sql.encode(), ALLOWING)


async def test_a_setting_of_strings_does_not_change_what_a_default_is(database: Database) -> None:
    """`standard_conforming_strings = off` on the database, before and after registration."""
    dsn = database.dsn
    await build(dsn, r"CREATE TABLE t (id int, p text DEFAULT 'a\b', gone text)")
    async with connected(dsn) as c:
        name = await c.fetchval("SELECT quote_ident(current_database())")
        await c.execute(f"ALTER DATABASE {name} SET standard_conforming_strings = off")
        watch = await registered(dsn, b"ALTER TABLE t DROP COLUMN gone")
        await c.execute(f"ALTER DATABASE {name} RESET standard_conforming_strings")
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
