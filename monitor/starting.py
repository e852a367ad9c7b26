"""When a watch's migration began, and what the daemon makes of the watch: asked while it is registered.

Used by registration only. Waits for the daemon for a moment, and never depends on it.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from monitor import pg
from monitor.core.samples import HOUR, SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.errors import DatabaseError, OperatorError
from monitor.ports import Registry, WatchRow
from monitor.ports.history import Bookkeeping
from monitor.present.times import when
from monitor.units import show_duration, show_span

CLOCK = """/* migration-monitor */
SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint"""

APPLIED = """/* migration-monitor: when the migration tool applied it */
SELECT (extract(epoch FROM ({question})::timestamptz) * 1000000)::bigint"""

JUST_BEFORE: Micros = HOUR
"""A fingerprint of longer ago was not taken right before the migration: other things happened since."""

PATIENCE = 3.0
"""Seconds for a daemon that is there to take a watch in; it is woken at once."""

LOOK_EVERY = 0.05


async def beginning_of(
    policy: Policy, dsn: str, asked: Micros | None, fingerprint: int | None, books: Bookkeeping | None
) -> tuple[Micros, str]:
    """When the migration began, and how that is known ("" where nobody need be told).

    As asked; else when the fingerprint before it was taken (epoch seconds), or when its tool applied it; else
    now. The database's clock decides what is now: every daemon and every deploy host shares it. Raises
    OperatorError for a moment in the future, or so long ago that the watch would be over.
    """
    connection = await pg.connect(dsn, name="register")
    try:
        async with pg.translated("reading the database's clock"):
            now: Micros = await connection.fetchval(CLOCK, timeout=pg.CONNECT_DEADLINE)
        if asked is not None:
            return _given(policy, asked, now), ""
        if fingerprint is not None and 0 <= now - fingerprint * SECOND <= JUST_BEFORE:
            return fingerprint * SECOND, f"{_begins(fingerprint * SECOND)}, when its fingerprint was taken"
        applied = await _applied(connection, books)
        if applied is not None and 0 <= now - applied < policy.give_up_after:
            return applied, f"{_begins(applied)}, when its migration tool applied it"
        return now, _unused(fingerprint)
    finally:
        await pg.close(connection)


async def seen_by_daemon(registry: Registry, row: WatchRow) -> WatchRow:
    """The watch as the daemon took it in, with the mode that is in effect; as it is where none is there."""
    deadline = monotonic() + PATIENCE
    try:
        while row.view is None and await registry.looked_after() and monotonic() < deadline:
            await asyncio.sleep(LOOK_EVERY)
            row = await registry.find(row.id) or row
    except DatabaseError:
        return row  # it is registered; what the daemon made of it is seen later
    return row


def _given(policy: Policy, asked: Micros, now: Micros) -> Micros:
    if asked > now:
        raise OperatorError(
            "started_at is in the future: give the moment the migration began, or leave it out"
        )
    if now - asked >= policy.give_up_after:
        raise OperatorError(
            f"started_at is {show_span(now - asked)} ago, and a watch ends "
            f"{show_duration(policy.give_up_after)} after that at the latest (watch.give_up_after): "
            "give the moment the migration began, or leave it out"
        )
    return asked


async def _applied(connection: pg.Connection, books: Bookkeeping | None) -> Micros | None:
    """None where the table has no such moment, or another shape than its tool gives it."""
    if books is None or not books.applied_at:
        return None
    try:
        async with pg.translated("asking when the migration was applied"):
            found: Micros | None = await connection.fetchval(
                APPLIED.format(question=books.applied_at), *books.args, timeout=pg.CONNECT_DEADLINE
            )
    except DatabaseError:
        return None
    return found


def _begins(at: Micros) -> str:
    return f"the watch begins at {when(at)}"


def _unused(fingerprint: int | None) -> str:
    if fingerprint is None:
        return ""
    return (
        f"the fingerprint was not taken within {show_duration(JUST_BEFORE)} before this: "
        "the watch begins now; --started-at says when the migration began"
    )
