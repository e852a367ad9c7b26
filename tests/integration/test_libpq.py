"""Connection URLs with what libpq knows, against real servers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from tests.conftest import Database


async def answer(dsn: str, question: str, deadline: float = 3.0) -> str:
    connection = await pg.connect(dsn, name="libpq", deadline=deadline)
    try:
        return str(await connection.fetchval(question))
    finally:
        await pg.close(connection)


@pytest.mark.corner
async def test_a_providers_url_connects(database: Database) -> None:
    """Neon, Heroku, RDS and their guides write these."""
    more = "sslmode=prefer&connect_timeout=10&keepalives=1&channel_binding=prefer&application_name=x"
    assert await answer(f"{database.dsn}?{more}", "SELECT current_database()") == database.name


@pytest.mark.corner
async def test_options_are_set(database: Database) -> None:
    """But never over what a rollback needs."""
    dsn = f"{database.dsn}?options=-c%20work_mem%3D9MB%20-c%20default_transaction_read_only%3Don"
    assert await answer(dsn, "SHOW work_mem") == "9MB"
    assert await answer(dsn, "SHOW default_transaction_read_only") == "off"


@pytest.mark.corner
async def test_a_silent_host_does_not_hide_the_next(database: Database) -> None:
    """One listens and never answers, one refuses; the third is the server."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = [silent.getsockname()[1], closed.getsockname()[1], database.server.port]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        dsn = f"postgresql://postgres@{hosts}/{database.name}?sslmode=disable"
        assert await answer(dsn, "SELECT current_database()") == database.name


@pytest.mark.corner
async def test_no_server_of_the_kind_that_is_asked_for_is_said_in_words(database: Database) -> None:
    """Not by the name of asyncpg's exception."""
    with pytest.raises(DatabaseUnreachable, match="no server that it names is of the kind") as error:
        await answer(f"{database.dsn}?target_session_attrs=standby", "SELECT 1")
    assert "TargetServer" not in str(error.value)
    assert await answer(f"{database.dsn}?target_session_attrs=primary", "SELECT 1") == "1"


@pytest.mark.corner
async def test_a_service_file_is_read(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that is not there is said, and nothing connected to."""
    file = tmp_path / "services"
    port = database.server.port
    file.write_text(f"[shop]\nhost=127.0.0.1\nport={port}\nuser=postgres\ndbname={database.name}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    assert await answer("postgresql:///?service=shop", "SELECT current_database()") == database.name
    with pytest.raises(DatabaseUnreachable, match="service 'other' is not in"):
        await answer("postgresql:///?service=other", "SELECT 1")


@pytest.mark.corner
@pytest.mark.parametrize(
    "query", ["nonsense=1", "sslmode=verify-full&sslrootcert=/absent.pem", "sslmode=odd"]
)
async def test_what_can_not_be_used_is_said_without_the_name_of_an_exception(
    database: Database, query: str
) -> None:
    with pytest.raises(DatabaseError) as error:
        await answer(f"{database.dsn}?{query}", "SELECT 1")
    assert "connection URL" in str(error.value) or "socket" in str(error.value)
    assert "Error" not in str(error.value)


@pytest.mark.corner
async def test_a_host_name_of_300_characters_is_no_surprise(database: Database) -> None:
    """It ended as UnicodeError, whoever it came from."""
    with pytest.raises(DatabaseUnreachable) as error:
        await answer(f"postgresql://postgres@{'a' * 300}/shop", "SELECT 1")
    assert "Unicode" not in str(error.value)
