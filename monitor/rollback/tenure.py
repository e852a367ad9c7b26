"""How long a group may hold its locks before it gives them back: the end of an estimate that was wrong.

Above `max_locked` a plan is not ready, but that is an estimate. Once the locks are held everything ends
after HELD_FACTOR times as long: the group is rolled back and people are paged. Pure code.
"""

from __future__ import annotations

from monitor.errors import DatabaseError

HELD_FACTOR = 5
"""An estimate that is wrong by more is no estimate; by less, going on is over sooner than a page."""

CANCELLED = "57014"


def explained(e: DatabaseError, limit: float) -> str:
    """The error, with the remedy when it is that the time was over."""
    if e.sqlstate != CANCELLED:
        return str(e)
    return (
        f"{e}: locks are held for at most {limit:g} s ({HELD_FACTOR} times max_locked); "
        "use --data-loss quarantine, or raise max_locked"
    )
