"""What a connection URL says: who connects, where to, and how far the server can be trusted to be itself."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1", ""}


def plain_dsn(dsn: str) -> str:
    """The DSN without an `application_name` of its own: our sessions must be recognisable."""
    parts = urlsplit(dsn)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "application_name"]
    return urlunsplit(parts._replace(query=urlencode(query)))


def user_of(dsn: str) -> str:
    """The role that a DSN names; "" where it leaves that to the environment."""
    parts = urlsplit(dsn)
    return unquote(parts.username or "") or dict(parse_qsl(parts.query)).get("user", "")


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
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    host = query.get("host", parts.hostname or "")
    return not (host in LOOPBACK or host.startswith("/") or query.get("sslmode") == "verify-full")
