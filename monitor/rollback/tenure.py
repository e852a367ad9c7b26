"""How long a group may hold its locks before it gives them back: the end of an estimate that was wrong.

Above `max_locked` a plan is not ready, but that is an estimate. Once the locks are held everything ends
after HELD_FACTOR times as long: the group is rolled back and people are paged. Pure code.
"""

from __future__ import annotations

import time

from monitor.errors import DatabaseError

HELD_FACTOR = 5
"""An estimate that is wrong by more is no estimate; by less, going on is over sooner than a page."""

LEAST = 0.05
"""Seconds left to a statement when the time is over: it fails at once; 0 would mean for ever."""

CANCELLED = "57014"


def setting(held_since: float, limit: float) -> str:
    """A statement that gives the next ones what is left of `limit` seconds since `held_since`."""
    left = max(LEAST, limit - (time.monotonic() - held_since))
    return f"SET LOCAL statement_timeout = '{round(left * 1000)}ms'"


def explained(e: DatabaseError, limit: float) -> str:
    """The error, with the remedy when it is that the time was over."""
    if e.sqlstate != CANCELLED:
        return str(e)
    return (
        f"{e}: locks are held for at most {limit:g} s ({HELD_FACTOR} times max_locked); "
        "use --data-loss quarantine, or raise max_locked"
    )
