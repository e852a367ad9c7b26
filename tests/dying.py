"""A process that dies by SIGKILL at a named point of a rollback, to prove that dying there is harmless."""

from __future__ import annotations

import os
import signal

from monitor.rollback.killpoints import KillPoint


def deadly(chosen: str) -> KillPoint:
    """Kills this process at the point of that name; "" is none."""

    def point(name: str) -> None:
        if name == chosen:
            os.kill(os.getpid(), signal.SIGKILL)

    return point
