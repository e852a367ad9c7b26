"""What is told of a connection URL: the place, never a part of the password."""

from __future__ import annotations

import pytest

from monitor.dsn import place_of
from monitor.errors import DatabaseUnreachable
from monitor.pg import connect
from tests.scenarios.prometheus import free_port


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("postgresql://app:hidden@db.internal:5433/shop?sslmode=require", "db.internal:5433"),
        ("postgresql://app@one:5432,two:5433/shop", "one:5432,two:5433"),
        ("postgresql://app@[::1]:5433/shop", "[::1]:5433"),
        ("postgresql:///shop?host=/run/postgresql&port=5433", "/run/postgresql:5433"),
        ("postgresql://app@db/?dbname=shop", "db"),
        ("postgresql://db", "db"),
        ("postgresql://", ""),
    ],
)
def test_the_place_of_a_dsn(dsn: str, place: str) -> None:
    """Hosts and ports, as far as they are named; not the database, which may tell more than it should."""
    assert place_of(dsn) == place


@pytest.mark.parametrize("cut", "@/?#[")
def test_a_password_that_is_not_escaped_is_not_told_in_parts(cut: str) -> None:
    """It moves what stands where; then nothing is said of the place."""
    assert "hid" not in place_of(f"postgresql://app:hid{cut}hid@db/shop")


async def test_a_server_that_is_not_there_is_named() -> None:
    """With the address that was tried, and without the password."""
    port = free_port()
    with pytest.raises(DatabaseUnreachable) as e:
        await connect(f"postgresql://app:hidden@127.0.0.1:{port}/shop", name="register")
    assert str(e.value).startswith(f"connecting to 127.0.0.1:{port} as migration-monitor/register: ")
    assert "hidden" not in str(e.value)
