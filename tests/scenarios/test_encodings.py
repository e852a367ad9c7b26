"""A whole watch in databases of other encodings: registered, decided, rolled back, told, restored."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from monitor.demo.postgres import Server
from tests import servers
from tests.scenarios.stage import set_up

pytestmark = pytest.mark.corner

SQL = """-- zurück → so war es …
COMMENT ON TABLE contacts IS '{comment}';
ALTER TABLE contacts DROP COLUMN email_address -- {comment}
"""


async def made(encoding: str) -> tuple[Server, str]:
    """On the newest major found."""
    newest = servers.server(servers.BINARIES[0].major)
    name = f"{await servers.new_database(newest)}_{encoding.lower()}"
    admin = await asyncpg.connect(newest.dsn())
    try:
        await admin.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    finally:
        await admin.close()
    return newest, name


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "UTF8"])
async def test_a_watch_in_a_database_of_another_encoding(encoding: str, tmp_path: Path) -> None:
    """What has no place in it is told at registration, or stored as ASCII and shown as it was."""
    server, name = await made(encoding)
    comment = "Größe é" if encoding != "UTF8" else "→"
    try:
        async with set_up(server.dsn(name), tmp_path) as stage:
            if encoding == "LATIN1":
                (tmp_path / "bad.sql").write_text("COMMENT ON TABLE contacts IS '→'")
                await stage.cli("watch", "bad", "--rollback", str(tmp_path / "bad.sql"), expect=2)
                (tmp_path / "good.sql").write_text("DROP INDEX IF EXISTS nothing")
                await stage.cli("watch", "bad →", "--rollback", str(tmp_path / "good.sql"), expect=2)
            shown = await stage.watch(sql=SQL.format(comment=comment))
            assert comment in shown["plan"][0]["sql"]
            await stage.cli("pause", "rename_email", "--reason", "prüfen … →")
            await stage.cli("resume", "rename_email", "--reason", "gut")
            stage.app.set(0.05)
            assert await stage.verdict() == "rolled_back"
            assert await stage.columns() == ["id"]

            async def told() -> bool:
                return any("verdict" in alert for alert in stage.receiver.titles())

            await stage.until(told)
            out = tmp_path / "report.html"
            await stage.cli("report", "rename_email", "--out", str(out))
            assert "DROP COLUMN" in out.read_text()
            reason = await stage.sql.fetchval(
                "SELECT detail FROM migration_monitor.event WHERE kind = 'control'"
            )
            assert "\\u2026" in reason or encoding == "UTF8"
            stored = SQL.format(comment=comment)
            if encoding == "LATIN1":
                stored = stored.replace("→", "???").replace("…", "???")
            assert await stage.sql.fetchval("SELECT plan_sql FROM migration_monitor.watch") == stored
            await stage.cli("restore", "rename_email", "--create")
            assert await stage.columns() == ["id", "email_address"]
            assert "untranslatable" not in stage.daemon.log()
            assert "Traceback" not in stage.daemon.log()
    finally:
        await asyncio.shield(servers.drop_database(server, name))
        await servers.drop_database(server, name.rpartition("_" + encoding.lower())[0])
