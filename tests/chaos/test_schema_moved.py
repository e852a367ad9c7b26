"""The schema is not what it was when the rollback was registered, or not what it should be after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind, WatchRow
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    DROP_COLUMN,
    RENAME,
    Heard,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    registered,
    rolled_back,
    store,
)

LATER = {
    "index": "CREATE INDEX later ON contacts (id, new_column)",
    "view": "CREATE VIEW later AS SELECT new_column FROM contacts",
    "constraint": "ALTER TABLE contacts ADD CONSTRAINT later CHECK (new_column <> email_address)",
}


async def change(dsn: str, sql: str) -> None:
    async with connected(dsn) as c:
        await c.execute(sql)


async def unready(dsn: str, watch: WatchRow) -> str:
    """The one reason that readiness gives, the same when it is asked again."""
    async with executing(dsn) as executor:
        first = await executor.ready(watch, full=True)
        again = await executor.ready(watch, full=True)
    assert not first.ok
    assert first.reasons == again.reasons
    return first.reasons[0]


@pytest.mark.fault(20)
@pytest.mark.parametrize("later", LATER)
async def test_what_a_later_migration_built_on_the_column_is_not_dropped(
    newest: Database, later: str
) -> None:
    """Fault 20: an index of several columns, a view, a constraint: known before the night, and refused."""
    dsn = newest.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    await change(dsn, LATER[later])
    assert await unready(dsn, watch)
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
    assert "new_column" in await columns(dsn)
    assert await ledger_rows(dsn) == 0


@pytest.mark.fault(21)
@pytest.mark.parametrize("script", [DROP_COLUMN, RENAME, DROP_COLUMN + b";" + RENAME])
async def test_a_rollback_done_by_hand_is_noticed_and_not_done_again(newest: Database, script: bytes) -> None:
    """Fault 21: one reason, no retries, no rows in the ledger, and the end says who did it."""
    dsn, heard = newest.dsn, Heard()
    await build(dsn)
    watch = await registered(dsn, script)
    await change(dsn, script.decode())
    assert "hand" in await unready(dsn, watch)
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch, heard)).kind is OutcomeKind.RESOLVED_EXTERNALLY
    assert heard.kinds() == []
    assert await ledger_rows(dsn) == 0


@pytest.mark.fault(23)
async def test_a_plan_that_does_not_restore_the_schema_is_never_called_rolled_back(newest: Database) -> None:
    """Fault 23: said at registration, and `unverified` afterwards, with what differs."""
    dsn = newest.dsn
    await build(dsn)
    await change(dsn, "ALTER TABLE contacts DROP COLUMN new_column")
    before = await take(dsn)
    await change(
        dsn,
        "ALTER TABLE contacts ADD COLUMN new_column text; ALTER TABLE contacts ADD COLUMN forgotten text",
    )
    prepared = await prepare(dsn, DROP_COLUMN, replace(ALLOWING, before=before))
    assert any("forgotten" in warning for warning in prepared.warnings)
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.UNVERIFIED
    assert "forgotten" in outcome.reason
