"""What a connection URL says: who connects, where to, and how far the server can be trusted to be itself."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from monitor.libpq import SYSTEM, given_by, hosts_of, parts_of

LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}


def user_of(dsn: str) -> str:
    """The role that a DSN names, itself or by its service; "" where it leaves that to the environment."""
    return parts_of(dsn).user or given_by(dsn).get("user", "")


def place_of(dsn: str) -> str:
    """`host:port`, several with commas, as far as the DSN names them; "" where it can't be determined.

    Never a part of the password: one with an unescaped `@`, `/`, `?` or `#` moves what stands where,
    and then nothing is said.
    """
    try:
        parts = parts_of(dsn)
    except ValueError:
        return ""
    if "@" in parts.login or "@" in parts.path + parts.query or parts.fragment:
        return ""
    query = dict(parse_qsl(parts.query))
    port = f":{query['port']}" if "port" in query else ""
    named = f"{query.get('host', '')}{port}" if "host" in query or not parts.places else parts.places
    return unquote(named)


def unverified(dsn: str) -> bool:
    """Whether somebody on the way could pose as the server: not loopback, not a socket, not verify-full."""
    given = given_by(dsn)
    proven = given.get("sslmode") == "verify-full" or given.get("sslrootcert") == SYSTEM
    local = all(host.lower() in LOOPBACK or host.startswith("/") for host in hosts_of(dsn))
    return not (local or proven)
