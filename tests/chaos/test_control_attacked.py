"""Fault 36 and what else may be sent to the control API: nothing changes, nothing breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from monitor.web.guard import host_name
from tests.site import TOKEN, Running, running

pytestmark = [pytest.mark.fault(36), pytest.mark.promise(19)]

PAUSE = "/api/v1/watches/w-1/pause"


@pytest.fixture
async def web() -> AsyncIterator[Running]:
    async with running() as found:
        yield found


async def raw(web: Running, text: bytes) -> bytes:
    """All that comes back for these bytes, until the server closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(text)
    await writer.drain()
    found = b""
    try:
        async with asyncio.timeout(2):
            while piece := await reader.read(65536):
                found += piece
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return found


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", *headers, "", ""]).encode()


HERE = "Host: localhost"
EVIL = "Host: evil.example.org"
WRONG = "Authorization: Bearer x"
BEARER = f"Authorization: Bearer {TOKEN}"

FORGED: list[tuple[str, bytes, str]] = [
    ("no-token", head(f"POST {PAUSE}", HERE), "401"),
    ("wrong-token", head(f"POST {PAUSE}", HERE, WRONG), "401"),
    ("token-prefix", head(f"POST {PAUSE}", HERE, f"Authorization: Bearer {TOKEN[:-1]}"), "401"),
    ("basic", head(f"POST {PAUSE}", HERE, f"Authorization: Basic {TOKEN}"), "401"),
    ("in-the-query", head(f"POST {PAUSE}?token={TOKEN}", HERE), "401"),
    ("in-a-cookie", head(f"POST {PAUSE}", HERE, f"Cookie: token={TOKEN}"), "401"),
    (
        "form",
        head(f"POST {PAUSE}", HERE, "Content-Type: text/plain", "Content-Length: 0"),
        "401",
    ),
    ("rebound-name", head(f"POST {PAUSE}", EVIL, BEARER), "421"),
    ("two-hosts", head(f"POST {PAUSE}", HERE, EVIL, BEARER), "400"),
    ("no-host", head(f"POST {PAUSE}", BEARER), "400"),
    ("host-with-a-tail", head(f"POST {PAUSE}", "Host: localhost:1@evil.example.org", BEARER), "421"),
    ("bracket-with-a-tail", head(f"POST {PAUSE}", "Host: [::1]evil.example.org", BEARER), "421"),
    (
        "forwarded",
        head(f"POST {PAUSE}", EVIL, "X-Forwarded-Host: localhost", BEARER),
        "421",
    ),
    ("other-origin", head(f"POST {PAUSE}", HERE, "Origin: http://evil.org", BEARER), "403"),
    ("null-origin", head(f"POST {PAUSE}", HERE, "Origin: null", BEARER), "403"),
    ("other-port", head(f"POST {PAUSE}", HERE, "Origin: http://localhost:1", BEARER), "403"),
    ("options", head(f"OPTIONS {PAUSE}", HERE, "Access-Control-Request-Method: POST"), "405"),
    ("get", head(f"GET {PAUSE}", HERE, BEARER), "405"),
    ("put", head(f"PUT {PAUSE}", HERE, BEARER), "405"),
    ("override", head(f"GET {PAUSE}", HERE, "X-HTTP-Method-Override: POST", BEARER), "405"),
    ("dots", head("POST /metrics/../api/v1/watches/w-1/pause", EVIL, BEARER), "421"),
    ("two-slashes", head(f"POST /{PAUSE}", HERE, BEARER), "404"),
    ("huge-head", head(f"POST {PAUSE}", HERE, "X: " + "a" * 70_000), "4"),
    ("many-heads", head(f"POST {PAUSE}", HERE, *(["X: a"] * 20_000)), "4"),
]


@pytest.mark.parametrize(("request_", "status"), [f[1:] for f in FORGED], ids=[f[0] for f in FORGED])
@pytest.mark.slow
async def test_a_forged_request_changes_nothing(web: Running, request_: bytes, status: str) -> None:
    """Refused with its status, the backend not asked, no header that would let another site read it."""
    said = await raw(web, request_)
    assert said.startswith(f"HTTP/1.1 {status}".encode()) or (status == "4" and not said), said[:300]
    assert b"access-control" not in said.lower()
    assert web.backend.asked == []
    assert (await web.get("/healthz")).status_code == 200


SMUGGLED = [
    head(f"POST {PAUSE}", HERE, "Content-Length: 0", "Transfer-Encoding: chunked"),
    head(f"POST {PAUSE}", HERE, "Content-Length: 0", "Content-Length: 40"),
    head(f"POST {PAUSE}", HERE, "Content-Length: -1"),
    head(f"POST {PAUSE}", HERE, "Transfer-Encoding: xchunked"),
    head(f"POST {PAUSE}", HERE, f"Authorization : Bearer {TOKEN}"),
]


@pytest.mark.parametrize("request_", SMUGGLED)
async def test_a_smuggled_request_is_not_heard(web: Running, request_: bytes) -> None:
    """Whatever the framing says, what follows is no request with rights of its own."""
    follow = head(f"POST {PAUSE}", EVIL, BEARER)
    await raw(web, request_ + b"0\r\n\r\n" + follow)
    assert [asked for asked in web.backend.asked if asked[0] == "control"] == []
    assert (await web.get("/healthz")).status_code == 200


BODIES: list[tuple[str, bytes, int]] = [
    ("deep", b'{"reason":' + b"[" * 8000 + b"]" * 8000 + b"}", 400),
    ("large", b'{"reason":"' + b"a" * (1 << 20) + b'"}', 413),
    ("long-number", b'{"reason":' + b"9" * 15_000 + b"}", 400),
    ("half-a-pair", b'{"reason":"\\ud800"}', 200),
    ("list", b"[]", 400),
    ("latin", b'{"reason":"\xff"}', 400),
]


@pytest.mark.parametrize(("body", "status"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
async def test_a_body_of_whoever_has_the_token_is_bounded_too(web: Running, body: bytes, status: int) -> None:
    """One sentence and a status; the server goes on."""
    sent = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    answer = await web.client.post(PAUSE, content=body, headers=sent)
    assert answer.status_code == status, answer.text
    assert (await web.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:9878", "localhost"), ("LOCALHOST.", "localhost"), ("[::1]:9878", "::1"), ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"), ("", ""), ("[::1]x", ""), ("localhost:x", ""), ("a@localhost", ""),
        ("localhost/..", ""), ("localhost:1:2", ""), ("local host", ""),
    ],
)  # fmt: skip
def test_only_a_whole_host_header_names_a_host(host: str, name: str) -> None:
    """Anything beside NAME[:PORT] and [ADDRESS][:PORT] is nobody."""
    assert host_name(host) == name
