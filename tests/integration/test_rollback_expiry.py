"""What rollbacks kept is dropped when its time is over: announced before, and never under an open watch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.daemon.calendar import ExpiryNotices
from monitor.daemon.parts import Outgoing
from monitor.errors import DatabaseError
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import Alert, AlertRow, OutcomeKind
from monitor.ports.patience import LockPolicy
from monitor.salvage.expiry import KeptData, Lifetimes
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.fakes import MemoryStore
from tests.hands import HandClock
from tests.rollbacks import (
    ALLOWING,
    DROP_COLUMN,
    FAST,
    build,
    columns,
    connected,
    executing,
    rolled_back,
    store,
)


def clearing(dsn: str, noting: MemoryStore, alerts: list[Alert], notice: float) -> ExpiryNotices:
    def rows(alert: Alert) -> tuple[AlertRow, ...]:
        alerts.append(alert)
        return ()

    kept = KeptData(dsn, "shop", Lifetimes(0, 0, notice), replace(FAST, max_app_stall=0.1))
    return ExpiryNotices("shop", kept, noting, Outgoing(rows, lambda _: None), HandClock())


@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.slow
async def test_kept_data_is_announced_then_dropped_and_said_so(database: Database, mode: DataLoss) -> None:
    """Not while the watch is open, not unannounced, not while somebody uses it; and then restore says why."""
    dsn = database.dsn
    await build(dsn)
    watch = await store(dsn, await prepare(dsn, DROP_COLUMN, replace(ALLOWING, data_loss=mode)))
    noting, alerts = MemoryStore(), list[Alert]()
    await noting.open()
    job = clearing(dsn, noting, alerts, notice=0)
    await job.run()  # nothing was ever kept here
    async with executing(dsn) as executor, connected(dsn) as c:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
        await job.run()
        assert alerts == []
        await c.execute("UPDATE migration_monitor.watch SET verdict = 'rolled_back'")
        await clearing(dsn, noting, alerts, notice=3600).run()
        await clearing(dsn, noting, alerts, notice=3600).run()
        (told,) = alerts
        assert "the data its rollback kept of public.contacts.new_column will be dropped" in told.title
        assert [e.kind for e in noting.stored_events.values()] == ["kept_expiring"]
        place = await c.fetchval("SELECT salvaged_as FROM migration_monitor_salvage.manifest")
        table = place if mode is DataLoss.SALVAGE else "contacts"
        await c.execute(f"BEGIN; SELECT FROM {table}")
        with pytest.raises(DatabaseError, match=r"dropping .* lock timeout"):
            await job.run()
        await c.execute("ROLLBACK")
        await job.run()
        assert "was dropped: its retention period ended" in alerts[-1].title
        assert len(alerts) == 2
        kinds = await c.fetch("SELECT kind FROM migration_monitor.event WHERE kind LIKE 'kept%'")
        assert [r["kind"] for r in kinds] == ["kept_dropped"]
        assert await columns(dsn) == ["id", "email_address"]
        if mode is DataLoss.SALVAGE:
            assert await c.fetchval("SELECT to_regclass($1)", place) is None
    with pytest.raises(Exception, match="its copy was dropped on"):
        await restore(dsn, "w-1", "shop", Wish(create=True), LockPolicy())
