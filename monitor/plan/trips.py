"""How often the daemon and the database wait for each other while a group holds its locks, and how long once.

Tests count them on the wire, plan by plan: what is sent under the locks and what stands here change together.
"""

from __future__ import annotations

import time

from monitor import pg
from monitor.pg import Connection
from monitor.plan.code import looks
from monitor.plan.groups import Group
from monitor.plan.stored import Plan

TRIPS = 5
"""Round trips that are remembered: one that was late for once decides nothing."""

FIXED = 12
"""Round trips under the lock of every group: what it checks, its statements, the post-condition, the effect's
row, COMMIT. 11 were counted, and one is a reserve."""

COPIES = 2
"""More of them for all that is copied or put aside, however much: what it is made of, how many rows."""

OTHERS, CODE, BELOW, WHOLE = 8, 4, 2, 5
"""More of them for functions, types and comments; code that statements may run; partitions and children; the
whole schema, which is compared with the one from before the migration."""

BOOKS, PER_WRITE = 2, 2
"""More of them where a migration tool's table is kept, and for each of its statements."""


async def round_trip(connection: Connection) -> float:
    """Seconds until the server has answered nothing at all."""
    began = time.monotonic()
    await connection.execute(f"{pg.MARK} SELECT")
    return time.monotonic() - began


def most(plan: Plan) -> int:
    """Round trips under the lock of the group that has the most; the statements of a group go together."""
    each = [_of(plan, group) for group in plan.groups if group.transactional]
    return max(each, default=0)


def _of(plan: Plan, group: Group) -> int:
    found = FIXED
    found += COPIES * bool(plan.salvaged_by(group) or plan.quarantined_by(group))
    found += OTHERS * bool(plan.others) + BELOW * bool(plan.below)
    found += CODE * any(looks(s) for s in plan.statements[group.start :])
    found += WHOLE * bool(plan.before is not None or plan.remade)
    if plan.bookkeeping is not None:
        found += BOOKS + PER_WRITE * len(plan.bookkeeping.writes)
    return found
