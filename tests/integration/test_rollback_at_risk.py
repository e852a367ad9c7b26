"""What a rollback would take away now: counted, estimated, and never in anybody's way."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.plan import rows_at_risk
from monitor.plan.forecast.schema_after import Destroyed
from monitor.plan.prepare import prepare
from monitor.ports import AtRisk, Fate
from monitor.schema.relation import from_json
from tests.conftest import Database
from tests.rollbacks import ALLOWING, DROP_COLUMN, build, connected, executing, load, registered, store

pytestmark = pytest.mark.corner

LARGE = (
    "CREATE TABLE big (id int PRIMARY KEY, note text);"
    "INSERT INTO big SELECT n, CASE WHEN n % 4 = 0 THEN 'x' END FROM generate_series(1, 1000) n;"
    "ANALYZE big"
)


async def test_values_at_risk_are_known_at_registration_and_at_every_full_check(database: Database) -> None:
    """The number grows with what the application writes; a value that every row has is no loss."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE contacts ADD COLUMN kind text NOT NULL DEFAULT 'none'")
        await c.execute("UPDATE contacts SET kind = 'a,b' WHERE id <= 3")
    prepared = await prepare(dsn, b"ALTER TABLE contacts DROP COLUMN new_column, DROP COLUMN kind", ALLOWING)
    said = "rollback drops 100 values of contacts.new_column (a backup is kept)"
    assert said in prepared.notices
    assert [risk["count"] for risk in _risks(prepared.stored.plan)] == [100, 3]
    watch = await store(dsn, prepared)
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute("INSERT INTO contacts (email_address, new_column) VALUES ('x@example.org', 'late')")
        readiness = await executor.ready(watch, full=True)
        assert readiness.ok
        assert readiness.at_risk is not None
        assert [risk.count for risk in readiness.at_risk] == [101, 3]
        assert "rollback drops 3 values of contacts.kind (a backup is kept)" in readiness.notes
        assert "late" not in str(readiness)
        assert (await executor.ready(watch, full=False)).at_risk is None


async def test_what_is_accepted_is_said_to_be_lost(database: Database) -> None:
    """A DELETE takes at most the whole table."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, b"DELETE FROM contacts WHERE id < 9", accept=("contacts",))
    async with executing(dsn) as executor:
        readiness = await executor.ready(watch, full=True)
    assert readiness.at_risk == (AtRisk("contacts", "rows", 100, "at most", Fate.LOST),)
    assert "at most 100 rows of contacts (lost for good)" in readiness.notes[-1]


async def test_a_locked_table_is_not_waited_for(database: Database) -> None:
    """Somebody's ACCESS EXCLUSIVE makes the number unknown, not the watch late."""
    dsn = database.dsn
    await build(dsn)
    await registered(dsn, DROP_COLUMN)
    plan = (await load(dsn)).plan
    loss = Destroyed(1, 1, "drop_column", "public.contacts", "new_column")
    async with connected(dsn) as holder, connected(dsn) as c:
        await holder.execute("BEGIN; LOCK TABLE contacts")
        found = await rows_at_risk.read(c, [loss], lambda _: Fate.SALVAGED, from_json(plan.fingerprint))
    assert [(risk.count, risk.bound) for risk in found] == [(None, "")]


async def test_a_large_table_is_estimated_from_its_statistics(database: Database) -> None:
    """About a quarter of the rows have a value."""
    dsn = database.dsn
    await build(dsn, LARGE)
    watch = await registered(dsn, b"ALTER TABLE big DROP COLUMN note")
    loss = Destroyed(1, 1, "drop_column", "public.big", "note")
    async with connected(dsn) as c:
        found = await rows_at_risk.read(
            c, [loss], lambda _: Fate.SALVAGED, from_json(watch.plan.fingerprint), exact_bytes=0
        )
    (risk,) = found
    assert (risk.count, risk.bound) == (250, "about")
    assert str(risk) == "about 250 values of big.note (a backup is kept)"


def _risks(plan: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plan["at_risk"]
    return found
