"""The row that says to people, and to the next daemon, who looks after a store.

The advisory lock decides; this row only tells. It also shows whether somebody else was there meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor import pg
from monitor.core.samples import Micros

HOLDER = "/* migration-monitor */ SELECT holder, acquired_at FROM migration_monitor.lease WHERE name = $1"

TAKE = """/* migration-monitor */
WITH before AS (SELECT holder, acquired_at FROM migration_monitor.lease WHERE name = $1)
INSERT INTO migration_monitor.lease (name, holder) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE
   SET holder = excluded.holder, acquired_at = clock_timestamp(), renewed_at = clock_timestamp()
RETURNING holder, acquired_at,
          (SELECT holder FROM before) AS old_holder, (SELECT acquired_at FROM before) AS old_acquired_at
"""

RENEW = """/* migration-monitor */
UPDATE migration_monitor.lease SET renewed_at = clock_timestamp() WHERE name = $1 AND holder = $2
"""


FRESH = """/* migration-monitor */
SELECT renewed_at > pg_catalog.clock_timestamp() - $2::float8 * interval '1 second'
  FROM migration_monitor.lease WHERE name = $1
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who took a store, and when (database time)."""

    holder: str
    acquired_at: Micros


async def lease_of(connection: pg.Connection, name: str) -> Lease | None:
    row = await connection.fetchrow(HOLDER, name)
    return None if row is None else Lease(row["holder"], row["acquired_at"])


async def is_fresh(connection: pg.Connection, name: str, seconds: float) -> bool:
    """Whether its holder wrote within so many seconds, by the database's clock."""
    return bool(await connection.fetchval(FRESH, name, seconds))


async def take_lease(connection: pg.Connection, name: str, holder: str) -> tuple[Lease, Lease | None]:
    """Writes the row; returns it and the one before."""
    row = await connection.fetchrow(TAKE, name, holder)
    assert row is not None  # noqa: S101  an upsert always returns its row
    before = None if row["old_holder"] is None else Lease(row["old_holder"], row["old_acquired_at"])
    return Lease(row["holder"], row["acquired_at"]), before


async def renew_lease(connection: pg.Connection, name: str, holder: str) -> None:
    await connection.execute(RENEW, name, holder)
