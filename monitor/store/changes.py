"""How the database was when a watch began, and what is different now; written by the daemon.

The baseline is written once: what is there stays.
"""

from __future__ import annotations

from monitor import pg
from monitor.ports import Json

KEEP = """/* migration-monitor */
INSERT INTO migration_monitor.comparison (watch_id, baseline, changes) VALUES ($1, $2, $3)
ON CONFLICT (watch_id) DO UPDATE SET changes = excluded.changes, updated_at = clock_timestamp()
"""

BASELINE = "/* migration-monitor */ SELECT baseline FROM migration_monitor.comparison WHERE watch_id = $1"

CHANGES = "/* migration-monitor */ SELECT changes FROM migration_monitor.comparison WHERE watch_id = $1"


async def baseline_of(connection: pg.Connection, watch_id: str) -> Json | None:
    found: Json | None = await connection.fetchval(BASELINE, watch_id)
    return found


async def changes_of(connection: pg.Connection, watch_id: str) -> Json | None:
    found: Json | None = await connection.fetchval(CHANGES, watch_id)
    return found


async def keep(connection: pg.Connection, watch_id: str, baseline: Json, changes: Json | None) -> None:
    await connection.execute(KEEP, watch_id, baseline, changes)
