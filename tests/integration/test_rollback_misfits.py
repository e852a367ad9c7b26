"""Rows written since the migration that break what the rollback brings back: said before it is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.row_requirements import demands
from monitor.plan.stored import from_stored
from monitor.plan.violating_rows import read
from monitor.ports import Lack, OutcomeKind
from monitor.statements.asked import Demand
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back, store

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE places (id bigint PRIMARY KEY, name text);
CREATE TABLE contacts (id int, email text, phone text, place int, age int);
INSERT INTO places VALUES (1, 'here');
INSERT INTO contacts VALUES (1, 'a@example.org', '1', 1, 30), (2, 'b@example.org', '2', NULL, NULL);
"""

DEMANDING = b"""ALTER TABLE contacts ALTER COLUMN email SET NOT NULL;
ALTER TABLE contacts ADD CONSTRAINT contacts_place FOREIGN KEY (place) REFERENCES places;
ALTER TABLE contacts RENAME COLUMN age TO years;
ALTER TABLE contacts ADD CONSTRAINT grown CHECK (contacts.years >= 18);
ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX contacts_phone ON contacts (phone)"""

BREAKING = """
INSERT INTO contacts VALUES (3, NULL, '3', 1, 40);
INSERT INTO contacts VALUES (4, 'secret', '4', 2, 40);
INSERT INTO contacts VALUES (5, 'c@example.org', '5', 1, 17);
INSERT INTO contacts VALUES (5, 'd@example.org', '6', 1, 40);
INSERT INTO contacts VALUES (6, 'e@example.org', '6', 1, 40);
"""

SAID = (
    ("line 1", "SET NOT NULL email", "at least one row of contacts has no email"),
    ("line 2", "ADD CONSTRAINT contacts_place", "at least one row of contacts has no parent in places"),
    ("line 4", "ADD CONSTRAINT grown", "at least one row of contacts is against grown"),
    ("line 5", "ADD CONSTRAINT contacts_pkey", "at least two rows of contacts have the same id"),
    ("line 6", "CREATE INDEX", "at least two rows of contacts have the same phone"),
)


async def test_rows_written_since_that_break_the_rollback_make_it_not_ready(database: Database) -> None:
    """Each constraint that comes back is asked about, under the names of now; the sentence holds no value."""
    dsn = database.dsn
    await build(dsn, TABLES)
    prepared = await prepare(dsn, DEMANDING, ALLOWING)
    assert not [w for w in prepared.warnings if "would fail" in w]
    watch = await store(dsn, prepared)
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute(BREAKING)
        readiness = await executor.ready(watch, full=True)
    assert not readiness.ok
    assert readiness.codes == (Lack.DATA.value,)
    for reason, parts in zip(readiness.reasons, SAID, strict=True):
        assert all(part in reason for part in parts), reason
    assert "secret" not in str(readiness)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["took_effect"]) == (OutcomeKind.FAILED, 0)
    again = await prepare(dsn, DEMANDING, ALLOWING)
    assert tuple(w for w in again.warnings if "would fail" in w) == readiness.reasons


