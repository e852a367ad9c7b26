"""The daemon as `migration-monitor run` runs it, in a process whose event loop can be made to stand still.

python -m tests.chaos.blocking_daemon CONFIG SECONDS: SIGUSR1 blocks the loop for that long; the notify
socket is told when it begins and when it is over, in order with what the daemon tells.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

from monitor import app
from monitor.cli.logs import to_stderr
from monitor.notify import Systemd
from monitor.settings import load


async def main(config: str, seconds: float) -> None:
    supervisor = Systemd(os.environ["NOTIFY_SOCKET"])

    def block() -> None:
        supervisor.tell("X_BLOCKED=1")
        time.sleep(seconds)
        supervisor.tell("X_AWAKE=1")

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, block)
    await app.run(load(config))


if __name__ == "__main__":
    to_stderr()
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
