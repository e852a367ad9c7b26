"""The whole site as one ASGI application: what is the same for every request, around the routes.

Checks Host and Origin first, counts every answer, adds the security headers, lets no exception out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog
from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.ports import Backend, Overview
from monitor.web.api import Api, refused
from monitor.web.exposition import Exposition
from monitor.web.guard import Guard, Refusal, security_headers
from monitor.web.news import follow, watch_lag
from monitor.web.overview_metrics import Units
from monitor.web.stream import Stream
from monitor.web.telemetry import ROUTES, PrometheusTelemetry

_log = structlog.get_logger("monitor.web")


class Site:
    """ASGI application. `token` empty: read-only. `hosts`: names under which we are asked, beside loopback.

    `units`: target -> metric -> `ratio`, `time` or `count`, for metrics that are not documented ones.
    """

    def __init__(
        self,
        backend: Backend,
        overview: Overview,
        telemetry: PrometheusTelemetry,
        *,
        token: str = "",
        hosts: Collection[str] = (),
        listen_host: str = "",
        units: Units | None = None,
    ) -> None:
        self.stream = Stream()
        self._overview = overview
        self._telemetry = telemetry
        self._guard = Guard(token, hosts, listen_host)
        self._exposition = Exposition(telemetry, overview, units or {})
        api = Api(backend, overview, self._exposition, self.stream, self._guard)
        self._app: ASGIApp = api.starlette()
        self._routes = api.routes()
        self._headers = security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        counted = _Counted(self._headers, send)
        try:
            await self._answer(scope, receive, counted)
        except Exception as e:  # whatever it was, it is not the decision loop's problem
            _log.error("web.unexpected", error=type(e).__name__)
        finally:
            code = f"{counted.status // 100}xx"
            self._telemetry.count("http_requests_total", route=self._route(scope), code=code)

    async def run(self) -> None:
        """Beside the requests: tells listeners what changes, and measures the event loop's lag."""
        async with asyncio.TaskGroup() as group:
            group.create_task(follow(self._overview, self.stream), name="web.news")
            group.create_task(watch_lag(self._telemetry), name="web.lag")

    def close(self) -> None:
        """Ends every stream, so that the server can stop."""
        self.stream.close()
        self._exposition.close()

    async def _answer(self, scope: Scope, receive: Receive, send: _Counted) -> None:
        request = Request(scope, receive)
        try:
            self._guard.check(request)
        except Refusal as e:
            await refused(e)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
        reason = {401: "token", 421: "host", 403: "origin"}.get(send.status)
        if reason is not None:
            self._telemetry.count("http_refused_total", reason=reason)

    def _route(self, scope: Scope) -> str:
        path = next((r.path for r in self._routes if r.matches(scope)[0] is not Match.NONE), "other")
        return path if path in ROUTES else "other"


class _Counted:
    """`send` that remembers the status and adds headers."""

    def __init__(self, headers: list[tuple[bytes, bytes]], send: Send) -> None:
        self.status = 500
        self._headers = headers
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers", ()))
            said = {name for name, _ in own}
            message = {**message, "headers": [*own, *(h for h in self._headers if h[0] not in said)]}
        await self._send(message)