async def test_a_column_that_may_not_be_null_does_not_come_back_to_a_table_with_rows(
    database: Database,
) -> None:
    """Unless something fills it; told at registration and by readiness."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int PRIMARY KEY, gone int); CREATE TABLE empty (id int)")
    watch = await registered(dsn, b"ALTER TABLE t ADD COLUMN z int NOT NULL")
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("INSERT INTO t VALUES (1, 1)")
        found = await executor.ready(watch, full=True)
    assert found.codes == (Lack.DATA.value,)
    assert "t has rows, and z would be NOT NULL without a default" in found.reasons[0]
    for filled in ("DEFAULT 1", "GENERATED ALWAYS AS IDENTITY", "GENERATED ALWAYS AS (id + 1) STORED"):
        sql = f"ALTER TABLE t ADD COLUMN z int NOT NULL {filled}; ALTER TABLE empty ADD COLUMN z int NOT NULL"
        assert (await prepare(dsn, sql.encode(), ALLOWING)).warnings == ()


SILENT: dict[str, tuple[bytes, str]] = {
    "rows that the plan mends first": (
        b"UPDATE contacts SET email = '' WHERE email IS NULL; ALTER TABLE contacts ALTER email SET NOT NULL",
        "contacts.email",
    ),
    "a parent that the plan fills first": (
        b"INSERT INTO places VALUES (2, 'there');"
        b"ALTER TABLE contacts ADD CONSTRAINT fk FOREIGN KEY (place) REFERENCES places", "",
    ),
    "a column that the plan makes": (
        b"ALTER TABLE contacts ADD COLUMN note text;"
        b"ALTER TABLE contacts ADD CONSTRAINT n CHECK (note <> '')",
        "",
    ),
    "a column whose type the plan changes": (
        b"ALTER TABLE contacts ALTER id TYPE text USING id || '/' || phone;"
        b"ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (id)", "contacts.id",
    ),
    "what is not checked": (b"ALTER TABLE contacts ADD CONSTRAINT grown CHECK (age >= 18) NOT VALID", ""),
    "rows that the plan mends before it validates": (
        b"ALTER TABLE contacts ADD CONSTRAINT g CHECK (age >= 18) NOT VALID;"
        b"UPDATE contacts SET age = 18 WHERE age < 18; ALTER TABLE contacts VALIDATE CONSTRAINT g",
        "contacts.age",
    ),
    "rows that do not exclude each other": (
        b"ALTER TABLE contacts ADD CONSTRAINT x EXCLUDE (id WITH =) WHERE (id < 5)", "",
    ),
    "an index on a part": (b"CREATE UNIQUE INDEX u ON contacts (phone) WHERE id < 5", ""),
    "nulls, which are distinct": (b"ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (place, alias)", ""),
}  # fmt: skip


async def test_what_can_not_be_known_is_not_said(database: Database) -> None:
    """A false alarm would teach people to ignore the true one."""
    dsn = database.dsn
    await build(dsn, TABLES + BREAKING + "ALTER TABLE contacts ADD COLUMN alias text")
    for what, (sql, accepted) in SILENT.items():
        mode = DataLoss.ACCEPT if accepted else DataLoss.SALVAGE
        losing = replace(ALLOWING, data_loss=mode, accept_loss=(accepted,) if accepted else ())
        prepared = await prepare(dsn, sql, losing)
        assert not [w for w in prepared.warnings if "would fail" in w], what


async def test_a_locked_table_is_not_waited_for_and_nothing_is_said(database: Database) -> None:
    """Unknown is not broken."""
    dsn = database.dsn
    await build(dsn, TABLES + BREAKING)
    plan = from_stored((await store(dsn, await prepare(dsn, DEMANDING, ALLOWING))).plan)
    assert len([d for d in demands(plan) if isinstance(d, Demand)]) == 5
    async with connected(dsn) as holder, connected(dsn) as c:
        await holder.execute("BEGIN; LOCK TABLE contacts")
        assert await read(c, plan) == ()


async def test_a_column_that_the_plan_makes_and_nothing_fills_can_not_be_not_null(database: Database) -> None:
    """Told while the table has rows; not of one that the plan fills."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    made, wanted = "ALTER TABLE t ADD COLUMN c int", "ALTER TABLE t ALTER COLUMN c SET NOT NULL"
    (warning,) = (await prepare(dsn, f"{made}; {wanted}".encode(), ALLOWING)).warnings
    assert "t has rows, and nothing has filled c by then: fill it before that statement" in warning
    for filled in (f"{made} DEFAULT 1; {wanted}", f"{made}; UPDATE t SET c = id; {wanted}"):
        assert (await prepare(dsn, filled.encode(), ALLOWING)).warnings == ()
