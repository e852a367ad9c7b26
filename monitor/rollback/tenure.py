"""How long a group may hold its locks before it gives them back: the end of an estimate that was wrong.

Above `max_locked` a plan is not ready, but that is an estimate. Once the locks are held everything ends
after HELD_FACTOR times as long: the group is rolled back and people are paged. Pure code.
"""

from __future__ import annotations

from monitor.errors import DatabaseError

HELD_FACTOR = 5
"""An estimate that is wrong by more is no estimate; by less, going on is over sooner than a page."""

NEARLY = 0.9
"""Of the cap: a cancel before that is somebody else's, and a verdict."""

CANCELLED = "57014"


class HeldTooLongError(DatabaseError):
    """Our own cap ended a try: the locks were held for as long as they may be."""

    def __init__(self, e: DatabaseError, limit: float) -> None:
        super().__init__(explained(e, limit), e.sqlstate)


def explained(e: DatabaseError, limit: float) -> str:
    """The error with its cause and the remedies."""
    return (
        f"{e}: locks are held for at most {limit:g} s ({HELD_FACTOR} times max_locked): the database answers "
        "slowly, or there is more to copy than was estimated; use --data-loss quarantine, or raise max_locked"
    )
