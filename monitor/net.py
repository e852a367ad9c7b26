"""The only module through which httpx enters: bounded requests to peers that are not trusted.

One transport per origin with one shared TLS context (a single pool over many origins is quadratic
in their number). Total deadline, size limit, identity encoding, no redirects, no proxies from the
environment, no cookies. After any failed or cancelled request the origin's transport is replaced:
httpcore's pool is known not to recover from cancellation.
This file does not know what the bodies mean.
"""

from __future__ import annotations

import asyncio
import base64
import json as json_text
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast
from urllib.parse import unquote

import httpx

from monitor.errors import SourceError
from monitor.faults import reason_of, text_of
from monitor.names import Lookup, Names, look_up
from monitor.tls import Identity

MAX_BODY = 1 << 20
"""Bytes of a body; a metrics page of a large application is 200 KB."""

MAX_CHUNKS, CHUNK = 20_000, 512
"""Pieces of a body, and bytes that each further one must bring: one-byte chunks would cost seconds of CPU."""

KEEPALIVE = 60.0
"""Seconds an idle connection is kept; must be over two intervals, or every poll is a handshake."""

CLOSE_DEADLINE = 2.0
"""Seconds for closing a replaced transport."""

SHOWABLE = re.compile(r"https?://[A-Za-z0-9._~:/\[\]-]{1,200}")
"""An address that may be repeated."""

LIMITS = {"max_connections": 8, "max_keepalive_connections": 2}


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of any status but 3xx. `headers` have lower-case names; `elapsed` is in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float

    def ok(self) -> Response:
        """Itself, or SourceError `http_status` when the status is not 2xx."""
        if not 200 <= self.status < 300:
            wants = ": send what it asks for with `headers`" if self.status in (401, 403) else ""
            raise SourceError("http_status", f"answered with status {self.status} instead of 200{wants}")
        return self


class Sink(Protocol):
    """Takes a body as it comes in; raises SourceError when it has had enough."""

    def take(self, piece: bytes) -> None: ...

    def body(self) -> bytes:
        """What is kept of it."""


class Whole:
    """Keeps the body as it is, up to a limit."""

    def __init__(self, limit: int = MAX_BODY) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._size += len(piece)
        if self._size > self._limit:
            raise SourceError("too_large", f"the body is over the limit of {self._limit} bytes")

    def body(self) -> bytes:
        return b"".join(self._parts)


class Net:
    """Everything this program sends over HTTP goes through one of these. Close it with `aclose`."""

    def __init__(
        self, *, keepalive: float = KEEPALIVE, tls: Identity | None = None, lookup: Lookup | None = None
    ) -> None:
        self._keepalive = keepalive
        self._tls = tls or Identity()
        self._names = Names(lookup or look_up)
        self._origins: dict[str, _Lease] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def get(
        self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None,
        into: Callable[[], Sink] = Whole,
    ) -> Response:  # fmt: skip
        """One GET within `deadline` seconds in all. Raises SourceError; its text never names the URL.

        `into` makes what takes the body as it comes, so that a page need not be held to be searched.
        """
        return await self._within(deadline, _request("GET", url, headers, None), into)

    async def head(self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None) -> Response:
        """One HEAD, as `get`."""
        return await self._within(deadline, _request("HEAD", url, headers, None), Whole)

    async def post(
        self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None,
        json: object = None, content: bytes | None = None,
    ) -> Response:  # fmt: skip
        """One POST of `content`, or of `json` as JSON; never sent twice. Raises SourceError."""
        if content is None:
            content = json_text.dumps(json, ensure_ascii=False, allow_nan=False).encode()
            headers = {"content-type": "application/json", **(headers or {})}
        return await self._within(deadline, _request("POST", url, headers, content), Whole)

    async def aclose(self) -> None:
        """Closes every connection, within CLOSE_DEADLINE."""
        for lease in list(self._origins.values()):
            self._retire(lease, force=True)
        self._origins.clear()
        await asyncio.gather(*self._closing)

    async def _within(self, deadline: float, request: httpx.Request, into: Callable[[], Sink]) -> Response:
        way = _Way()
        try:
            async with asyncio.timeout(deadline):
                return await self._send(request, into, way)
        except TimeoutError as e:
            self._names.failed(request.url.raw_host.decode())
            raise SourceError(way.stage, f"{text_of(way.stage)} ({deadline:g} s)") from e

    async def _send(self, request: httpx.Request, into: Callable[[], Sink], way: _Way) -> Response:
        for retry in (request.method != "POST", False):
            lease = self._lease(request.url)
            reused = lease.used
            try:
                return await self._once(lease, request, into(), way)
            except DROPPED as e:  # a kept connection may have been closed by the peer: once more on a new one
                if not (retry and reused):
                    raise failed_by(e) from e
            except SourceError:
                raise
            except Exception as e:  # httpcore lets through what TLS and sockets raise while it reads
                self._names.failed(request.url.raw_host.decode())
                raise failed_by(e) from e
        raise AssertionError("unreachable: the last round returns or raises")

    async def _once(self, lease: _Lease, request: httpx.Request, sink: Sink, way: _Way) -> Response:
        lease.users += 1
        started = asyncio.get_running_loop().time()
        healthy = False
        try:
            answer = await lease.transport.handle_async_request(await self._addressed(lease, request, way))
            _refuse(answer, request.url)
            body = await _body(answer, sink)
            healthy = lease.used = True
        finally:
            lease.users -= 1
            if not healthy or lease.retired:
                self._retire(lease)
        elapsed = asyncio.get_running_loop().time() - started
        return Response(answer.status_code, dict(answer.headers), body, elapsed)

    async def _addressed(self, lease: _Lease, request: httpx.Request, way: _Way) -> httpx.Request:
        """The same request to an address; Host header and TLS name stay those of the URL."""
        host = request.url.raw_host.decode()
        way.stage = "dns"
        address = await self._names.address(host, request.url.port or 0)
        way.stage = "timeout"  # on a kept connection there is no other stage
        url = request.url.copy_with(host=address, username=None, password=None)
        extensions = {
            "timeout": dict.fromkeys(("connect", "read", "write", "pool")),  # the total deadline is ours
            "sni_hostname": host,
            "trace": partial(way.trace, lease),
        }
        return httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
        )

    def _lease(self, url: httpx.URL) -> _Lease:
        key = f"{url.scheme}://{url.netloc.decode()}"
        if key not in self._origins:
            limits = httpx.Limits(**LIMITS, keepalive_expiry=self._keepalive)
            transport = httpx.AsyncHTTPTransport(verify=self._tls.context(), trust_env=False, limits=limits)
            self._origins[key] = _Lease(key, transport)
        return self._origins[key]

    def _retire(self, lease: _Lease, force: bool = False) -> None:
        """No new request gets it; it is closed when the last one on it has ended."""
        lease.retired = True
        if self._origins.get(lease.key) is lease:
            del self._origins[lease.key]
        if lease.users == 0 or force:
            task = asyncio.get_running_loop().create_task(_close(lease), name="net.close")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


