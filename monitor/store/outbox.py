"""The outbox of a target: alerts until they are delivered or given up."""

from __future__ import annotations

from collections.abc import Sequence

from monitor import pg
from monitor.ports import AlertRow
from monitor.store.rows import alert_from
from monitor.store.session import sentence

AT_ONCE = 500
"""Rows read in one call; the rest is read when these are settled."""

UNDELIVERED = """/* migration-monitor */
SELECT key, channel, message, attempts FROM migration_monitor.alert
 WHERE target = $1 AND delivered_at IS NULL AND given_up_at IS NULL ORDER BY at, key LIMIT $2
"""

SETTLE = """/* migration-monitor */
UPDATE migration_monitor.alert
   SET attempts = greatest(attempts, $3),
       delivered_at = CASE WHEN $2 THEN coalesce(delivered_at, clock_timestamp()) ELSE delivered_at END,
       given_up_at = CASE WHEN $5 AND NOT $2 THEN coalesce(given_up_at, clock_timestamp())
                          ELSE given_up_at END,
       last_error = $4,
       message = CASE WHEN $6::text = '' THEN message
                      ELSE message || jsonb_build_object('receipt', $6::text) END
 WHERE key = $1
"""

RECEIPT = """/* migration-monitor */
SELECT message ->> 'receipt' FROM migration_monitor.alert
 WHERE target = $1 AND channel = $2 AND message ->> 'receipt' <> ''
   AND coalesce(nullif(message ->> 'story', ''), message ->> 'condition') = $3
 ORDER BY at DESC, key DESC LIMIT 1
"""
"""Asked once for each thread after a restart, of the alerts that `retention` has left."""


async def undelivered(connection: pg.Connection, target: str) -> Sequence[AlertRow]:
    """Oldest first."""
    return [alert_from(row) for row in await connection.fetch(UNDELIVERED, target, AT_ONCE)]


async def settle(
    connection: pg.Connection, key: str, *, delivered: bool, attempts: int, error: str, final: bool,
    receipt: str = "",
) -> None:  # fmt: skip
    await connection.execute(
        SETTLE, key, delivered, attempts, sentence(connection, error), final, sentence(connection, receipt)
    )


async def receipt(connection: pg.Connection, target: str, channel: str, thread: str) -> str:
    """The latest one that a channel returned for a message of the thread; "" without one."""
    found: str | None = await connection.fetchval(RECEIPT, target, channel, thread)
    return found or ""
