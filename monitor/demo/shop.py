"""A small real web application on PostgreSQL: contacts and products, as any shop has them.

It stands for the application being watched, so it knows nothing of migrations or of the monitor; it
exposes what a FastAPI application with prometheus-fastapi-instrumentator exposes (status grouped as
"2xx", "5xx"). It runs as a process of its own: `python -m monitor.demo.shop PORT`, with SHOP_DSN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]

RECENT_SECONDS = 5.0
"""How far back the response time of /stats looks."""

QUERY_DEADLINE = 5.0
"""Seconds; a page that takes longer is an error."""

CONTACTS = "SELECT id, name, email FROM contacts ORDER BY id DESC LIMIT 20"
ADD_CONTACT = "INSERT INTO contacts (name, email) VALUES ($1, $2) RETURNING id"
PRODUCTS = "SELECT id, title, price_cents FROM products ORDER BY id LIMIT 20"


class Measures:
    """Requests and their durations, on a registry of its own, and the durations of the last seconds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("handler", "method", "status")
        self._requests = Counter("http_requests_total", "Requests.", labels, registry=self.registry)
        self._seconds = Histogram(
            "http_request_duration_seconds", "Duration of requests.", labels[:2], registry=self.registry
        )
        self._recent: deque[tuple[float, float]] = deque()

    def add(self, handler: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(handler, method, f"{status // 100}xx").inc()
        self._seconds.labels(handler, method).observe(seconds)
        self._recent.append((time.monotonic(), seconds * 1000))
        self._forget()

    def p95_ms(self) -> float | None:
        """95th percentile of the last seconds in milliseconds; None without requests."""
        self._forget()
        ordered = sorted(ms for _, ms in self._recent)
        return ordered[int(len(ordered) * 0.95)] if ordered else None

    def _forget(self) -> None:
        while self._recent and self._recent[0][0] < time.monotonic() - RECENT_SECONDS:
            self._recent.popleft()


def application(dsn: str) -> Starlette:
    """The application; it connects when it starts."""
    measures = Measures()

    def measured(path: str, method: str, endpoint: Endpoint) -> Route:
        async def answer(request: Request) -> Response:
            start = time.perf_counter()
            try:
                response = await endpoint(request)
            except (asyncpg.PostgresError, OSError):  # the page can't be shown: what customers call broken
                response = JSONResponse({"error": "internal server error"}, 500)
            measures.add(path, method, response.status_code, time.perf_counter() - start)
            return response

        return Route(path, answer, methods=[method])

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def stats(_: Request) -> Response:
        return JSONResponse({"response_time_ms": measures.p95_ms()})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=4, max_size=8, command_timeout=QUERY_DEADLINE) as pool:
            app.state.pool = pool
            yield

    return Starlette(
        routes=[
            measured("/contacts", "GET", list_contacts),
            measured("/contacts", "POST", add_contact),
            measured("/products", "GET", list_products),
            Route("/metrics", metrics),
            Route("/stats", stats),
        ],
        lifespan=lifespan,
    )


async def list_contacts(request: Request) -> Response:
    """The latest contacts."""
    return await _rows(request, CONTACTS)


async def list_products(request: Request) -> Response:
    """What is on sale; does not need the contacts at all."""
    return await _rows(request, PRODUCTS)


async def add_contact(request: Request) -> Response:
    """Stores a contact given as `{"name": ..., "email": ...}`."""
    try:
        given = json.loads(await request.body())
        name, email = str(given["name"]), str(given["email"])
    except (ValueError, TypeError, KeyError):
        return JSONResponse({"error": "name and email are needed"}, 400)
    number = await request.app.state.pool.fetchval(ADD_CONTACT, name, email)
    return JSONResponse({"id": number}, 201)


async def _rows(request: Request, query: str) -> Response:
    rows: list[Any] = await request.app.state.pool.fetch(query)
    return JSONResponse([dict(row) for row in rows])


def main() -> None:
    """Serves on loopback until it is told to end."""
    app = application(os.environ["SHOP_DSN"])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False,
                timeout_graceful_shutdown=2)  # fmt: skip


if __name__ == "__main__":
    main()