@dataclass(slots=True, eq=False)
class _Way:
    """How far a request has come: the reason to give when its deadline is over."""

    stage: str = "dns"

    async def trace(self, lease: _Lease, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.stage = "connect_timeout"
        elif event == "connection.connect_tcp.complete":
            self.stage = "timeout"
        await lease.trace(event, info)


@dataclass(slots=True, eq=False)
class _Lease:
    """A transport of one origin, how many requests are on it, and whether it ever answered."""

    key: str
    transport: httpx.AsyncHTTPTransport
    users: int = 0
    used: bool = False
    retired: bool = False
    streams: list[Any] = field(default_factory=list)

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Keeps the opened sockets: httpcore forgets one that is cancelled in its TLS handshake."""
        if event == "connection.connect_tcp.complete":
            self.streams = [s for s in self.streams if s.get_extra_info("is_readable") is False]
            self.streams.append(info["return_value"])


KINDS = (
    (httpx.ConnectError, "unreachable"),
    (httpx.LocalProtocolError, "request"),
    (httpx.ProtocolError, "protocol"),
)
"""Reasons of what httpx raises, where nothing below says it better; of anything else `dropped`."""

DROPPED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)
"""What a kept connection is when its peer has closed it meanwhile."""


def _request(
    method: str, url: str, headers: Mapping[str, str] | None, content: bytes | None
) -> httpx.Request:
    try:
        parsed = httpx.URL(url)
        ours = {"accept-encoding": "identity", "user-agent": "migration-monitor", **_credentials(parsed)}
        request = httpx.Request(method, parsed, headers={**ours, **(headers or {})}, content=content)
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as e:
        raise SourceError("url", "the URL can't be used: write http://HOST[:PORT]/PATH") from e
    if parsed.scheme not in {"http", "https"} or not parsed.host or not 0 < (parsed.port or 80) < 65536:
        raise SourceError("url", "the URL can't be used: write http://HOST[:PORT]/PATH")
    return request


def _credentials(url: httpx.URL) -> dict[str, str]:
    if not url.userinfo:
        return {}
    return {"authorization": "Basic " + base64.b64encode(unquote(url.userinfo.decode()).encode()).decode()}


def _refuse(answer: httpx.Response, url: httpx.URL) -> None:
    """Raises SourceError for what is never wanted: redirects and encoded bodies."""
    if 300 <= answer.status_code < 400:
        text = f"answered with a redirect ({answer.status_code}): name the final URL"
        raise SourceError("redirect", text, _target(answer, url))
    if answer.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise SourceError("encoding", "the body is encoded although only identity was asked for")


def _target(answer: httpx.Response, url: httpx.URL) -> str:
    """Where a redirect leads, if that can be shown: nothing of a query, which may hold a secret."""
    try:
        target = url.join(answer.headers.get("location", ""))
        shown = str(target.copy_with(username=None, password=None, query=None, fragment=None))
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError):
        return ""
    return shown if SHOWABLE.fullmatch(shown) else ""


async def _body(answer: httpx.Response, sink: Sink) -> bytes:
    count, size = 0, 0
    pieces = cast("AsyncGenerator[bytes]", aiter(cast(httpx.AsyncByteStream, answer.stream)))
    async with aclosing(pieces):  # declared as an iterator, but it is a generator
        async for piece in pieces:
            count, size = count + 1, size + len(piece)
            if count > MAX_CHUNKS + size // CHUNK:
                raise SourceError("too_large", f"the body comes in {MAX_CHUNKS} pieces of next to nothing")
            sink.take(piece)
    await answer.aclose()
    return sink.body()


def failed_by(e: BaseException) -> SourceError:
    """What a transport raised, by its reason: httpx' own, a socket's, TLS's, or what nobody foresaw."""
    known = isinstance(e, httpx.HTTPError | OSError)
    kind = next(
        (reason for kind, reason in KINDS if isinstance(e, kind)), "dropped" if known else "unexpected"
    )
    reason = reason_of(e, kind)
    return SourceError(reason, text_of(reason))


async def _close(lease: _Lease) -> None:
    for closing in (lease.transport, *lease.streams):
        try:
            async with asyncio.timeout(CLOSE_DEADLINE):
                await closing.aclose()
        except (TimeoutError, httpx.HTTPError, OSError, RuntimeError):
            continue  # the peer is gone or frozen; nothing of ours waits for it
