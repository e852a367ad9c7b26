"""Whose fault it is that a request brought no answer: decided for each kind by name."""

from __future__ import annotations

import errno
import ssl

import httpx
import pytest

from monitor.faults import BY_NUMBER, OURS, THEIRS, text_of
from monitor.net import failed_by

REQUEST = httpx.Request("GET", "http://shop.test/")


def caused(by: BaseException, kind: type[httpx.TransportError] = httpx.ConnectError) -> BaseException:
    """As httpx raises it: what happened is somewhere below."""
    middle = OSError("All connection attempts failed")
    middle.__cause__ = by
    found = kind("no")
    found.__cause__ = middle
    return found


CONNECTING = {
    errno.ECONNREFUSED: ("refused", THEIRS),
    errno.ECONNRESET: ("dropped", THEIRS),
    errno.ECONNABORTED: ("dropped", THEIRS),
    errno.EPIPE: ("dropped", THEIRS),
    errno.ENETUNREACH: ("no_route", OURS),
    errno.EHOSTUNREACH: ("no_route", OURS),
    errno.ENETDOWN: ("no_route", OURS),
    errno.EHOSTDOWN: ("no_route", OURS),
    errno.ETIMEDOUT: ("connect_timeout", OURS),
    errno.EMFILE: ("descriptors", OURS),
    errno.ENFILE: ("descriptors", OURS),
    errno.EADDRNOTAVAIL: ("local_ports", OURS),
    errno.EADDRINUSE: ("local_ports", OURS),
    errno.EAGAIN: ("local_ports", OURS),
    errno.EACCES: ("local", OURS),
    errno.EPERM: ("local", OURS),
    errno.ENOBUFS: ("local", OURS),
    errno.ENOMEM: ("local", OURS),
    errno.EAFNOSUPPORT: ("local", OURS),
    errno.EINVAL: ("local", OURS),
}


@pytest.mark.parametrize("number", CONNECTING, ids=errno.errorcode.get)
def test_what_the_kernel_says_of_a_connection_is_ours_or_theirs(number: int) -> None:
    """Refused and reset measure the application; every other number says nothing of it."""
    reason, whose = CONNECTING[number]
    assert failed_by(caused(OSError(number, "said"))).reason == reason
    assert reason in whose
    assert text_of(reason)


def test_every_number_of_the_table_is_tried_here() -> None:
    """A new one must be decided above too."""
    assert CONNECTING.keys() == BY_NUMBER.keys()
    assert not OURS.keys() & THEIRS.keys()


@pytest.mark.parametrize(
    ("e", "reason"),
    [
        (caused(OSError("no number")), "unreachable"),
        (caused(ssl.SSLCertVerificationError(1, "unable to get local issuer certificate")), "tls"),
        (caused(ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "tls"),
        (caused(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")), "dropped"),
        (caused(ssl.SSLZeroReturnError(6, "closed")), "dropped"),
        (caused(ConnectionResetError(errno.ECONNRESET, "reset"), httpx.ReadError), "dropped"),
        (caused(BrokenPipeError(errno.EPIPE, "broken"), httpx.WriteError), "dropped"),
        (caused(OSError(errno.ETIMEDOUT, "kept connection"), httpx.ReadError), "timeout"),
        (caused(OSError(errno.EHOSTUNREACH, "the way is gone"), httpx.ReadError), "no_route"),
        (httpx.ReadError("closed"), "dropped"),
        (httpx.RemoteProtocolError("nonsense"), "protocol"),
        (httpx.LocalProtocolError("Illegal header value"), "request"),
    ],
    ids=str,
)
def test_an_exception_has_the_reason_of_its_cause(e: BaseException, reason: str) -> None:
    """TLS as set up here is ours; a peer that hangs up, at whatever stage, did something."""
    assert failed_by(e).reason == reason
    assert text_of(reason)
