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
    "before_commit_1", "after_commit_1",
    "before_started_1", "after_started_1", "after_cleaned_1", "after_run_1", "after_done_1",
)  # fmt: skip
"""`after_statement_<n>` exists for every statement in a transaction; `<before|after>_commit_<n>` for every
transactional group, counted with the others. The last line is of statement n outside a transaction: `started`
committed, what an interrupted run left removed, the statement run, `done` committed."""


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
