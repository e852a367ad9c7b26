"""Named points at which the process can be made to die, to prove that dying there is harmless.

With MIGRATION_MONITOR_KILL_AT unset, as always outside tests, a point does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping

VARIABLE = "MIGRATION_MONITOR_KILL_AT"

KillPoint = Callable[[str], None]

POINTS = (
    "before_intent", "after_intent", "after_statement_1", "after_ledger_row", "before_commit", "after_commit",
)  # fmt: skip
"""`after_statement_<n>` exists for every statement."""


def harmless(_: str) -> None:
    """The null object."""


def from_environment(environment: Mapping[str, str] = os.environ) -> KillPoint:
    """A point that kills this process when it is the one named by the variable."""
    chosen = environment.get(VARIABLE, "")
    return _deadly(chosen) if chosen else harmless


def _deadly(chosen: str) -> KillPoint:
    def point(name: str) -> None:
        if name == chosen:
            os.kill(os.getpid(), signal.SIGKILL)

    return point
