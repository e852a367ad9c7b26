"""A DROP and a CREATE of the same name in one plan: what went along is told, and missed afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, note text, price int);
CREATE VIEW recent WITH (security_barrier) AS SELECT id, note, price FROM orders;
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER keep INSTEAD OF INSERT ON recent FOR EACH ROW EXECUTE FUNCTION keep();
COMMENT ON VIEW recent IS 'of today'; COMMENT ON COLUMN recent.id IS 'number';
GRANT SELECT ON recent TO pg_monitor; GRANT UPDATE (note) ON recent TO pg_read_all_data;
CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2';
REVOKE EXECUTE ON FUNCTION secret() FROM PUBLIC; ALTER FUNCTION secret() OWNER TO pg_monitor;
COMMENT ON COLUMN orders.note IS 'free text';
CREATE INDEX notes ON orders (note); COMMENT ON INDEX notes IS 'for searching';
CREATE TRIGGER audit BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
ALTER TABLE orders ENABLE ALWAYS TRIGGER audit;
"""

VIEW = "DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM orders"
BACK = (
    "; CREATE TRIGGER keep INSTEAD OF INSERT ON recent FOR EACH ROW EXECUTE FUNCTION keep();"
    "COMMENT ON VIEW recent IS 'of today'; COMMENT ON COLUMN recent.id IS 'number';"
    "GRANT SELECT ON recent TO pg_monitor; GRANT UPDATE (note) ON recent TO pg_read_all_data"
)
FUNCTION = (
    "DROP FUNCTION secret(); CREATE FUNCTION secret() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
)

COLUMN = (
    "ALTER TABLE orders DROP COLUMN note; ALTER TABLE orders ADD COLUMN note text;"
    " CREATE INDEX notes ON orders (note)"
)
TRIGGER = (
    "DROP TRIGGER audit ON orders; CREATE TRIGGER audit BEFORE UPDATE ON orders"
    " FOR EACH ROW EXECUTE FUNCTION keep()"
)

LOST = {
    VIEW: (
        "public.recent (privileges, comment, trigger keep, comment of column id, privileges of column note,"
        " option security_barrier=true)",
        [
            "public.recent: column id: comment has changed (number → none)",
            "public.recent: column note: privileges has changed (-pg_read_all_data=w/postgres)",
            "public.recent: comment has changed (of today → none)",
            "public.recent: options has changed (-security_barrier=true)",
            "public.recent: privileges has changed (-pg_monitor=r/postgres, ",
            "public.recent: trigger keep is missing",
        ],
    ),
    FUNCTION: (
        "function public.secret() (owner pg_monitor, privileges)",
        [
            "function public.secret(): owner has changed (pg_monitor → postgres)",
            "function public.secret(): privileges has changed (-pg_monitor=X/pg_monitor)",
        ],
    ),
    COLUMN: (
        "public.orders: column note (comment); public.orders: index notes (comment)",
        ["public.orders: column note: comment has changed (free text → none)",
         "public.orders: index notes: comment has changed (for searching → none)"],
    ),
    TRIGGER: (
        "public.orders: trigger audit (enabled)",
        ["public.orders: trigger audit: enabled has changed (A → O)"],
    ),
}  # fmt: skip
"""A plan, what it is told to take along, and what is missed after it."""


@pytest.mark.promise(15)
@pytest.mark.parametrize("down", LOST, ids=lambda down: down[:24])
async def test_what_a_drop_takes_along_and_no_create_brings_back_is_told_and_ends_unverified(
    database: Database, down: str
) -> None:
    """Grants, owner, comments, triggers: the view is there, the application can't read it."""
    dsn = database.dsn
    await build(dsn, SHOP)
    if "DROP COLUMN" in down:
        async with connected(dsn) as c:
            await c.execute("DROP VIEW recent")
    told, lost = LOST[down]
    prepared = await prepare(dsn, down.encode(), ALLOWING)
    assert any(told in warning and "takes along" in warning for warning in prepared.warnings), (
        prepared.warnings
    )
    async with executing(dsn) as executor:
        found = await rolled_back(executor, await store(dsn, prepared))
    assert found.kind is OutcomeKind.UNVERIFIED, found
    told_after = found.detail["differences"]
    assert isinstance(told_after, list)
    assert [a.startswith(b) for a, b in zip(told_after, lost, strict=True)] == [True] * len(lost), told_after


@pytest.mark.promise(15)
@pytest.mark.parametrize(
    "down",
    [
        VIEW.replace("recent AS", "recent WITH (security_barrier) AS") + BACK,
        FUNCTION + "; ALTER FUNCTION secret() OWNER TO pg_monitor;"
        " REVOKE EXECUTE ON FUNCTION secret() FROM PUBLIC",
        "CREATE OR REPLACE VIEW recent WITH (security_barrier) AS"
        " SELECT id, note, price FROM orders WHERE id > 0",
        "DROP VIEW recent",
    ],
    ids=["view", "function", "replaced", "dropped"],
)  # fmt: skip
async def test_what_is_made_again_whole_is_verified(database: Database, down: str) -> None:
    """Nothing is told of what the plan brings back, keeps, or only drops."""
    dsn = database.dsn
    await build(dsn, SHOP)
    prepared = await prepare(dsn, down.encode(), ALLOWING)
    assert not [warning for warning in prepared.warnings if "takes along" in warning]
    async with executing(dsn) as executor:
        found = await rolled_back(executor, await store(dsn, prepared))
    assert found.kind is OutcomeKind.ROLLED_BACK, found


OLDER = "CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE VIEW recent AS SELECT id FROM orders"


async def test_with_a_fingerprint_from_before_only_what_there_was_then_is_told(database: Database) -> None:
    """A trigger of the migration's own need not come back."""
    dsn = database.dsn
    await build(
        dsn,
        OLDER,
    )
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "DROP VIEW recent; CREATE VIEW recent AS SELECT id, note FROM orders;"
            "COMMENT ON VIEW recent IS 'new'; GRANT SELECT ON recent TO PUBLIC"
        )
    down = b"DROP VIEW recent; CREATE VIEW recent AS SELECT id FROM orders"
    prepared = await prepare(dsn, down, replace(ALLOWING, before=before))
    assert not [warning for warning in prepared.warnings if "takes along" in warning]
    async with executing(dsn) as executor:
        found = await rolled_back(executor, await store(dsn, prepared))
    assert found.kind is OutcomeKind.ROLLED_BACK, found
