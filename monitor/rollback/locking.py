"""The statements that take a group's locks, and that limit what its other statements may wait and last.

What a try has waited and for how long it has had its locks is reckoned by the server's clock, in its
transaction: on a slow network ours knows neither. This file sends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from monitor.pg import MARK
from monitor.ports.patience import Patience
from monitor.rollback.advance import Lock

LOCK_MARGIN = 0.05
"""Seconds that statement_timeout leaves to lock_timeout, which says what was waited for."""

LEAST_WAIT = 0.001
"""Seconds; 0 would mean for ever."""

LEAST_TIME = 0.05
"""Seconds left to a statement when the time is over: it fails at once."""

NOW = "extract(epoch FROM pg_catalog.clock_timestamp())"


def taking(locks: Sequence[Lock], patience: Patience) -> str:
    """All of them in one message. lock_timeout is for each table and partition, statement_timeout for all of
    a statement, so it has the last word."""
    if not locks:
        return _noted("held")
    first, rest = _limits(patience.first), locks[1:]
    parts = [_noted("began"), first, _lock(locks[:1])]
    for run in _runs(rest):
        parts += [_left(patience.held), _lock(run)] if patience.held else [_lock(run, " NOWAIT")]
    return "; ".join([*parts, _noted("held")])


def snatching(locks: Sequence[Lock], *, again: bool) -> str:
    """All of them, or none at once: nobody waits for us. A failure leaves the transaction to the next one."""
    parts = [AGAIN if again else ONCE, _noted("began")]
    parts += [_lock(run, " NOWAIT") for run in _runs(locks)]
    return "; ".join([*parts, _noted("held"), "RELEASE SAVEPOINT migration_monitor_locks"])


GIVEN_UP = "ROLLBACK TO SAVEPOINT migration_monitor_locks; RELEASE SAVEPOINT migration_monitor_locks"
"""Behind the last `snatching` that failed."""

ONCE = "SAVEPOINT migration_monitor_locks"
AGAIN = "ROLLBACK TO SAVEPOINT migration_monitor_locks"


def limiting(patience: Patience, seconds: float) -> str:
    """For each statement behind the locks: what is left of waiting with them in hand, and of having them."""
    wait = _ms(patience.held, "began", LEAST_WAIT)
    return (
        f"{MARK} SELECT pg_catalog.set_config('lock_timeout', {wait}, true), "
        f"pg_catalog.set_config('statement_timeout', {_ms(seconds, 'held', LEAST_TIME)}, true)"
    )


def _runs(locks: Sequence[Lock]) -> list[list[Lock]]:
    """A LOCK TABLE takes many tables in their order, in one mode."""
    return [list(run) for _, run in groupby(locks, key=lambda lock: lock.mode)]


def _limits(seconds: float) -> str:
    wait = max(1, round(seconds * 1000))
    return (
        f"SET LOCAL lock_timeout = {wait}; SET LOCAL statement_timeout = {wait + round(LOCK_MARGIN * 1000)}"
    )


def _left(seconds: float) -> str:
    return (
        f"{MARK} SELECT pg_catalog.set_config('lock_timeout', {_ms(seconds, 'began', LEAST_WAIT)}, true), "
        f"pg_catalog.set_config('statement_timeout', {_ms(seconds, 'began', LEAST_WAIT)}, true)"
    )


def _lock(locks: Sequence[Lock], ending: str = "") -> str:
    tables = ", ".join(f"ONLY {lock.label}" if lock.only else lock.label for lock in locks)
    return f"{MARK} LOCK TABLE {tables} IN {locks[0].mode} MODE{ending}"


def _noted(moment: str) -> str:
    return f"{MARK} SELECT pg_catalog.set_config('migration_monitor.{moment}', {NOW}::text, true)"


def _ms(seconds: float, since: str, least: float) -> str:
    """What is left of `seconds` since a moment that was noted, as milliseconds in text."""
    noted = (
        f"coalesce(nullif(pg_catalog.current_setting('migration_monitor.{since}', true), '')::numeric, {NOW})"
    )
    left = f"{round(seconds * 1000)} - 1000 * ({NOW} - {noted})"
    return f"greatest({round(least * 1000)}, round({left}))::int::text"
