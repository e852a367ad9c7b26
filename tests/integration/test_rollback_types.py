"""Types that a migration made: what is salvaged of them keeps nobody from dropping them, and comes back."""

from __future__ import annotations

import pytest

from monitor.ports import OutcomeKind
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'o''k');
CREATE TYPE place AS (street text, number int);
"""

COLUMNS = "ALTER TABLE contacts ADD COLUMN m mood, ADD COLUMN ms mood[], ADD COLUMN at place"

OLD = "CREATE TABLE contacts (id int PRIMARY KEY); INSERT INTO contacts VALUES (1), (2);"

VALUES = (
    """UPDATE contacts SET m = 'o''k', ms = ARRAY['sad', 'o''k']::mood[], at = ('a, "b"', 3) WHERE id = 1"""
)

TABLE = """
CREATE TABLE notes (m mood PRIMARY KEY, at place);
INSERT INTO notes VALUES ('sad', ('x', 1)), ('o''k', NULL);
"""


@pytest.mark.promise(11)
@pytest.mark.parametrize("as_a_person", [False, True])
async def test_a_type_goes_with_the_columns_and_tables_that_used_it_and_their_values_come_back(
    database: Database, as_a_person: bool
) -> None:
    """An enum, an array of it, a composite, a key of one; by the command, and by the SQL in the manifest."""
    dsn = database.dsn
    await build(dsn, OLD + TYPES + COLUMNS + ";" + VALUES + ";" + TABLE)
    down = (
        b"DROP TABLE notes; ALTER TABLE contacts DROP COLUMN m, DROP COLUMN ms, DROP COLUMN at;"
        b"DROP TYPE mood; DROP TYPE place"
    )
    async with connected(dsn) as c:
        contacts = await c.fetch("SELECT id, m::text, ms::text, at::text FROM contacts ORDER BY id")
        notes = await c.fetch("SELECT m::text, at::text FROM notes ORDER BY 1")
        watch = await registered(dsn, down)
        async with executing(dsn) as executor:
            outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
        await c.execute(TYPES)
        if as_a_person:
            for script in await c.fetch("SELECT restore_sql FROM migration_monitor_salvage.manifest"):
                await c.execute(script["restore_sql"])
        else:
            await c.execute(COLUMNS + "; CREATE TABLE notes (m mood PRIMARY KEY, at place)")
            for _ in range(2):
                await restore(dsn, "w-1", "shop", Wish())
        assert await c.fetch("SELECT id, m::text, ms::text, at::text FROM contacts ORDER BY id") == contacts
        assert await c.fetch("SELECT m::text, at::text FROM notes ORDER BY 1") == notes


@pytest.mark.promise(11)
async def test_a_value_finds_its_row_by_a_key_of_a_type_of_the_schema(database: Database) -> None:
    """The key in the copy is text, the table's is the enum."""
    dsn = database.dsn
    await build(
        dsn, f"{TYPES}{TABLE} ALTER TABLE notes ADD COLUMN said text; UPDATE notes SET said = m::text;"
    )
    watch = await registered(dsn, b"ALTER TABLE notes DROP COLUMN said")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE notes ADD COLUMN said text")
        (done,) = await restore(dsn, "w-1", "shop", Wish())
        assert (done.restored, done.joined_by) == (2, ("m",))
        assert await c.fetchval("SELECT count(*) FROM notes WHERE said = m::text") == 2
