"""Refused registrations: event rows that belong to no watch."""

from __future__ import annotations

from collections.abc import Sequence

from monitor import pg
from monitor.core.samples import Micros
from monitor.ports import Refusal, Refused, Via
from monitor.store.locks import CHANNEL
from monitor.store.registering import NOTIFY
from monitor.store.session import clean

KIND = "registration_refused"

MOST = 100
"""Of one target; a pipeline in a loop fills no screen."""

ADD = """/* migration-monitor */
INSERT INTO migration_monitor.event (target, at, kind, detail)
VALUES ($1, clock_timestamp(), $2, $3)
"""

LATEST = """/* migration-monitor */
SELECT e.id, e.at, e.detail,
       EXISTS (SELECT FROM migration_monitor.watch w
                WHERE w.target = e.target AND w.migration = e.detail ->> 'migration'
                  AND w.registered_at > e.at) AS watched_since,
       EXISTS (SELECT FROM migration_monitor.watch w
                WHERE w.target = e.target AND w.migration = e.detail ->> 'migration'
                  AND w.verdict IS NULL AND w.cancelled_at IS NULL) AS open
  FROM migration_monitor.event e
 WHERE e.watch_id IS NULL AND e.target = $1 AND e.kind = $2 AND e.at >= $3
 ORDER BY e.id DESC LIMIT $4
"""


async def add(connection: pg.Connection, target: str, refusal: Refusal) -> None:
    """Writes it and wakes the daemon."""
    detail = {
        "migration": clean(refusal.migration), "reasons": list(refusal.reasons), "by": refusal.by,
        "via": refusal.via.value,
    }  # fmt: skip
    await connection.execute(ADD, target, KIND, detail)
    await connection.execute(NOTIFY, CHANNEL, target)


async def latest(connection: pg.Connection, target: str, since: Micros) -> Sequence[Refused]:
    """Newest first."""
    rows = await connection.fetch(LATEST, target, KIND, since, MOST)
    return [
        Refused(
            row["id"], row["at"],
            Refusal(
                row["detail"]["migration"], tuple(row["detail"]["reasons"]), row["detail"]["by"],
                Via(row["detail"]["via"]),
            ),
            row["watched_since"], row["open"],
        )
        for row in rows
    ]  # fmt: skip
