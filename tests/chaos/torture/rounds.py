"""One round: a migration, its watch, a breach, faults; then whether the effect happened exactly once."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import asyncpg

from monitor.core.thresholds import Mode
from monitor.errors import ControlRefused, DatabaseError
from monitor.ports import Control, WatchRequest
from tests.chaos.torture.faults import Tormentor
from tests.chaos.torture.world import World
from tests.roles import OWNER

PATIENCE = 90.0
"""Seconds from the last fault to the verdict; a round that needs more is stuck."""

DELIVERY = 60.0
"""Seconds from the verdict until every alert has left."""

APPLICATION = f"""
SET ROLE {OWNER};
CREATE TABLE IF NOT EXISTS effect (round int NOT NULL);
DROP TABLE IF EXISTS contacts CASCADE;
CREATE TABLE contacts (id int PRIMARY KEY, email text NOT NULL);
INSERT INTO contacts SELECT g, 'name' || g FROM generate_series(1, 200) g;
"""
"""Made anew for each round: what a failed one left says nothing about the next."""

EFFECT = "INSERT INTO effect (round) VALUES ({round})"


@dataclass(frozen=True, slots=True)
class Shape:
    """A migration and its rollback; `back` holds when the rollback has happened."""

    name: str
    migrate: str
    statements: tuple[str, ...]
    back: str


SHAPES = (
    Shape(
        "rename", "ALTER TABLE contacts RENAME email TO email_address",
        ("ALTER TABLE contacts RENAME COLUMN email_address TO email", EFFECT),
        "SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 'contacts'::regclass AND attname = 'email'",
    ),
    Shape(
        "column", "ALTER TABLE contacts ADD COLUMN added text DEFAULT 'kept'",
        ("ALTER TABLE contacts DROP COLUMN IF EXISTS added", EFFECT),
        "SELECT count(*) = 0 FROM pg_attribute WHERE attrelid = 'contacts'::regclass AND attname = 'added'",
    ),
    Shape(
        "constraint", "ALTER TABLE contacts ADD CONSTRAINT added CHECK (id > 0)",
        (EFFECT, "ALTER TABLE contacts DROP CONSTRAINT IF EXISTS added"),
        "SELECT count(*) = 0 FROM pg_constraint WHERE conname = 'added'",
    ),
    Shape(
        "indexes", "CREATE INDEX added ON contacts (email)",
        (
            EFFECT, "DROP INDEX CONCURRENTLY IF EXISTS added",
            "CREATE INDEX CONCURRENTLY again ON contacts (id)",
        ),
        "SELECT to_regclass('added') IS NULL AND coalesce((SELECT indisvalid FROM pg_index"
        " WHERE indexrelid = to_regclass('again')), false)",
    ),
)  # fmt: skip


@dataclass(slots=True)
class Found:
    """What is wrong after a round; nothing if it went well."""

    doubles: int = 0
    lost: int = 0
    wrong: tuple[str, ...] = ()


async def play(world: World, tormentor: Tormentor, rng: random.Random, number: int) -> Found:
    """Plays round `number` to its end."""
    shape = rng.choice(SHAPES)
    by_person = rng.random() < 0.2
    await _calm(world)
    async with world.sql() as sql:
        await sql.execute(f"{APPLICATION}; {shape.migrate}")
    script = ";\n".join(s.format(round=number) for s in shape.statements).encode()
    request = WatchRequest(f"round-{number}", script, "shop", Mode.AUTO)
    watch_id = str((await world.registrar.register(request)).view["id"])
    tormenting = asyncio.create_task(tormentor.torment())
    if by_person:
        await _ask(world, watch_id, Control.ROLLBACK)
    else:
        world.app.set(0.3)
    try:
        await tormenting
        await tormentor.relent()
        stuck = await _ended(world, watch_id)
    finally:
        world.app.set(0.0)
    return await _judge(world, shape, number, watch_id, stuck)


async def _calm(world: World) -> None:
    """No errors for long enough, so that the next watch does not start into the last round's breach."""
    world.app.set(0.0)
    await asyncio.sleep(0.7)


async def _ask(world: World, watch_id: str, control: Control) -> None:
    """As a person does it: again, when the database was away."""
    while True:
        try:
            await world.registry.control(watch_id, control, by="torture", reason="")
        except ControlRefused:
            return
        except DatabaseError:
            await asyncio.sleep(0.3)
        else:
            return


