"""A daemon's share in a rollback, as a process that can be killed: settle, then execute.

python -m tests.chaos.rollback_process DSN WATCH [POINT]: with POINT it dies there.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from monitor.rollback.executor import Limits
from tests.dying import deadly
from tests.rollbacks import FAST, Heard, executing, load, order


async def main(dsn: str, watch_id: str, point: str = "") -> None:
    watch, heard = await load(dsn, watch_id), Heard()
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with executing(dsn, Limits(locks=FAST), deadly(point)) as executor:
        print("started", flush=True)
        outcome = await executor.settle(watch, lambda: True, heard)
        if outcome is None:
            outcome = await executor.execute(order(watch), lambda: True, heard)
        print(outcome.kind.value, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
