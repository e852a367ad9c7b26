"""What the page asks of the history: samples summed up by time, and the alerts of a watch; bounded reads."""

from __future__ import annotations

from collections.abc import Sequence

from monitor import pg
from monitor.core.samples import SECOND, Micros
from monitor.ports import AlertTold, SampleSlot

SLOTS = """/* migration-monitor */
SELECT metric, floor(extract(epoch FROM at - $2) / $4)::int4 AS slot, max(at) AS at,
       min(value) AS low, max(value) AS high,
       count(*) FILTER (WHERE value IS NULL) AS missing, count(*) FILTER (WHERE quiet) AS quiet,
       coalesce(max(reason) FILTER (WHERE value IS NULL), '') AS reason
  FROM migration_monitor.sample
 WHERE target = $1 AND at >= $2 AND at < $3
 GROUP BY metric, slot ORDER BY slot, metric
"""

ALERTS = """/* migration-monitor */
SELECT at, channel, message->>'severity' AS severity, message->>'title' AS title,
       attempts, delivered_at, given_up_at, last_error
  FROM migration_monitor.alert
 WHERE target = $1 AND watch_id = $2 AND message->>'quiet' IS DISTINCT FROM 'true'
 ORDER BY at DESC, key LIMIT $3
"""


async def slots_between(
    connection: pg.Connection, target: str, since: Micros, until: Micros, width: Micros
) -> Sequence[SampleSlot]:
    """Slots of `width` from `since` on, those with samples; in order of time."""
    rows = await connection.fetch(SLOTS, target, since, until, width / SECOND)
    return [
        SampleSlot(
            r["metric"], r["slot"], r["at"], r["low"], r["high"], r["missing"], r["quiet"], r["reason"]
        )
        for r in rows
    ]


async def alerts_of(connection: pg.Connection, target: str, watch_id: str, limit: int) -> Sequence[AlertTold]:
    """Newest first."""
    return [
        AlertTold(
            at=r["at"],
            channel=r["channel"],
            severity=r["severity"] or "",
            title=r["title"] or "",
            attempts=r["attempts"],
            delivered_at=r["delivered_at"],
            given_up_at=r["given_up_at"],
            error=r["last_error"],
        )
        for r in await connection.fetch(ALERTS, target, watch_id, limit)
    ]
