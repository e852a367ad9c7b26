"""Bytes that are not UTF-8 in a database without an encoding are told with a remedy."""

from __future__ import annotations

import asyncpg
import pytest

from monitor.demo.postgres import Server
from monitor.errors import DatabaseError
from monitor.plan.prepare import prepare
from tests import servers
from tests.rollbacks import ALLOWING, DROP_COLUMN, build, connected

pytestmark = pytest.mark.corner


async def test_a_name_that_is_not_utf8_is_told(pg: Server) -> None:
    """SQL_ASCII takes whatever is sent, here a byte of LATIN1."""
    name = f"{await servers.new_database(pg)}_bytes"
    admin = await asyncpg.connect(pg.dsn())
    await admin.execute(
        f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        await build(pg.dsn(name))
        async with connected(pg.dsn(name)) as c:
            await c.execute("COMMENT ON TABLE contacts IS 'abc'")
            await c.execute("UPDATE pg_description SET description = convert_from('\\xe9', 'SQL_ASCII')")
            await prepare(pg.dsn(name), DROP_COLUMN, ALLOWING)  # nobody asks for that comment
            await c.execute(
                "UPDATE pg_class SET relname = convert_from('\\xe9', 'SQL_ASCII')::name"
                " WHERE relname = 'contacts_new'"
            )
        with pytest.raises(DatabaseError, match=r"is not UTF-8 .*write it again as UTF-8"):
            await prepare(pg.dsn(name), DROP_COLUMN, ALLOWING)
    finally:
        await servers.drop_database(pg, name)
        await admin.close()
