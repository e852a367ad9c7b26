"""Which migration is watched instead of an older one on the same target: only its name, for people.

Who may roll back is decided by the database (`Controls.superseded`), not here. While the newer one is open it
tells people what is so on the target: the older ones write it down and are silent.
"""

from __future__ import annotations

from collections.abc import Collection

from monitor.daemon.keeper import Keeper


def name_the_newest(keepers: Collection[Keeper]) -> None:
    """Tells every older watch. One whose newer watch has ended keeps the name it was told."""
    running = [keeper for keeper in keepers if not keeper.ended]
    newest = max(running, key=lambda keeper: keeper.row.seq, default=None)
    for keeper in keepers:
        keeper.aside = newest is not None and keeper.row.seq < newest.row.seq
        if newest is not None and keeper.aside:
            keeper.newer = newest.row.migration
