"""The tries of one statement outside a transaction: how many ended badly, and whether one is in doubt.

This file decides nothing about the plan; protocol.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.ports import Progress, ProgressKind
from monitor.statements.standing import Found, State

MAX_RUNS = 5
"""Runs of one statement that ended badly, until people are called; waiting for locks is not counted."""

CANCELLED = "57014"
"""Somebody cancelled it, or statement_timeout did."""

SPOILED = "MM001"
"""Ours: it ran, and its effect is not there."""

CONFLICTS = frozenset({"55P03", "40P01"})


class RunFailedError(Exception):
    """The statement was sent and did not end well; what it left is for the next try to see."""

    def __init__(self, cause: DatabaseError) -> None:
        self.cause = cause
        super().__init__(str(cause))


@dataclass(slots=True)
class Tries:
    """Of the statement under way."""

    report: Callable[[Progress], None]
    failed: int = 0
    lost: bool = False  # the answer to the last of them

    def count(self, e: RunFailedError) -> bool:
        """Whether another run can't help, or has been tried often enough."""
        state = e.cause.sqlstate
        if state in CONFLICTS:
            return False
        self.failed += 1
        again = isinstance(e.cause, DatabaseUnreachable) or pg.is_retryable(state)
        return self.failed >= MAX_RUNS or not (again or state in {CANCELLED, SPOILED} | pg.NO_ROOM)

    def interrupted(self, e: DatabaseError) -> None:
        """Raises what is waited out like any trouble; the rest is run again."""
        self.lost = isinstance(e, DatabaseUnreachable)
        if self.lost:
            text = f"{e}: the catalogue will show whether it took effect, once its session is gone"
            self.report(Progress(ProgressKind.IN_DOUBT, text))
        if self.lost or pg.is_retryable(e.sqlstate):
            raise e
        text = f"{e}: its leftovers are removed, and it is run again"
        self.report(Progress(ProgressKind.RETRY, text, {"failed_runs": self.failed}))

    def seen(self, found: Found) -> None:
        """What the catalogue said of an earlier run: the end of a doubt."""
        if self.lost:
            self.lost = False
            done = found.state is State.DONE
            text = f"the catalogue says: the statement {'took effect' if done else 'did not take effect'}"
            self.report(Progress(ProgressKind.SETTLED, text, {"committed": done}))
