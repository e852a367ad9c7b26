"""One order of the events of a watch whose history has a database of its own.

Registration, controls and intent stand in the target's database, all else in the history's; each numbers
its own rows. The cursor of both is one number: the position in the target's in the high bits, that in
the history's in the low 32. It stays below 2**53 (exact in JSON) for two million rows in the target's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.ports import EventRow

LOW_BITS = 32


def split(cursor: int) -> tuple[int, int]:
    """The positions in the target's database and in the history's."""
    return cursor >> LOW_BITS, cursor & ((1 << LOW_BITS) - 1)


def merged(home: Sequence[EventRow], history: Sequence[EventRow], after: int) -> list[EventRow]:
    """Both in order of time, each event's id replaced by the cursor behind it."""
    here, there = split(after)
    rows: list[EventRow] = []
    waiting_here, waiting_there = list(reversed(home)), list(reversed(history))
    while waiting_here or waiting_there:
        if not waiting_there or (waiting_here and waiting_here[-1].at <= waiting_there[-1].at):
            row = waiting_here.pop()
            here = row.id
        else:
            row = waiting_there.pop()
            there = row.id
        rows.append(replace(row, id=here << LOW_BITS | there))
    return rows
