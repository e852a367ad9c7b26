"""What our texts add to a server's words when it is not the server that was meant."""

from __future__ import annotations

import asyncpg
import pytest

from monitor.pg import from_server, is_pooler

POOLER = "a connection pooler is in between, name the server itself"


@pytest.mark.parametrize(
    ("sqlstate", "message", "remedy"),
    [
        ("08P01", "unsupported startup parameter: search_path", POOLER),
        ("42P05", 'prepared statement "__asyncpg_stmt_1__" already exists', POOLER),
        ("26000", 'prepared statement "__asyncpg_stmt_1__" does not exist', POOLER),
        ("25006", "cannot execute LISTEN during recovery", "it must be the writable primary"),
    ],
)
def test_a_pooler_and_a_standby_are_named(sqlstate: str, message: str, remedy: str) -> None:
    """PgBouncer 1.18 in transaction mode and a standby say these."""
    error = from_server("connecting", asyncpg.PostgresError.new({"C": sqlstate, "M": message}))
    assert str(error) == f"connecting: {message} ({sqlstate}): {remedy}"
    assert is_pooler(error) == (remedy == POOLER)


def test_another_break_of_the_protocol_is_no_pooler() -> None:
    """08P01 alone says little."""
    error = from_server("connecting", asyncpg.PostgresError.new({"C": "08P01", "M": "invalid message"}))
    assert not is_pooler(error)
    assert str(error) == "connecting: invalid message (08P01)"
