"""Code of the schema that a plan would run without naming it: nobody can say what that does."""

from __future__ import annotations

import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

HOSTILE = """
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t VALUES (1, 1), (2, 2);
CREATE TABLE log (x int);
CREATE FUNCTION wipe(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
CREATE FUNCTION wipes(int, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN true; END $$;
CREATE OPERATOR ### (leftarg = int, rightarg = int, function = wipe);
CREATE OPERATOR public.= (leftarg = int, rightarg = text, function = wipes);
CREATE VIEW v AS SELECT wipe(1, 2) AS e;
CREATE VIEW over_v AS SELECT e FROM v;
CREATE TYPE mm AS (x int);
CREATE FUNCTION as_int(mm) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
CREATE CAST (mm AS int) WITH FUNCTION as_int(mm) AS ASSIGNMENT;
CREATE FUNCTION checks(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN true; END $$;
CREATE DOMAIN dd AS int CHECK (checks(VALUE));
CREATE TABLE domains (d dd);
CREATE TABLE checked (x int CHECK (checks(x)));
CREATE TABLE defaults (x int, y int DEFAULT (1 ### 2));
CREATE TABLE composites (m mm);
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; RETURN new; END $$;
CREATE TABLE fired (x int);
CREATE TRIGGER tr BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION fires();
CREATE TABLE off (x int);
CREATE TRIGGER tr BEFORE INSERT ON off FOR EACH ROW EXECUTE FUNCTION fires();
ALTER TABLE off DISABLE TRIGGER tr;
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE children (parent int REFERENCES parents ON DELETE CASCADE);
CREATE TRIGGER tr AFTER DELETE ON children FOR EACH ROW EXECUTE FUNCTION fires();
CREATE VIEW windows AS SELECT x FROM fired;
CREATE TABLE ruled (x int);
CREATE RULE r AS ON INSERT TO ruled DO INSTEAD DELETE FROM t;
"""

OPAQUE = [
    ("INSERT INTO log SELECT 1 ### 2", r"operator public\.###\(integer,integer\)"),
    ("INSERT INTO log SELECT x FROM log WHERE x = 'a'::text", r"operator public\.=\(integer,text\)"),
    ("INSERT INTO log SELECT x FROM log WHERE x OPERATOR(public.=) 'a'", r"operator public\.="),
    ("ALTER TABLE log ADD COLUMN y int DEFAULT (1 ### 2)", r"operator public\.###"),
    ("CREATE TABLE n (id int DEFAULT (1 ### 2)); INSERT INTO n DEFAULT VALUES", r"operator public\.###"),
    ("INSERT INTO log SELECT e FROM v", r"view public\.v calls public\.wipe\(integer,integer\)"),
    ("INSERT INTO log SELECT e FROM over_v", r"view public\.v calls public\.wipe"),
    ("INSERT INTO log SELECT ROW(1)::mm", r"cast from public\.mm to integer calls public\.as_int"),
    ("INSERT INTO log SELECT m FROM composites", r"cast from public\.mm to integer"),
    ("INSERT INTO log SELECT 1::dd", r"domain public\.dd calls public\.checks\(integer\)"),
    ("INSERT INTO domains VALUES (1)", r"domain public\.dd calls"),
    ("INSERT INTO checked VALUES (1)", r"constraint checked_x_check of public\.checked calls public\.checks"),
    ("INSERT INTO defaults (x) VALUES (1)", r"a default of public\.defaults calls operator"),
    ("INSERT INTO fired VALUES (1)", r"trigger tr of public\.fired calls public\.fires\(\)"),
    ("INSERT INTO windows VALUES (1)", r"trigger tr of public\.fired calls"),
    ("ALTER TABLE fired RENAME TO shot; INSERT INTO shot VALUES (1)", r"trigger tr of public\.fired"),
    ("ALTER TABLE off ENABLE TRIGGER tr; INSERT INTO off VALUES (1)", r"trigger tr of public\.off"),
    ("CREATE TRIGGER n AFTER INSERT ON log EXECUTE FUNCTION fires(); INSERT INTO log VALUES (1)",
     r"trigger n of public\.log, which the plan makes"),
    ("DELETE FROM parents", r"trigger tr of public\.children calls"),
    ("INSERT INTO ruled VALUES (1)", r"rule r of public\.ruled does something else"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.promise(11)
async def test_code_that_a_statement_runs_unnamed_makes_it_opaque(database: Database) -> None:
    """Each deleted every row of a table that no statement names; refused with what would run."""
    await build(database.dsn, HOSTILE)
    for sql, why in OPAQUE:
        with pytest.raises(PlanRefused, match=f"{why}.*--allow-opaque to accept"):
            await prepare(database.dsn, sql.encode(), ALLOWING)


ORDINARY = """
CREATE TABLE contacts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
                       name text CHECK (length(name) < 100), made timestamptz DEFAULT now(),
                       lower text GENERATED ALWAYS AS (lower(email)) STORED);
CREATE TABLE orders (id serial PRIMARY KEY, contact int REFERENCES contacts (id) ON DELETE CASCADE);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN address AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE feelings (m mood, a address, b mood[]);
CREATE VIEW emails AS SELECT email, count(*) FROM contacts GROUP BY 1;
CREATE FUNCTION fires() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER tr BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION fires();
CREATE FUNCTION short(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT length($1) < 9';
CREATE TABLE shorts (s text CHECK (short(s)));
"""

PLAIN = [
    "INSERT INTO contacts (email, name) SELECT email || 'x', upper(email) FROM emails WHERE email LIKE 'a%'",
    "INSERT INTO contacts (email) VALUES ('a@example.org') ON CONFLICT (email) DO NOTHING",
    "INSERT INTO feelings VALUES ('good'::mood, 'a@b'::address, ARRAY['bad']::mood[])",
    "INSERT INTO shorts VALUES ('a')",
    "INSERT INTO orders (contact) SELECT id FROM contacts WHERE id IN (1, 2) OR id BETWEEN 3 AND 4",
    "DROP TRIGGER tr ON orders; INSERT INTO orders (contact) VALUES (1)",
    "ALTER TABLE contacts ADD COLUMN a address, ADD COLUMN n int DEFAULT 1 + 1",
    "ALTER TABLE contacts ALTER COLUMN name SET DEFAULT 'a' || 'b'; CREATE INDEX i ON contacts (lower(name))",
]


async def test_an_ordinary_statement_is_not_opaque(database: Database) -> None:
    """Built-in functions and operators, keys, enums, domains, sequences, triggers that do not fire."""
    await build(database.dsn, ORDINARY)
    async with connected(database.dsn) as c:
        if await c.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'"):
            await c.execute("CREATE EXTENSION citext")
    for sql in PLAIN:
        await prepare(database.dsn, sql.encode(), ALLOWING)


async def test_code_that_came_since_registration_is_not_run(database: Database) -> None:
    """A view that was replaced, an operator that came: the statement would be another now."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE log (x int); CREATE VIEW v AS SELECT 1 AS e")
    watch = await registered(dsn, b"INSERT INTO log SELECT e FROM v WHERE e = 1")
    async with connected(dsn) as c:
        await c.execute(
            "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE OR REPLACE VIEW v AS SELECT one() AS e"
        )
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).codes == ("drift",)
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "view public.v calls public.one()" in outcome.reason
