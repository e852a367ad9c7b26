"""Why a request brought no answer, and on whose side: ours, or the peer's.

Only what the peer did measures it: it refused, it reset, it did not answer although it was connected. What
fails here or on the way (the resolver, the route, our descriptors and ports, TLS as we have set it up)
says nothing of it. This file reads exceptions and does not make any request.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator

OURS: dict[str, str] = {
    "url": "the URL can't be used: write http://HOST[:PORT]/PATH",
    "dns": "the host's name can't be resolved from here",
    "no_route": "no route to the host from here",
    "descriptors": "this process has run out of file descriptors: raise its limit (LimitNOFILE)",
    "local_ports": "this machine has no free port, or not the address, for a connection",
    "local": "this machine does not permit the connection",
    "connect_timeout": "no connection within the deadline: a firewall drops it, or the host is down",
    "unreachable": "no connection could be made",
    "tls": "the TLS handshake failed: check the certificate and its authority (tls.ca_file)",
    "tls_client": "it asks for a client certificate: set tls.cert_file and tls.key_file to one it accepts",
    "request": "the request can't be sent as configured: check its headers",
    "unexpected": "the request failed unexpectedly",
}
"""Reasons that say nothing of the peer, with their sentences."""

THEIRS: dict[str, str] = {
    "refused": "the connection was refused: nothing is listening there",
    "dropped": "the connection was closed before the answer was complete",
    "protocol": "the answer is not valid HTTP",
    "timeout": "connected, but no answer within the deadline",
}
"""Reasons that the peer gave."""

BY_NUMBER: dict[int, str] = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "dropped",
    errno.ECONNABORTED: "dropped",
    errno.EPIPE: "dropped",
    errno.ENETUNREACH: "no_route",
    errno.EHOSTUNREACH: "no_route",
    errno.ENETDOWN: "no_route",
    errno.EHOSTDOWN: "no_route",
    errno.ETIMEDOUT: "connect_timeout",
    errno.EMFILE: "descriptors",
    errno.ENFILE: "descriptors",
    errno.EADDRNOTAVAIL: "local_ports",
    errno.EADDRINUSE: "local_ports",
    errno.EAGAIN: "local_ports",
    errno.EACCES: "local",
    errno.EPERM: "local",
    errno.ENOBUFS: "local",
    errno.ENOMEM: "local",
    errno.EAFNOSUPPORT: "local",
    errno.EINVAL: "local",
}
"""What the kernel says of a connection; anything else while connecting is `unreachable`."""

UNIDENTIFIED = {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA"}
"""OpenSSL's names of what a peer says that wants another certificate of ours, or one at all."""

CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""The peer hung up in its TLS handshake, as it could have done without TLS."""


def reason_of(e: BaseException, otherwise: str) -> str:
    """The reason of a request's failure, from what caused it; `otherwise` is that of its kind."""
    causes = list(_causes(e))
    numbers = [BY_NUMBER[n] for c in causes if isinstance(c, OSError) and (n := _number(c)) in BY_NUMBER]
    if any(isinstance(c, CLOSED) for c in causes) or "dropped" in numbers:
        return "dropped"
    if any(isinstance(c, ssl.SSLError) and getattr(c, "reason", "") in UNIDENTIFIED for c in causes):
        return "tls_client"
    if any(isinstance(c, ssl.SSLError) for c in causes):
        return "tls"
    if numbers:
        late = numbers[0] == "connect_timeout" and otherwise != "unreachable"
        return "timeout" if late else numbers[0]
    return otherwise


def text_of(reason: str) -> str:
    """Its sentence."""
    return {**OURS, **THEIRS}[reason]


def _number(e: OSError) -> int:
    """Of the system; an SSLError has numbers of its own."""
    return 0 if isinstance(e, ssl.SSLError) else e.errno or 0


def _causes(e: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):  # chains are short; a cycle would not be
        if e is None:
            return
        yield e
        e = e.__cause__ or e.__context__
