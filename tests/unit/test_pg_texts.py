"""What of a server's words may reach a log, an alert or an answer."""

from __future__ import annotations

import errno

import asyncpg
import pytest

from monitor.errors import DatabaseUnreachable
from monitor.pg import from_server, translated


@pytest.mark.parametrize(
    ("sqlstate", "message", "shown"),
    [
        ("42P01", 'relation "contacts" does not exist', 'relation "contacts" does not exist'),
        ("22P02", 'invalid input syntax for type integer: "jane@x"', "invalid text representation"),
        ("22003", 'value "99999999999" is out of range', "numeric value out of range"),
        ("P0001", "card 4111 declined", "raise"),
    ],
)
def test_a_message_that_can_quote_a_value_is_replaced_by_the_errors_name(
    sqlstate: str, message: str, shown: str
) -> None:
    """Data exceptions quote what stands in a row; RAISE says anything."""
    error = asyncpg.PostgresError.new({"C": sqlstate, "M": message})
    assert str(from_server("dropping", error)) == f"dropping: {shown} ({sqlstate})"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 45899)"),
            "the server refuses connections: nothing is listening there",
        ),
        (
            OSError("Multiple exceptions: Connect call failed ('::1', 5)"),
            "no connection could be made",
        ),
        (OSError("that was all"), "the connection was lost"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
    ],
)
async def test_what_a_socket_says_is_told_in_words(error: OSError, shown: str) -> None:
    """What asyncio raises quotes addresses as Python writes them; a person reads this at night."""
    with pytest.raises(DatabaseUnreachable) as e:
        async with translated("connecting"):
            raise error
    assert str(e.value) == f"connecting: {shown}"
