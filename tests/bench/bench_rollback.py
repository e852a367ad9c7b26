"""How long after the hold is the rollback committed? The whole daemon, real PostgreSQL, real HTTP.

Each run: a daemon with `fast_interval: 1s`, a sustained breach, no lock in the way. Counted is the time
from the end of the hold (first breaching sample + rollback_for) to the ledger row, written in the
transaction of the rollback right before its COMMIT.

    uv run python -m tests.bench.bench_rollback [RUNS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from tests import servers
from tests.scenarios.stage import Stage, set_up

RUNS = 9
HOLD = 5.0

LATE = """
SELECT (extract(epoch FROM s.done_at) - (e.detail->>'since')::float8 - $1)::float8 AS rollback,
       (extract(epoch FROM e.at) - (e.detail->>'since')::float8 - $1)::float8 AS decision
  FROM migration_monitor.rollback_step s, migration_monitor.event e WHERE e.kind = 'rollback_decided'
"""


async def once(stage: Stage) -> tuple[float, float]:
    """Seconds from the end of the hold to the ledger row and to the decision."""
    await stage.watch()
    stage.app.set(0.05)
    await stage.verdict()
    row = await stage.sql.fetchrow(LATE, HOLD)
    assert row is not None
    return row["rollback"], row["decision"]


async def main(runs: int) -> None:
    server = servers.server(servers.BINARIES[0].major)
    found = []
    for _ in range(runs):
        name = await servers.new_database(server)
        with tempfile.TemporaryDirectory() as folder:
            times: Any = {"interval": "1s", "fast_interval": "1s", "hold": f"{HOLD:g}s", "max_gap": "5s"}
            async with set_up(server.dsn(name), Path(folder), **times) as stage:
                found.append(await once(stage))
        await servers.drop_database(server, name)
    rollbacks, decisions = sorted(r for r, _ in found), sorted(d for _, d in found)
    print(f"PostgreSQL {server.binaries.major}, {runs} runs, fast_interval 1 s: seconds after the hold")
    for what, values in (("decided", decisions), ("rolled back", rollbacks)):
        print(f"{what:12} p50 {median(values):.3f}   min {values[0]:.3f}   max {values[-1]:.3f}")


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
    finally:
        servers.stop_all()
