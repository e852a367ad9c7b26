"""Who may ask: Host, Origin and token, and the headers every answer carries.

Host is checked for the page and the API (a rebound DNS name must not reach them from a browser),
not for scrapes and probes, which come by address. What changes something needs the token; without
a configured token it does not exist.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import Request

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:@/\[\]]+))(?::\d{1,5})?")
"""NAME[:PORT] or [ADDRESS][:PORT], and nothing before or after."""

OPEN_PATHS = frozenset({"/metrics", "/healthz", "/readyz"})
"""Scrapes and probes: read-only, without anything a browser could misuse."""


class Refusal(Exception):
    """A request that is not answered: status and one sentence. `reason` is token, host, origin or ""."""

    def __init__(self, status: int, text: str, reason: str = "") -> None:
        self.status = status
        self.reason = reason
        super().__init__(text)


class Guard:
    """`token` empty: nothing can be changed over HTTP. `hosts`: further names under which we are asked."""

    def __init__(self, token: str, hosts: Collection[str], listen_host: str) -> None:
        self._token = token.encode()
        self._hosts = LOOPBACK | {h.lower().strip("[]") for h in (*hosts, listen_host) if h}

    @property
    def controls(self) -> bool:
        """Whether anything can be changed over HTTP."""
        return bool(self._token)

    def check(self, request: Request) -> None:
        """Raises Refusal 421 for a Host we are not, 403 for another site's page."""
        if request.url.path in OPEN_PATHS:
            return
        host = request.headers.get("host", "")
        if host_name(host) not in self._hosts:
            raise Refusal(421, "this host name is not served here: add it to server.hosts", "host")
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Refusal(403, "requests from other origins are refused", "origin")

    def authorize(self, request: Request) -> None:
        """Raises Refusal 404 when no token is configured, 401 when the request does not carry it."""
        if not self._token:
            raise Refusal(404, "not found")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token)
        if scheme.lower() != "bearer" or not same:
            raise Refusal(401, "a valid bearer token is needed", "token")


def host_name(host: str) -> str:
    """The name of a Host header, without port and brackets, lower-case; "" when it is not just that."""
    found = HOST.fullmatch(host)
    return (found[1] or found[2]).lower().removesuffix(".") if found else ""


def document_policy(style: str) -> str:
    """Of a page that is complete in itself: nothing is loaded or run, only its own style applies."""
    return f"default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; frame-ancestors 'none'"


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "trusted-types 'none'; require-trusted-types-for 'script'"
)
"""Only our own files may script or style the page, and no text may become markup."""


def security_headers() -> list[tuple[bytes, bytes]]:
    """Headers of every answer."""
    return [
        (b"content-security-policy", POLICY.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    ]
