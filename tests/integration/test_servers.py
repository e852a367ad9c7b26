"""The launcher gives a real server of every major found, also as root."""

import asyncpg

from tests.conftest import Database


async def test_a_database_answers_on_every_major(database: Database) -> None:
    """The server says the major its binaries have."""
    connection = await asyncpg.connect(database.dsn)
    assert int(await connection.fetchval("show server_version_num")) // 10000 == database.major
    await connection.close()
