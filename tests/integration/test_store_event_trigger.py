"""An event trigger that writes down what is made, as DBAs have one, keeps nothing of ours from being made."""

from __future__ import annotations

import asyncpg
import pytest

from monitor.store.schema import ensure_schema
from monitor.store.session import Session
from tests.conftest import Database
from tests.rollbacks import APPLICATION, rolled

AUDIT = """
CREATE TABLE ddl_log (command text, made text);
CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ddl_log SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands();
END $$;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION log_ddl();
"""

ELSEWHERE = """
CREATE SCHEMA audit; SET search_path = audit;
ALTER DATABASE {database} SET search_path = audit, public;
"""


async def made_by_us(database: Database, before: str) -> set[str]:
    """What the audit has of what we make: our schema, and what a rollback keeps."""
    admin = await asyncpg.connect(database.dsn)
    await admin.execute(before + AUDIT)
    session = Session(database.dsn, "store")
    async with session.use("creating the schema") as connection:
        assert await ensure_schema(connection) is True
    await session.aclose()
    await admin.close()
    admin = await asyncpg.connect(database.dsn)
    await admin.execute(APPLICATION)
    await rolled(database.dsn, "ALTER TABLE contacts DROP COLUMN new_column")
    made = {row["made"] for row in await admin.fetch("SELECT made FROM ddl_log")}
    await admin.close()
    return {name for name in made if name and name.startswith("migration_monitor")}


@pytest.mark.parametrize("before", ["", ELSEWHERE], ids=["in public", "where the database's path leads"])
async def test_an_audit_that_names_no_schema_finds_its_table(database: Database, before: str) -> None:
    """Our tables are made, a rollback keeps what it drops, and all of it is in the audit."""
    made = await made_by_us(database, before.format(database=database.name))
    assert {"migration_monitor", "migration_monitor.watch", "migration_monitor_salvage"} <= made
