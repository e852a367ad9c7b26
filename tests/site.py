"""The real web server on loopback, over stand-ins of its ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from monitor.errors import ControlRefused, NotFound
from monitor.ports import Control, Gauge, Json, ReportPage, TargetView
from monitor.web.catalogue import PROBE_METRICS
from monitor.web.server import WebServer
from monitor.web.site import Site
from monitor.web.telemetry import Known, PrometheusTelemetry
from tests.alerts import NOON, SECOND

TOKEN = "a-token-of-the-test"

WATCH: dict[str, Any] = {
    "id": "w-1",
    "migration": "0042_rename_email",
    "target": "shop",
    "mode": "auto",
    "phase": "watching",
    "verdict": None,
    "reason": "",
    "started_at": NOON / SECOND - 3600,
    "ends_at": NOON / SECOND + 82_800,
    "verdict_at": None,
    "metrics": {
        "error_rate": {"value": 0.052, "limits": {"normal_below": 0.001, "rollback_above": 0.01}},
        "response_time": {"value": 120.0, "limits": {"normal_below": 200.0, "investigate_above": 500.0}},
    },
    "streaks": [
        {
            "rule": "error_rate.rollback",
            "metric": "error_rate",
            "action": "rollback",
            "limit": 0.01,
            "state": "pending",
            "since": NOON / SECOND - 120,
            "age_seconds": 120.0,
            "hold_seconds": 300.0,
            "insufficient_evidence": False,
        }
    ],
    "readiness": {"ok": True, "reasons": [], "notes": []},
    "superseded": False,
    "next": {"text": "Rolls back automatically at 12:03:00 UTC.", "at": NOON / SECOND + 180},
    "already_breaching": False,
    "plan": [{"step": 1, "sql": "ALTER TABLE contacts RENAME COLUMN email_address TO email"}],
}

TARGET = TargetView(
    name="shop",
    last_decision=NOON,
    stale_after=15 * SECOND,
    store_reachable=True,
    holds_store=True,
    watches=(WATCH,),
    metrics={
        "error_rate": {
            "value": 0.052,
            "at": NOON / SECOND,
            "normal": False,
            "blind": False,
            "quiet": False,
            "reason": "",
            "limits": {"normal_below": 0.001, "rollback_above": 0.01},
        },
        "response_time": {
            "value": 120.0,
            "at": NOON / SECOND,
            "normal": True,
            "blind": False,
            "quiet": False,
            "reason": "",
            "limits": {"normal_below": 200.0, "investigate_above": 500.0},
        },
        "connections": {
            "value": None,
            "at": None,
            "normal": None,
            "blind": True,
            "quiet": False,
            "reason": "timeout",
            "limits": {"normal_below": 60.0},
        },
    },
    gauges=(
        Gauge("database_sessions", 3.0, (("state", "active"),)),
        *(
            Gauge(name, 0.0)
            for name in PROBE_METRICS
            if name.startswith("database_") and "sessions" not in name
        ),
        Gauge("probe_instances", 2.0, (("metric", "error_rate"),)),
        Gauge("probe_instances_answering", 1.0, (("metric", "error_rate"),)),
        Gauge("of_another_probe", 1.0),
    ),
)


@dataclass
class StandingOverview:
    """An overview that says what it is told to say."""

    at: int = NOON
    views: list[TargetView] = field(default_factory=lambda: [TARGET])

    def now(self) -> int:
        return self.at

    def targets(self) -> Sequence[TargetView]:
        return list(self.views)

    def change(self, **what: Any) -> None:
        """The first target, with these fields changed."""
        self.views[0] = replace(self.views[0], **what)

    def change_watch(self, **what: Any) -> None:
        """The first watch, with these keys changed."""
        self.change(watches=({**WATCH, **what},))


@dataclass
class RecordingBackend:
    """Has stored the watches that the overview shows; keeps what it was asked; raises `fails` when it is set.

    The same watches: were they others, what the page shows would hang on which answer came last.
    """

    overview: StandingOverview = field(default_factory=StandingOverview)
    asked: list[tuple[object, ...]] = field(default_factory=list)
    fails: Exception | None = None
    refusals: list[Json] = field(default_factory=list)

    async def watches(self) -> Sequence[Json]:
        self._ask("watches")
        return [watch for target in self.overview.views for watch in target.watches]

    async def refused(self) -> Sequence[Json]:
        return list(self.refusals)

    async def watch(self, watch_id: str) -> Json | None:
        self._ask("watch", watch_id)
        return WATCH if watch_id == "w-1" else None

    async def samples(self, watch_id: str, since: float, limit: int) -> Sequence[Json]:
        self._ask("samples", watch_id, since, limit)
        return [{"at": since, "metric": "error_rate", "value": 0.01}]

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[Json]:
        self._ask("events", watch_id, after, limit)
        return [{"id": after + 1, "at": NOON / SECOND, "kind": "firing", "detail": {}}]

    async def changes(self, watch_id: str) -> Json | None:
        self._ask("changes", watch_id)
        return None

    async def report(self, watch_id: str) -> Json:
        self._ask("report", watch_id)
        return {"watch": WATCH}

    async def report_page(self, watch_id: str) -> ReportPage:
        self._ask("report_page", watch_id)
        return ReportPage("<!doctype html><title>report</title>", "'sha256-of-its-style'")

    async def chart(self, watch_id: str, since: float, slots: int) -> Json:
        self._ask("chart", watch_id, since, slots)
        return {"since": since, "until": since + 60, "step": 1, "metrics": {}}

    async def alerts(self, watch_id: str, limit: int) -> Sequence[Json]:
        self._ask("alerts", watch_id, limit)
        return []

    async def register(self, request: Json, by: str) -> tuple[Json, bool]:
        self._ask("register", request, by)
        return WATCH, request.get("migration") != "known"

    async def control(self, watch_id: str, control: Control, by: str, reason: str) -> Json:
        self._ask("control", watch_id, control, by, reason)
        if watch_id != "w-1":
            raise NotFound("there is no such watch")
        if control is Control.APPROVE:
            raise ControlRefused("nothing waits for approval")
        return WATCH

    def _ask(self, *what: object) -> None:
        self.asked.append(what)
        if self.fails is not None:
            raise self.fails


@dataclass
class Running:
    """The server as it runs, and a client that talks to it."""

    server: WebServer
    site: Site
    overview: StandingOverview
    backend: RecordingBackend
    telemetry: PrometheusTelemetry
    client: httpx.AsyncClient

    @property
    def port(self) -> int:
        return self.server.port

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(
        self, path: str, json: object = None, token: str = TOKEN, **headers: str
    ) -> httpx.Response:
        sent = {**({"authorization": f"Bearer {token}"} if token else {}), **headers}
        return await self.client.post(path, json=json, headers=sent)

    async def counted(self, line: str) -> bool:
        """Whether the metrics hold this line now."""
        value = (await self.client.get("/metrics")).text
        return line in value.splitlines()


@asynccontextmanager
async def running(
    token: str = TOKEN, hosts: Sequence[str] = (), host: str = "127.0.0.1"
) -> AsyncIterator[Running]:
    """The server on a free port, until the end of the block."""
    overview = StandingOverview()
    backend = RecordingBackend(overview)
    known = Known({"shop": ("error_rate", "database")}, ("slack", "log"), jobs=("retention",))
    telemetry = PrometheusTelemetry(known)
    site = Site(backend, overview, telemetry, token=token, hosts=hosts, listen_host=host)
    server = WebServer(site, host, 0)
    server.bind()
    task = asyncio.create_task(server.run())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        try:
            yield Running(server, site, overview, backend, telemetry, client)
        finally:
            await server.aclose()
            await asyncio.wait_for(task, 10)
