"""Takes the fingerprint of a database's whole schema, as `migration-monitor fingerprint` does."""

from __future__ import annotations

import asyncio

from monitor import pg
from monitor.plan.prepare import connect_directly
from monitor.schema import catalogue, whole
from monitor.schema.before import place_of
from monitor.schema.fingerprint_file import Document

DEADLINE = 60.0
"""Seconds: 400 tables take a tenth of one; describing a view waits for whoever alters a table under it."""

WAIT = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '50s'"


NOW = """/* migration-monitor */
SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()))::bigint
"""


async def take(dsn: str) -> Document:
    """Raises DatabaseError. Needs no right but to connect; what the role may not read shows all the same."""
    connection = await connect_directly(dsn, "fingerprint")
    try:
        async with (
            pg.translated("reading the whole schema"),
            asyncio.timeout(DEADLINE),
            connection.transaction(isolation="read_committed", readonly=True),
        ):
            await connection.execute(WAIT)
            server = await catalogue.identity(connection)
            objects = await whole.read(connection)
            return Document(place_of(server), objects, await connection.fetchval(NOW))
    finally:
        await pg.close(connection)
