"""Whether this daemon may still act on its target, asked inside the transaction that acts.

A daemon that was stopped and woken, or cut off, can have been replaced without knowing it. The effect
happens once whoever executes it; this keeps the replaced one from doing anything at all.
This file knows neither the lock nor its owner: the store brings the guard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from monitor.pg import Connection

Guard = Callable[[Connection], Awaitable[None]]
"""Called first in each of our transactions on the target. Raises StoreHeld when another daemon looks
after the target, DatabaseUnreachable when that is not known yet; until the transaction ends nobody
takes the target over."""


async def unguarded(_: Connection) -> None:
    """The null object: nobody else is there."""
