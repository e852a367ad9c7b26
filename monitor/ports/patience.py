"""How patient a try is, and how long to rest between tries.

Doubling wins against overlapping readers where a fixed 100 ms never does; the cap keeps the
application's wait behind us short.

Who has one lock and waits for another can be part of a deadlock, and the server ends whoever has waited
longest for `deadlock_timeout`: perhaps the application. So nothing is waited for any more when a session
that waits for us may come to look. Without a lock in hand any wait is harmless.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST_TIMEOUT = 0.1
"""Seconds of the first try."""

YIELDS_AFTER = 0.5
"""Beyond our own deadlock_timeout: an autovacuum in our way is cancelled by the server only after that."""

PATIENT_EVERY = 4
"""Of the tries for several tables: one waits for a single table only, as long as it may, and takes the others
if they are free."""

HINDERED_MAX = 60.0
"""Seconds between tries that the server could not finish."""

SAFE = 0.7
"""Of the shortest deadlock_timeout that sessions of this server have: the rest is for a busy machine."""


@dataclass(frozen=True, slots=True)
class DeadlockTimeout:
    """Seconds. `own`: of the rollback's session; `shortest`: of any session that may wait for it."""

    own: float = 1.0
    shortest: float = 1.0

    @property
    def safe(self) -> float:
        """From the first lock on, how long another one may be waited for."""
        return SAFE * self.shortest


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A try waits `first` for the table that it begins with, and `held` in all with a lock in hand.

    `held` 0: what is not free at once, is not taken.
    """

    first: float
    held: float


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """Seconds. One try waits at most `max_app_stall` for all its locks; `budget` until people are paged."""

    max_app_stall: float = 2.0
    budget: float = 120.0
    rest: float = 0.1  # the first rest between tries, doubled up to rest_max
    rest_max: float = 2.0
    slow_rest: float = 10.0  # after the budget

    def timeout(self, attempt: int, at_least: float = 0.0) -> float:
        """How long try `attempt` (from 1) may wait for its locks, in all."""
        doubled = FIRST_TIMEOUT * 2.0 ** min(attempt - 1, 20)
        return min(max(doubled, at_least), self.max_app_stall)

    def with_locks(self, attempt: int) -> float:
        """The same for who has other locks in hand, and has not asked for deadlock_timeout."""
        return min(self.timeout(attempt), DeadlockTimeout().safe)

    def patience(self, attempt: int, tables: int, deadlock: DeadlockTimeout, vacuumed: bool) -> Patience:
        """Of one try. `vacuumed`: the last one waited for an autovacuum, and for nobody else."""
        seconds = self.timeout(attempt, deadlock.own + YIELDS_AFTER if vacuumed else 0.0)
        if tables > 1 and (vacuumed or attempt % PATIENT_EVERY == 0) and seconds > deadlock.safe:
            return Patience(seconds, 0.0)
        held = min(seconds, deadlock.safe)
        return Patience(held if tables > 1 else seconds, held)

    def rest_hindered(self, times: int) -> float:
        """After a try that had its locks for long and came to nothing: each one stalls the application."""
        return min(self.slow_rest * 2.0 ** min(times - 2, 20), HINDERED_MAX) * random.uniform(0.8, 1.2)  # noqa: S311 - as below

    def rest_after(self, attempt: int, spent: float) -> float:
        """Jittered, so that two daemons or two readers in step come out of step."""
        whole = self.rest * 2.0 ** min(attempt - 1, 20)
        longest = self.slow_rest if spent >= self.budget else self.rest_max
        base = longest if spent >= self.budget else min(whole, longest)
        return base * random.uniform(0.5, 1.5)  # noqa: S311 - spreading, not a secret