async def _ended(world: World, watch_id: str) -> str:
    """Waits for the verdict, approving where it is asked for; "" or why it is stuck."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while loop.time() < until:
        row = await _row(world, watch_id)
        if row["verdict"] is not None:
            return ""
        if row["phase"] == "awaiting_approval":
            await _ask(world, watch_id, Control.APPROVE)
        await asyncio.sleep(0.1)
    return f"stuck in {row['phase']} {PATIENCE:g} s after the last fault"


async def _row(world: World, watch_id: str) -> asyncpg.Record:
    async with world.sql() as sql:
        row = await sql.fetchrow("SELECT * FROM migration_monitor.watch WHERE id = $1", watch_id)
    assert row is not None
    return row


async def _judge(world: World, shape: Shape, number: int, watch_id: str, stuck: str) -> Found:
    found = Found()
    wrong = [stuck] if stuck else []
    row = await _row(world, watch_id)
    if not stuck and (row["verdict"], row["phase"]) != ("rolled_back", "ended"):
        wrong.append(f"{row['verdict']} in {row['phase']}: {row['reason']}")
    async with world.sql() as sql:
        effects = int(await sql.fetchval("SELECT count(*) FROM effect WHERE round = $1", number))
        back = bool(await sql.fetchval(shape.back))
        found.doubles, found.lost = max(0, effects - 1), int(effects == 0 or not back)
        wrong += await _wrong_in_ledger(sql, watch_id, len(shape.statements))
    if not stuck:
        wrong += await _wrong_in_alerts(world, watch_id)
    found.wrong = tuple(wrong)
    return found


async def _wrong_in_ledger(
    sql: asyncpg.Connection[asyncpg.Record], watch_id: str, statements: int
) -> list[str]:
    """Each statement has its row; the intent comes before the one effect."""
    steps = int(
        await sql.fetchval(
            "SELECT count(*) FROM migration_monitor.rollback_step WHERE watch_id = $1", watch_id
        )
    )
    rows = await sql.fetch(
        "SELECT kind FROM migration_monitor.event WHERE watch_id = $1 ORDER BY id", watch_id
    )
    kinds = [r["kind"] for r in rows]
    wrong = [] if steps == statements else [f"{steps} ledger rows of {statements}"]
    if kinds.count("rollback_effect") != 1:
        wrong.append(f"{kinds.count('rollback_effect')} effect events")
    elif "intent" not in kinds[: kinds.index("rollback_effect")]:
        wrong.append("the effect has no intent before it")
    return wrong


async def _wrong_in_alerts(world: World, watch_id: str) -> list[str]:
    """Every row leaves, the end is told once, a key means one thing, and what was opened is closed."""
    loop = asyncio.get_running_loop()
    until = loop.time() + DELIVERY
    while not all((rows := await _delivered(world, watch_id)).values()) and loop.time() < until:
        await asyncio.sleep(0.2)
    wrong = [f"never delivered: {key}" for key, delivered in rows.items() if not delivered]
    told = [alert for alert in world.receiver.alerts if alert["data"]["watch_id"] == watch_id]
    meanings: dict[str, set[tuple[str, str]]] = {}
    for alert in told:
        meanings.setdefault(alert["data"]["key"], set()).add((alert["type"], alert["data"]["condition"]))
    wrong += [f"two meanings of one key: {key}" for key, found in meanings.items() if len(found) > 1]
    ends = {alert["data"]["key"] for alert in told if _is_end(alert["data"])}
    if len(ends) != 1:
        wrong.append(f"its end was told under {len(ends)} keys: {sorted(ends)}")
    return wrong + _left_open([alert for alert in told if alert["data"]["key"] in rows])


def _is_end(data: dict[str, Any]) -> bool:
    return str(data["transition"]).startswith("verdict/")


def _left_open(told: list[dict[str, Any]]) -> list[str]:
    """Conditions that warned or paged, and of which the latest message is not that they are over."""
    latest: dict[str, dict[str, Any]] = {}
    first = {alert["data"]["key"]: alert for alert in reversed(told)}  # a repeat of a key says nothing new
    for alert in sorted(first.values(), key=lambda alert: str(alert["timestamp"])):
        if alert["data"]["severity"] != "info" or alert["type"] == "alert.resolved":
            latest[alert["data"]["condition"]] = alert
    return [f"left open: {c}" for c, alert in latest.items() if alert["type"] != "alert.resolved"]


async def _delivered(world: World, watch_id: str) -> dict[str, bool]:
    """Key of each message of the watch in the outbox, and whether it left."""
    async with world.sql() as sql:
        rows = await sql.fetch(
            "SELECT key, delivered_at IS NOT NULL AS left FROM migration_monitor.alert WHERE watch_id = $1",
            watch_id,
        )
    return {row["key"]: row["left"] for row in rows}
