"""How patient a try is, and how long to rest between tries.

Doubling wins against overlapping readers where a fixed 100 ms never does; the cap keeps the
application's wait behind us short.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST_TIMEOUT = 0.1
"""Seconds of the first try."""

DEADLOCK_MARGIN = 0.5
"""Beyond deadlock_timeout: a waiting autovacuum is cancelled by the server only after that."""

DEADLOCK_EVERY = 4


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """Seconds. One try waits at most `max_app_stall` for all its locks; `budget` until people are paged."""

    max_app_stall: float = 2.0
    budget: float = 120.0
    rest: float = 0.1  # the first rest between tries, doubled up to rest_max
    rest_max: float = 2.0
    slow_rest: float = 10.0  # after the budget

    def timeout(self, attempt: int, deadlock_timeout: float) -> float:
        """How long try `attempt` (from 1) may wait for its locks, in all."""
        doubled = FIRST_TIMEOUT * 2.0 ** min(attempt - 1, 20)
        if attempt % DEADLOCK_EVERY == 0:
            doubled = max(doubled, deadlock_timeout + DEADLOCK_MARGIN)
        return min(doubled, self.max_app_stall)

    def rest_after(self, attempt: int, spent: float) -> float:
        """Jittered, so that two daemons or two readers in step come out of step."""
        whole = self.rest * 2.0 ** min(attempt - 1, 20)
        longest = self.slow_rest if spent >= self.budget else self.rest_max
        base = longest if spent >= self.budget else min(whole, longest)
        return base * random.uniform(0.5, 1.5)  # noqa: S311 - spreading, not a secret
