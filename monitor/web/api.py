"""The routes: health, metrics, page, API and stream. Each asks, none decides.

Every answer that is not the page, the metrics or the stream is JSON; an error is {"error": text}.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from monitor.core.samples import SECOND
from monitor.errors import (
    ConfigError,
    ControlRefused,
    DatabaseError,
    NotFound,
    OperatorError,
    PlanRefused,
)
from monitor.ports import Backend, Control, Json, Overview
from monitor.present.changes import on_page
from monitor.present.happened import with_sentences
from monitor.present.page import with_words
from monitor.web.exposition import CONTENT_TYPE, Exposition
from monitor.web.guard import Guard, Refusal, document_policy
from monitor.web.health import Health, readiness
from monitor.web.page import status_page
from monitor.web.requests import (
    CONTROL_BYTES,
    REGISTRATION_BYTES,
    SLOTS_DEFAULT,
    SLOTS_MAX,
    json_object,
    limit,
    moment,
    number,
    reason_of,
)
from monitor.web.static import FILES
from monitor.web.stream import LISTENERS_MAX, Stream
from monitor.web.target import target_view

BACKEND_DEADLINE = 15.0
"""Seconds for the stored watches to answer; registration reads the catalogue and needs the most."""

_log = structlog.get_logger("monitor.web")

Endpoint = Callable[[Request], Awaitable[Response]]


class Api:
    """The endpoints over their ports; `routes` is the whole interface."""

    def __init__(
        self, backend: Backend, overview: Overview, exposition: Exposition, stream: Stream, guard: Guard
    ) -> None:
        self._backend = backend
        self._overview = overview
        self._exposition = exposition
        self._stream = stream
        self._guard = guard
        self._health = Health()

    def starlette(self) -> Starlette:
        """The application, with every error as JSON."""
        handlers: dict[Any, Any] = {Exception: _unexpected, HTTPException: _http_error}
        return Starlette(routes=self.routes(), exception_handlers=handlers)

    def routes(self) -> list[Route]:
        watch = "/api/v1/watches/{id}"
        table: list[tuple[str, str, Endpoint]] = [
            ("GET", "/metrics", self._metrics),
            ("GET", "/healthz", self._healthz),
            ("GET", "/readyz", self._readyz),
            ("GET", "/", self._page),
            ("GET", "/static/{name}", self._static),
            ("GET", "/api/v1/stream", self._listen),
            ("GET", "/api/v1/targets", self._targets),
            ("GET", "/api/v1/watches", self._watches),
            ("POST", "/api/v1/watches", self._register),
            ("GET", watch, self._watch),
            ("GET", f"{watch}/samples", self._samples),
            ("GET", f"{watch}/events", self._events),
            ("GET", f"{watch}/changes", self._changes),
            ("GET", f"{watch}/report", self._report),
            ("GET", f"{watch}/report.json", self._report_data),
            ("GET", f"{watch}/chart", self._chart),
            ("GET", f"{watch}/alerts", self._alerts),
            ("POST", watch + "/{control}", self._control),
        ]
        return [Route(path, self._guarded(ask), methods=[method]) for method, path, ask in table]

    def _guarded(self, ask: Endpoint) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                return await ask(request)
            except (Refusal, OperatorError, DatabaseError, TimeoutError) as e:
                return _refused(e)

        return endpoint

    # ------------------------------------------------------------ from memory

    async def _metrics(self, _: Request) -> Response:
        return Response(await self._exposition.text(), headers={"content-type": CONTENT_TYPE})

    async def _healthz(self, _: Request) -> Response:
        ok, body = self._health.report(self._overview.targets(), self._overview.now())
        return answer(body, 200 if ok else 503)

    async def _readyz(self, _: Request) -> Response:
        ok, body = readiness(self._overview.targets())
        return answer(body, 200 if ok else 503)

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(status_page(self._overview.targets(), self._overview.now()))

    async def _static(self, request: Request) -> Response:
        found = FILES.get(request.path_params["name"])
        if found is None:
            raise Refusal(404, "there is no such file")
        return Response(found.content, headers={"content-type": found.content_type})

    async def _targets(self, _: Request) -> Response:
        """Each target as it stands, with its open watches: from memory, also while the store is away."""
        now = self._overview.now()
        shown = [target_view(target, now) for target in self._overview.targets()]
        return answer({"now": now / SECOND, "controls": self._guard.controls, "targets": shown})

    async def _listen(self, request: Request) -> Response:
        if self._stream.listeners >= LISTENERS_MAX:
            raise Refusal(503, f"{LISTENERS_MAX} streams are open, which is the most")
        news = self._stream.listen(request.headers.get("last-event-id"))
        return StreamingResponse(news, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    # ------------------------------------------------------------ from the store

    async def _watches(self, _: Request) -> Response:
        async with asyncio.timeout(BACKEND_DEADLINE):
            asked = self._backend.watches(), self._backend.refused()
            watches, refused = await asyncio.gather(*asked)
            return answer({"watches": [with_words(w) for w in watches], "refused": list(refused)})

    async def _watch(self, request: Request) -> Response:
        async with asyncio.timeout(BACKEND_DEADLINE):
            found = await self._backend.watch(request.path_params["id"])
        if found is None:
            raise NotFound("there is no such watch")
        return answer(with_words(found))

    async def _samples(self, request: Request) -> Response:
        since, most = moment(request, "since"), limit(request)
        async with asyncio.timeout(BACKEND_DEADLINE):
            rows = await self._backend.samples(request.path_params["id"], since, most)
        return answer({"samples": list(rows)})

    async def _events(self, request: Request) -> Response:
        after, most = int(min(number(request, "after"), 2.0**62)), limit(request)
        async with asyncio.timeout(BACKEND_DEADLINE):
            rows = await self._backend.events(request.path_params["id"], after, most)
            watch = await self._known(request.path_params["id"]) if rows else {}
        return answer({"events": with_sentences(rows, watch)})

    async def _known(self, watch_id: str) -> Json:
        """The watch, for its units and limits: from memory while it is open."""
        shown = (w for target in self._overview.targets() for w in target.watches if w["id"] == watch_id)
        return next(shown, None) or await self._backend.watch(watch_id) or {}

    async def _changes(self, request: Request) -> Response:
        async with asyncio.timeout(BACKEND_DEADLINE):
            found = await self._backend.changes(request.path_params["id"])
        return answer({"changes": found, "told": on_page(found)})

    async def _report(self, request: Request) -> Response:
        async with asyncio.timeout(BACKEND_DEADLINE):
            found = await self._backend.report_page(request.path_params["id"])
        return HTMLResponse(found.html, headers={"content-security-policy": document_policy(found.style)})

    async def _report_data(self, request: Request) -> Response:
        async with asyncio.timeout(BACKEND_DEADLINE):
            return answer(await self._backend.report(request.path_params["id"]))

    async def _chart(self, request: Request) -> Response:
        since, slots = moment(request, "since"), limit(request, "slots", SLOTS_MAX, SLOTS_DEFAULT)
        async with asyncio.timeout(BACKEND_DEADLINE):
            return answer(await self._backend.chart(request.path_params["id"], since, slots))

    async def _alerts(self, request: Request) -> Response:
        most = limit(request)
        async with asyncio.timeout(BACKEND_DEADLINE):
            rows = await self._backend.alerts(request.path_params["id"], most)
        return answer({"alerts": list(rows)})

    # ------------------------------------------------------------ what changes something

    async def _register(self, request: Request) -> Response:
        self._guard.authorize(request)
        body = await json_object(request, REGISTRATION_BYTES)
        async with asyncio.timeout(BACKEND_DEADLINE):
            watch, new = await self._backend.register(body, _asker(request))
        return answer(watch, 201 if new else 200)

    async def _control(self, request: Request) -> Response:
        self._guard.authorize(request)
        word = request.path_params["control"]
        if word not in {c.value for c in Control}:
            raise Refusal(404, f"there is no control of that name: use one of {', '.join(Control)}")
        reason = reason_of(await json_object(request, CONTROL_BYTES))
        async with asyncio.timeout(BACKEND_DEADLINE):
            watch_id, by = request.path_params["id"], _asker(request)
            return answer(await self._backend.control(watch_id, Control(word), by, reason))


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that a strict reader takes: no NaN."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return Response(text, status, {"content-type": "application/json", **(headers or {})})


def refused(refusal: Refusal) -> Response:
    """A Refusal as an answer; 401 says which scheme is wanted."""
    headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else None
    return answer({"error": str(refusal)}, refusal.status, headers)


STATUS: tuple[tuple[type[OperatorError], int], ...] = (
    (NotFound, 404),
    (ControlRefused, 409),
    (PlanRefused, 422),
    (ConfigError, 422),
    (OperatorError, 400),
)
"""The input is at fault: first match."""


def _refused(e: Exception) -> Response:
    if isinstance(e, Refusal):
        return refused(e)
    if isinstance(e, OperatorError):
        return answer({"error": str(e)}, next(status for kind, status in STATUS if isinstance(e, kind)))
    _log.warning("web.store_unavailable", error=type(e).__name__, sqlstate=getattr(e, "sqlstate", ""))
    return answer({"error": "the stored watches can't be reached now: try again"}, 503, {"retry-after": "5"})


def _asker(request: Request) -> str:
    """Who asked, for the record: the token is shared, the address is what is known."""
    return f"api from {request.client.host}" if request.client else "api"


async def _http_error(_: Request, e: HTTPException) -> Response:
    return answer({"error": e.detail.lower()}, e.status_code, dict(e.headers or {}))


async def _unexpected(_: Request, __: Exception) -> Response:
    """It is raised again by the framework, and named in the log by the site."""
    return answer({"error": "an unexpected error: the log names it"}, 500)
