"""The rows in the target database that order people against the daemon and let the effect happen once.

Every function needs an open transaction; those that write need the row lock (`lock_watch`) first.
This file commits nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor import encoding
from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.pg import Connection, quote_literal
from monitor.plan.digest import INTACT
from monitor.plan.groups import Group, Standing, standing_of
from monitor.ports import Json, Order, WatchRow
from monitor.sql.scripts import Statement

LOCK_WATCH = f"""/* migration-monitor: lock the watch */
SELECT w.plan_sql, w.plan_sha256, w.plan::text AS plan, w.plan_digest, {INTACT} AS intact,
       w.verdict, w.intent_at IS NOT NULL AS intent,
       w.cancelled_at IS NOT NULL AS cancelled,
       w.paused_at IS NOT NULL AND (w.resumed_at IS NULL OR w.resumed_at < w.paused_at) AS paused,
       (extract(epoch FROM w.paused_at) * 1000000)::bigint AS paused_at,
       coalesce(w.rollback_at >= w.paused_at, false) AS ordered_since
  FROM migration_monitor.watch w WHERE w.id = $1 FOR UPDATE"""

NEWER = """/* migration-monitor: a newer watch on the target */
SELECT n.migration FROM migration_monitor.watch w
  JOIN migration_monitor.watch n ON n.target = w.target AND n.seq > w.seq
 WHERE w.id = $1
   AND (n.verdict IS NULL OR n.verdict NOT IN ('cancelled', 'rolled_back', 'resolved_externally'))
 ORDER BY n.seq DESC LIMIT 1"""

STEPS = """/* migration-monitor: the ledger of a watch */
SELECT step, sha256, state FROM migration_monitor.rollback_step WHERE watch_id = $1 ORDER BY step"""

ADD_STEPS = """/* migration-monitor: ledger rows */
INSERT INTO migration_monitor.rollback_step (watch_id, step, sha256, state, done_at)
SELECT {watch_id}, s.step, s.sha256, 'done', pg_catalog.clock_timestamp()
  FROM (VALUES {rows}) AS s(step, sha256)"""

START_STEP = """/* migration-monitor: a statement outside a transaction begins */
INSERT INTO migration_monitor.rollback_step (watch_id, step, sha256, state) VALUES ($1, $2, $3, 'started')"""

FINISH_STEP = """/* migration-monitor: its post-condition holds */
UPDATE migration_monitor.rollback_step SET state = 'done', done_at = pg_catalog.clock_timestamp()
 WHERE watch_id = $1 AND step = $2 AND sha256 = $3 AND state = 'started'"""

SET_INTENT = """/* migration-monitor: intent */
UPDATE migration_monitor.watch SET intent_at = coalesce(intent_at, pg_catalog.clock_timestamp())
 WHERE id = $1"""

CLEAR_INTENT = """/* migration-monitor: intent withdrawn */
UPDATE migration_monitor.watch SET intent_at = NULL WHERE id = $1"""

ADD_EVENT = """/* migration-monitor: event */
INSERT INTO migration_monitor.event (watch_id, target, at, kind, detail, key) VALUES ({values})
ON CONFLICT (key) DO NOTHING"""
"""Written as text: a statement with parameters costs a round trip more the first time, under the locks."""

EFFECT = """/* migration-monitor: what the rollback did */
SELECT detail::text FROM migration_monitor.event WHERE key = $1"""

INTENT = """/* migration-monitor: the committed decision */
SELECT (extract(epoch FROM at) * 1000000)::bigint AS at, detail::text AS detail
  FROM migration_monitor.event WHERE watch_id = $1 AND kind = 'intent' ORDER BY id DESC LIMIT 1"""

GROUPS = """/* migration-monitor: what the groups of a rollback did */
SELECT detail::text AS detail FROM migration_monitor.event
 WHERE watch_id = $1 AND kind = 'rollback_group' ORDER BY id"""


@dataclass(frozen=True, slots=True)
class Locked:
    """The watch's row, under its lock."""

    sql: str
    sha256: str
    plan: Json
    verdict: str | None
    intent: bool
    cancelled: bool
    paused: bool
    paused_at: Micros | None
    ordered_since: bool  # a person asked for the rollback after the pause
    digest: str
    intact: bool

    def overruled(self, order: Order) -> str:
        """Why a person's control, or a verdict, forbids an intent now; "" if nothing does.

        A pause that the decision did not know of has cleared its streak, even if it is over.
        """
        if self.verdict is not None:
            return f"the watch has ended: {self.verdict}"
        if self.cancelled:
            return "a person cancelled the watch before the rollback's intent"
        unknown = self.paused_at is not None and self.paused_at != order.watch.controls.paused_at
        if (self.paused or unknown) and not (order.by and self.ordered_since):
            return "a person paused the watch before the rollback's intent"
        return ""


async def lock_watch(connection: Connection, watch_id: str) -> Locked | None:
    """Waits for whoever holds the row, as long as lock_timeout allows; None: there is no such watch."""
    r = await connection.fetchrow(LOCK_WATCH, watch_id)
    if r is None:
        return None
    plan: dict[str, Any] = encoding.loads(connection, r["plan"])
    return Locked(
        r["plan_sql"], r["plan_sha256"], plan, r["verdict"], r["intent"], r["cancelled"], r["paused"],
        r["paused_at"], r["ordered_since"], r["plan_digest"], r["intact"],
    )  # fmt: skip


