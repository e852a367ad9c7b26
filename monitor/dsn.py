"""What a connection URL says: who connects, where to, and how far the server can be trusted to be itself."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from monitor.libpq import SYSTEM, given_by

LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}


def user_of(dsn: str) -> str:
    """The role that a DSN names, itself or by its service; "" where it leaves that to the environment."""
    parts = urlsplit(dsn)
    return unquote(parts.username or "") or given_by(dsn).get("user", "")


def place_of(dsn: str) -> str:
    """`host:port`, several with commas, as far as the DSN names them; "" where it can't be told.

    Never a part of the password: one with an unescaped `@`, `/`, `?` or `#` moves what stands where,
    and then nothing is said.
    """
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return ""
    user, _, hosts = parts.netloc.rpartition("@")
    if "@" in user or "@" in parts.path + parts.query or parts.fragment:
        return ""
    query = dict(parse_qsl(parts.query))
    port = f":{query['port']}" if "port" in query else ""
    return unquote(hosts or f"{query.get('host', '')}{port}")


def unverified(dsn: str) -> bool:
    """Whether somebody on the way could pose as the server: not loopback, not a socket, not verify-full."""
    given = given_by(dsn)
    host = given.get("host", urlsplit(dsn).hostname or "")
    proven = given.get("sslmode") == "verify-full" or given.get("sslrootcert") == SYSTEM
    return not (host in LOOPBACK or host.startswith("/") or proven)
