"""A small application's database, a registered rollback on it, and what tests ask of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg

from monitor.core.thresholds import Mode
from monitor.plan.data_loss import DataLoss
from monitor.plan.digest import INTACT, SEAL
from monitor.plan.prepare import Options, Prepared, prepare
from monitor.ports import Order, Outcome, OutcomeKind, Progress, ProgressKind, StoredPlan, Wanted, WatchRow
from monitor.ports.patience import LockPolicy
from monitor.rollback.executor import Limits, RollbackExecutor
from monitor.rollback.killpoints import KillPoint, harmless

SCHEMA = (Path(__file__).parent.parent / "monitor" / "store" / "schema.sql").read_text(encoding="utf-8")

APPLICATION = """
CREATE TABLE contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email_address text NOT NULL,
    new_column text,
    CONSTRAINT valid_email CHECK (email_address LIKE '%@%')
);
CREATE INDEX contacts_new ON contacts (new_column);
INSERT INTO contacts (email_address, new_column)
SELECT 'a' || n || '@example.org', 'v' || n FROM generate_series(1, 100) n;
"""

DROP_COLUMN = b"ALTER TABLE contacts DROP COLUMN IF EXISTS new_column"
RENAME = b"ALTER TABLE contacts RENAME COLUMN email_address TO email"
DROP_CONSTRAINT = b"ALTER TABLE contacts DROP CONSTRAINT IF EXISTS valid_email"

FAST = LockPolicy(rest=0.02, rest_max=0.2, slow_rest=0.3)

SUPERUSER = "postgres"
"""Of the servers of tests; its use as the rollback role is allowed where rights are not the question."""

ALLOWING = Options(allow_superuser=SUPERUSER)


@dataclass
class Heard:
    """Everything an executor reported."""

    progress: list[Progress] = field(default_factory=list)

    def __call__(self, progress: Progress) -> None:
        self.progress.append(progress)

    def kinds(self) -> list[ProgressKind]:
        return [p.kind for p in self.progress]


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@contextlib.asynccontextmanager
async def executing(
    dsn: str, limits: Limits | None = None, kill: KillPoint = harmless
) -> AsyncIterator[RollbackExecutor]:
    allowing = replace(limits or Limits(locks=FAST), allow_superuser=SUPERUSER)
    executor = RollbackExecutor(dsn, "shop", allowing, kill)
    try:
        yield executor
    finally:
        await executor.aclose()


async def build(dsn: str, application: str = APPLICATION) -> None:
    """The ledger's schema and the application's."""
    async with connected(dsn) as c:
        await c.execute(SCHEMA)
        await c.execute(application)


async def registered(
    dsn: str, sql: bytes, watch_id: str = "w-1", *, accept: tuple[str, ...] = (), opaque: bool = False
) -> WatchRow:
    """A watch of this rollback, stored."""
    mode = DataLoss.ACCEPT if accept else DataLoss.SALVAGE
    prepared = await prepare(dsn, sql, Options(mode, accept, opaque, allow_superuser=SUPERUSER))
    return await store(dsn, prepared, watch_id)


async def store(dsn: str, prepared: Prepared, watch_id: str = "w-1") -> WatchRow:
    async with connected(dsn) as c:
        seq = await c.fetchval(
            "INSERT INTO migration_monitor.watch (id, migration, target, mode, started_at, ends_at, plan_sql,"
            " plan_sha256, plan, search_path, system_identifier, timeline, fingerprint)"
            " VALUES ($1, 'm1', 'shop', 'auto', now(), now() + interval '1 day', $2, $3, $4, $5, $6, $7, $8)"
            " RETURNING seq",
            watch_id, prepared.stored.sql, prepared.stored.sha256, json.dumps(prepared.stored.plan),
            prepared.stored.search_path, prepared.stored.system_identifier, prepared.stored.timeline,
            json.dumps(prepared.stored.fingerprint),
        )  # fmt: skip
        await c.execute(SEAL, watch_id)
    assert seq > 0
    return await load(dsn, watch_id)


async def load(dsn: str, watch_id: str = "w-1") -> WatchRow:
    """As the store would give it."""
    async with connected(dsn) as c:
        row = f"SELECT *, {INTACT} AS intact FROM migration_monitor.watch w WHERE id = $1"
        r = await c.fetchrow(row, watch_id)
    assert r is not None
    plan = StoredPlan(
        r["plan_sql"], r["plan_sha256"], json.loads(r["plan"]), r["search_path"], r["system_identifier"],
        r["timeline"], json.loads(r["fingerprint"]), r["plan_digest"], r["intact"],
    )  # fmt: skip
    return WatchRow(watch_id, r["seq"], r["migration"], r["target"], Mode(r["mode"]), 0, 1, plan)


def order(watch: WatchRow, by: str = "") -> Order:
    return Order(
        watch, 1_700_000_000_000_000, "error_rate.rollback", 1_699_999_700_000_000, {"value": 0.05}, by
    )


async def rolled_back(
    executor: RollbackExecutor,
    watch: WatchRow,
    heard: Heard | None = None,
    wanted: Wanted = lambda: True,
) -> Outcome:
    """Executes with a deadline against hanging."""
    return await asyncio.wait_for(executor.execute(order(watch), wanted, heard or Heard()), 60)


async def rolled(dsn: str, sql: str, mode: DataLoss = DataLoss.SALVAGE, watch_id: str = "w-1") -> None:
    """Registered, executed, and verified."""
    options = replace(ALLOWING, data_loss=mode)
    watch = await store(dsn, await prepare(dsn, sql.encode(), options), watch_id)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome


async def columns(dsn: str, table: str = "contacts") -> list[str]:
    async with connected(dsn) as c:
        rows = await c.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum", table,
        )  # fmt: skip
    return [r["attname"] for r in rows]


async def ledger_rows(dsn: str) -> int:
    async with connected(dsn) as c:
        return int(await c.fetchval("SELECT count(*) FROM migration_monitor.rollback_step"))


async def event_kinds(dsn: str) -> list[str]:
    async with connected(dsn) as c:
        return [r["kind"] for r in await c.fetch("SELECT kind FROM migration_monitor.event ORDER BY id")]


async def write_until(dsn: str, stop: asyncio.Event, sql: str) -> int:
    """An application that writes as fast as it can; counts what was committed; errors are its own affair."""
    written = 0
    async with connected(dsn) as c:
        while not stop.is_set():
            with contextlib.suppress(asyncpg.PostgresError):
                await c.execute(sql)
                written += 1
            await asyncio.sleep(0)
    return written