async def newer_watch(connection: Connection, watch_id: str) -> str | None:
    """The migration of a later watch on the same target that stands in the way."""
    found: str | None = await connection.fetchval(NEWER, watch_id)
    return found


async def standing(connection: Connection, watch_id: str, statements: Sequence[Statement]) -> Standing:
    """How far the plan has come. A row that is not of these statements makes it alien."""
    rows = await connection.fetch(STEPS, watch_id)
    concluded = await connection.fetchval(EFFECT, _effect_key(watch_id)) is not None
    return standing_of(statements, [(r["step"], r["sha256"], r["state"]) for r in rows], concluded)


def steps_sql(watch_id: str, statements: Sequence[Statement]) -> str:
    """One row a statement; as text, so that it goes with the last of them.

    The primary key is what makes a second execution impossible.
    """
    rows = ", ".join(f"({s.step:d}, {quote_literal(s.sha256)})" for s in statements)
    return ADD_STEPS.format(watch_id=quote_literal(watch_id), rows=rows)


async def start_step(connection: Connection, watch_id: str, s: Statement) -> None:
    """The statement may take effect from here on. The primary key lets one daemon say so."""
    await connection.execute(START_STEP, watch_id, s.step, s.sha256)


async def finish_step(connection: Connection, watch_id: str, s: Statement) -> None:
    """Its post-condition was read. Said again after a lost answer it changes nothing."""
    await connection.execute(FINISH_STEP, watch_id, s.step, s.sha256)


async def add_intent(connection: Connection, order: Order, timeline: int = 0) -> None:
    """The decision, its evidence and the timeline; written again after a lost answer it stays one row."""
    await connection.execute(SET_INTENT, order.watch.id)
    detail = {
        "rule": order.rule,
        "since": seconds(order.since),
        "by": order.by,
        "evidence": order.evidence,
        "timeline": timeline,
    }
    await add_event(
        connection, order.watch, order.at, "intent", detail, f"{order.watch.id}/intent/{order.at}"
    )


async def add_followed(connection: Connection, order: Order, before: int, now: int) -> None:
    """The intent is there on another timeline, and what was committed before: it goes on there."""
    key = f"{order.watch.id}/intent/{order.at}/timeline/{now}"
    detail = {"before": before, "timeline": now}
    await add_event(connection, order.watch, order.at, "intent_followed", detail, key)


async def intended(connection: Connection, watch: WatchRow) -> Order:
    """What `add_intent` wrote last; without it the moment of the intent stands for the decision."""
    r = await connection.fetchrow(INTENT, watch.id)
    if r is None:
        at = watch.intent_at or 0
        return Order(watch, at, "", at, {})
    detail: dict[str, Any] = encoding.loads(connection, r["detail"])
    since = round(float(detail["since"]) * SECOND)
    return Order(watch, r["at"], detail["rule"], since, detail["evidence"], detail["by"])


async def withdraw(connection: Connection, watch: WatchRow, at: Micros, why: str) -> None:
    """Pause and cancel are possible again."""
    await connection.execute(CLEAR_INTENT, watch.id)
    key = f"{watch.id}/intent_withdrawn/{at}"
    await add_event(connection, watch, at, "intent_withdrawn", {"reason": why}, key)


async def add_event(
    connection: Connection, watch: WatchRow, at: Micros, kind: str, detail: Json, key: str
) -> None:
    text = encoding.dumps(connection, json.dumps(detail, default=str))
    moment = f"'epoch'::timestamptz + {at:d}::bigint * interval '1 microsecond'"
    first, last = map(_constants, ((watch.id, watch.target), (kind, text, key)))
    await connection.execute(ADD_EVENT.format(values=f"{first}, {moment}, {last}"))


def _constants(values: Sequence[str]) -> str:
    return ", ".join(map(quote_literal, values))


async def add_effect(connection: Connection, order: Order, detail: Json) -> None:
    """What was done and whether it holds, committed with it."""
    await add_event(connection, order.watch, order.at, "rollback_effect", detail, _effect_key(order.watch.id))


async def add_group(connection: Connection, order: Order, group: Group, detail: Json) -> None:
    """What a transactional group did that is not the last, committed with it."""
    key = f"{order.watch.id}/group/{group.number}"
    steps = {"steps": sorted(group.steps), **detail}
    await add_event(connection, order.watch, order.at, "rollback_group", steps, key)


async def salvaged_before(connection: Connection, watch_id: str) -> list[dict[str, Any]]:
    """What the groups before the last copied away, as their event rows say."""
    rows = await connection.fetch(GROUPS, watch_id)
    return [copy for r in rows for copy in encoding.loads(connection, r["detail"]).get("salvaged", ())]


async def effect(connection: Connection, watch_id: str) -> dict[str, Any]:
    """What `add_effect` wrote; {} if nothing."""
    text = await connection.fetchval(EFFECT, _effect_key(watch_id))
    found: dict[str, Any] = encoding.loads(connection, text) if text else {}
    return found


def _effect_key(watch_id: str) -> str:
    return f"{watch_id}/effect"
