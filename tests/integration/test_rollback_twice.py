"""A statement that has nothing to do, since an earlier one of the plan did it, is left out with a notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

OLD = """
CREATE TABLE contacts (id int PRIMARY KEY, email text);
INSERT INTO contacts VALUES (1, 'a');
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE old (id int);
CREATE SEQUENCE counted;
CREATE INDEX by_email ON contacts (email);
"""

TABLE = "CREATE TABLE x (id serial PRIMARY KEY, n int CONSTRAINT k CHECK (n > 0)); CREATE INDEX ix ON x (n);"

GONE = {
    "table": (TABLE, "DROP TABLE IF EXISTS x; DROP TABLE IF EXISTS x;"),
    "table written with and without schema": (TABLE, "DROP TABLE public.x; DROP TABLE IF EXISTS x CASCADE;"),
    "view": ("CREATE VIEW x AS SELECT 1 AS a", "DROP VIEW IF EXISTS x; DROP VIEW IF EXISTS x"),
    "view that goes with its table": (
        f"{TABLE} CREATE VIEW v AS TABLE x", "DROP TABLE x CASCADE; DROP VIEW IF EXISTS v",
    ),
    "materialized view": (
        "CREATE MATERIALIZED VIEW x AS SELECT 1 AS a",
        "DROP MATERIALIZED VIEW x; DROP MATERIALIZED VIEW IF EXISTS x",
    ),
    "index": ("CREATE INDEX x ON contacts (email)", "DROP INDEX IF EXISTS x; DROP INDEX IF EXISTS x"),
    "index concurrently": (
        "CREATE INDEX x ON contacts (email)",
        "DROP INDEX CONCURRENTLY IF EXISTS x; DROP INDEX CONCURRENTLY IF EXISTS x",
    ),
    "index of a dropped table": (TABLE, "DROP TABLE x; DROP INDEX IF EXISTS ix"),
    "index of a dropped table concurrently": (TABLE, "DROP TABLE x; DROP INDEX CONCURRENTLY IF EXISTS ix"),
    "index of a dropped column": (
        "ALTER TABLE contacts ADD a int; CREATE INDEX ix ON contacts (a)",
        "ALTER TABLE contacts DROP a; DROP INDEX IF EXISTS ix",
    ),
    "index of a dropped constraint": (
        "ALTER TABLE contacts ADD CONSTRAINT ix UNIQUE (email)",
        "ALTER TABLE contacts DROP CONSTRAINT ix; DROP INDEX IF EXISTS ix",
    ),
    "sequence of a dropped table": (TABLE, "DROP TABLE x; DROP SEQUENCE IF EXISTS x_id_seq"),
    "partition of a dropped table": (
        "CREATE TABLE x (id int) PARTITION BY RANGE (id); CREATE TABLE x1 PARTITION OF x DEFAULT",
        "DROP TABLE x; DROP TABLE IF EXISTS x1",
    ),
    "trigger of a dropped table": (
        f"{TABLE} CREATE TRIGGER p BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION noted()",
        "DROP TABLE x; DROP TRIGGER IF EXISTS p ON x",
    ),
    "constraint of a dropped table": (TABLE, "DROP TABLE x; ALTER TABLE IF EXISTS x DROP CONSTRAINT k"),
    "renamed table": (
        "ALTER TABLE old RENAME TO x", "ALTER TABLE x RENAME TO old; ALTER TABLE IF EXISTS x RENAME TO old",
    ),
    "type": ("CREATE TYPE x AS ENUM ('a')", "DROP TYPE IF EXISTS x; DROP TYPE IF EXISTS x"),
    "function": (
        "CREATE FUNCTION x(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION IF EXISTS x(int); DROP FUNCTION IF EXISTS x(int)",
    ),
    "schema": ("CREATE SCHEMA x", "DROP SCHEMA IF EXISTS x; DROP SCHEMA IF EXISTS x"),
}  # fmt: skip

MADE = {
    "table": ("DROP TABLE old", "CREATE TABLE IF NOT EXISTS old (id int);"),
    "column": ("ALTER TABLE old DROP id", "ALTER TABLE old ADD COLUMN IF NOT EXISTS id int;"),
    "index": ("DROP INDEX by_email", "CREATE INDEX IF NOT EXISTS by_email ON contacts (email);"),
    "sequence": ("DROP SEQUENCE counted", "CREATE SEQUENCE IF NOT EXISTS counted;"),
}

STILL = {
    "column": (
        "ALTER TABLE contacts ADD a int",
        "ALTER TABLE contacts DROP COLUMN IF EXISTS a; ALTER TABLE contacts DROP COLUMN IF EXISTS a",
    ),
    "constraint": (
        "ALTER TABLE contacts ADD CONSTRAINT k CHECK (id > 0)",
        "ALTER TABLE contacts DROP CONSTRAINT IF EXISTS k; ALTER TABLE contacts DROP CONSTRAINT IF EXISTS k",
    ),
    "policy": (
        "CREATE POLICY p ON contacts",
        "DROP POLICY IF EXISTS p ON contacts; DROP POLICY IF EXISTS p ON contacts",
    ),
    "trigger": (
        "CREATE TRIGGER p BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION noted()",
        "DROP TRIGGER IF EXISTS p ON contacts; DROP TRIGGER IF EXISTS p ON contacts",
    ),
    "table written with its schema, beside another": (
        f"{TABLE} CREATE TABLE y (id int)", "DROP TABLE x; DROP TABLE IF EXISTS y, x",
    ),
    "table that is made again": (TABLE, "DROP TABLE x; CREATE TABLE x (id int); DROP TABLE IF EXISTS x"),
}  # fmt: skip


async def verified(database: Database, up: str, down: str) -> tuple[str, ...]:
    """The notices; executed, the schema is as it was before."""
    dsn = database.dsn
    await build(dsn, OLD)
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(up)
    prepared = await prepare(dsn, down.encode(), replace(ALLOWING, before=before))
    assert prepared.warnings == ()
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (outcome.detail["verified"], outcome.detail.get("elsewhere", [])) == ("before", [])
    return prepared.notices


@pytest.mark.parametrize("what", GONE)
async def test_what_an_earlier_statement_took_away_is_not_dropped_again(
    database: Database, what: str
) -> None:
    """It is not sent: one of that name that somebody makes meanwhile is safe."""
    notices = await verified(database, *GONE[what])
    assert any("is omitted from the stored plan: an earlier statement takes " in n for n in notices)


@pytest.mark.parametrize("what", MADE)
async def test_what_an_earlier_statement_makes_is_not_made_again(database: Database, what: str) -> None:
    """The same statement with IF NOT EXISTS; another one on the same name stays refused."""
    up, down = MADE[what]
    notices = await verified(database, up, down + down.lower())
    assert any(n.endswith("is omitted from the stored plan: an earlier statement does the same")
               for n in notices)  # fmt: skip


@pytest.mark.parametrize("what", STILL)
async def test_what_is_done_at_its_place_is_no_matter(database: Database, what: str) -> None:
    """Of a relation that is still there, or one whose name means one thing throughout."""
    notices = await verified(database, *STILL[what])
    assert not any("omitted" in n for n in notices)


FAILS = [
    ("DROP TABLE x; ALTER TABLE x DROP COLUMN IF EXISTS n", "public.x does not exist"),
    ("DROP TABLE x; ALTER TABLE x DROP CONSTRAINT IF EXISTS k", "public.x does not exist"),
    ("DROP TABLE x; DROP TABLE x", "public.x does not exist"),
    ("DROP TABLE x; CREATE VIEW v AS SELECT n FROM x", "takes public.x away, which this one needs"),
    ("DROP TABLE x; CREATE VIEW v AS SELECT n FROM public.x", "takes public.x away, which this one needs"),
    ("DROP TABLE x; ALTER TABLE old ADD FOREIGN KEY (id) REFERENCES x", "public.x away, which this one"),
    ("DROP TABLE x; INSERT INTO x (n) VALUES (1)", "public.x does not exist"),
    ("CREATE TABLE IF NOT EXISTS new (a int); CREATE TABLE IF NOT EXISTS new (b int)", "leave this one out"),
]


async def test_what_is_not_tolerated_is_refused(database: Database) -> None:
    """The server takes none of them, but for the last, of which it would keep the first."""
    await build(database.dsn, f"{OLD} {TABLE}")
    for sql, why in FAILS:
        with pytest.raises(PlanRefused, match=why):
            await prepare(database.dsn, sql.encode(), ALLOWING)


@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
async def test_rows_are_kept_once_and_the_rest_keeps_its_place(database: Database, mode: DataLoss) -> None:
    """Lines and bytes of what follows are those of the script; a quarantine moves the table once."""
    await build(database.dsn, f"{OLD} {TABLE} INSERT INTO x (n) VALUES (1);")
    sql = "DROP TABLE x;\nDROP TABLE IF EXISTS x;\nALTER TABLE contacts DROP COLUMN email;\n"
    prepared = await prepare(database.dsn, sql.encode(), replace(ALLOWING, data_loss=mode))
    assert prepared.notices[0] == (
        "line 2: DROP TABLE is omitted from the stored plan: an earlier statement takes public.x away"
    )
    assert {s.line for s in prepared.statements} == {1, 3}
    assert [s.step for s in prepared.statements] == list(range(1, len(prepared.statements) + 1))
    watch = await store(database.dsn, prepared)
    async with executing(database.dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
