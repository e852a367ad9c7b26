"""The HTTP interface over real sockets: what it answers, to whom, and what it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from monitor.errors import (
    ConfigError,
    ControlRefused,
    DatabaseError,
    DatabaseUnreachable,
    NotFound,
    PlanRefused,
    Problem,
)
from monitor.ports import Control
from tests.alerts import SECOND
from tests.site import TOKEN, Running, running

CANARY = "postgresql://owner:canary-5ecret@db/shop"
CHANGES = ["/api/v1/watches", *(f"/api/v1/watches/w-1/{c.value}" for c in Control)]


@pytest.fixture
async def web() -> AsyncIterator[Running]:
    async with running() as found:
        yield found


# ---------------------------------------------------------------- health


@pytest.mark.parametrize(("age", "status"), [(14.999999, 200), (15.0, 200), (15.000001, 503)])
async def test_health_fails_when_the_decision_loop_is_stale(web: Running, age: float, status: int) -> None:
    """Older than `stale_after`, a supervisor should restart the daemon."""
    web.overview.at += round(age * SECOND)
    answer = await web.get("/healthz")
    assert answer.status_code == status
    assert answer.json()["stale"] == ([] if status == 200 else ["shop"])


async def test_a_daemon_before_its_first_round_is_healthy_until_it_is_overdue(web: Running) -> None:
    """The time to the first round is bounded like every other."""
    web.overview.change(last_decision=None)
    first = await web.get("/healthz")
    web.overview.at += 16 * SECOND
    later = await web.get("/healthz")
    assert (first.status_code, later.status_code) == (200, 503)


async def test_a_daemon_that_waits_for_its_store_is_healthy(web: Running) -> None:
    """Restarting the second of two daemons would help nobody."""
    web.overview.change(last_decision=None, holds_store=False)
    await web.get("/healthz")
    web.overview.at += 3600 * SECOND
    assert (await web.get("/healthz")).status_code == 200


async def test_ready_means_every_armed_watch_can_be_rolled_back(web: Running) -> None:
    """If not, the answer says which and why."""
    assert (await web.get("/readyz")).status_code == 200
    web.overview.change_watch(readiness={"ok": False, "reasons": ["the role lacks rights"]})
    answer = await web.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["shop: 0042_rename_email can't be rolled back: the role lacks rights"]


@pytest.mark.parametrize("change", [{"mode": "observe"}, {"superseded": True}, {"phase": "ended"}])
async def test_a_watch_that_will_not_roll_back_need_not_be_ready(
    web: Running, change: dict[str, object]
) -> None:
    """Only armed watches count."""
    web.overview.change_watch(readiness={"ok": False, "reasons": []}, **change)
    assert (await web.get("/readyz")).status_code == 200


async def test_ready_needs_the_store(web: Running) -> None:
    """Without it no rollback can be recorded."""
    web.overview.change(store_reachable=False)
    assert (await web.get("/readyz")).status_code == 503


# ---------------------------------------------------------------- reading


async def test_watches_samples_and_events_are_read(web: Running) -> None:
    """Without a token: reading is open to whom the port is open."""
    assert (await web.get("/api/v1/watches")).json()["watches"][0]["id"] == "w-1"
    assert (await web.get("/api/v1/watches/w-1")).json()["migration"] == "0042_rename_email"
    samples = await web.get("/api/v1/watches/w-1/samples?since=12.5&limit=7")
    events = await web.get("/api/v1/watches/w-1/events?after=41")
    assert samples.json()["samples"][0]["at"] == 12.5
    assert events.json()["events"][0]["id"] == 42
    assert web.backend.asked[-2:] == [("samples", "w-1", 12.5, 7), ("events", "w-1", 41, 1000)]


async def test_an_unknown_watch_or_path_is_404_as_json(web: Running) -> None:
    """Every error has the same shape."""
    for path in ("/api/v1/watches/w-2", "/nowhere", "/api/v2/watches"):
        answer = await web.get(path)
        assert answer.status_code == 404
        assert set(answer.json()) == {"error"}


async def test_a_query_that_makes_no_sense_is_400(web: Running) -> None:
    """And is not passed on."""
    nonsense = (
        "since=nan",
        "since=-1",
        "since=99999999999999",
        "since=253402300800",
        "since=x",
        "limit=0",
        "limit=10001",
        "limit=1.5",
        "since=inf",
    )
    for query in nonsense:
        assert (await web.get(f"/api/v1/watches/w-1/samples?{query}")).status_code == 400
    assert web.backend.asked == []


# ---------------------------------------------------------------- changing


async def test_a_watch_is_registered_once(web: Running) -> None:
    """201 when it is new, 200 when it was known."""
    new = await web.post("/api/v1/watches", {"migration": "0042"})
    known = await web.post("/api/v1/watches", {"migration": "known"})
    assert (new.status_code, known.status_code) == (201, 200)
    assert web.backend.asked[0] == ("register", {"migration": "0042"}, "api from 127.0.0.1")


async def test_a_control_reaches_the_stored_watch_with_its_reason(web: Running) -> None:
    """Who asked is kept beside it; the body may be missing."""
    with_reason = await web.post("/api/v1/watches/w-1/pause", {"reason": "deploying"})
    without = await web.client.post(
        "/api/v1/watches/w-1/resume", headers={"authorization": f"Bearer {TOKEN}"}
    )
    assert (with_reason.status_code, without.status_code) == (200, 200)
    assert web.backend.asked == [
        ("control", "w-1", Control.PAUSE, "api from 127.0.0.1", "deploying"),
        ("control", "w-1", Control.RESUME, "api from 127.0.0.1", ""),
    ]


async def test_no_change_without_the_token(web: Running) -> None:
    """Missing or wrong: 401, and nothing behind it hears of it."""
    for path in CHANGES:
        for given in ("", "wrong", TOKEN + "x", TOKEN[:-1], "ü"):
            headers = [(b"authorization", b"Bearer " + given.encode())] if given else []
            answer = await web.client.post(path, headers=headers, json={})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
    assert web.backend.asked == []


async def test_without_a_configured_token_changes_do_not_exist() -> None:
    """404, whatever is sent; also the empty token opens nothing."""
    async with running(token="") as web:
        for path in CHANGES:
            for header in ("Bearer", "Bearer x", ""):
                answer = await web.client.post(path, headers={"authorization": header}, json={})
                assert answer.status_code == 404
        assert web.backend.asked == []


@pytest.mark.parametrize("path", ["/", "/api/v1/watches", "/api/v1/stream", "/nowhere"])
async def test_a_wrong_host_is_421(web: Running, path: str) -> None:
    """A DNS name that someone points at us is not ours."""
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:9878", "", "[::1"):
        assert (await web.get(path, host=host)).status_code == 421


async def test_loopback_and_configured_names_are_served() -> None:
    """With any port."""
    async with running(hosts=["Monitor.internal"]) as web:
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9878", "monitor.internal"):
            assert (await web.get("/api/v1/watches", host=host)).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
async def test_scrapes_and_probes_may_come_by_any_address(web: Running, path: str) -> None:
    """Kubernetes and Prometheus use the pod's address."""
    assert (await web.get(path, host="10.1.2.3:9878")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"])
async def test_another_sites_page_is_refused(web: Running, origin: str) -> None:
    """403, with a valid token too."""
    assert (await web.post("/api/v1/watches/w-1/pause", origin=origin)).status_code == 403
    assert (await web.get("/api/v1/watches", origin=origin)).status_code == 403
    assert web.backend.asked == []


async def test_our_own_page_may_ask(web: Running) -> None:
    """The origin is the host it was asked under."""
    own = f"http://127.0.0.1:{web.port}"
    assert (await web.post("/api/v1/watches/w-1/pause", origin=own)).status_code == 200


async def test_refusals_are_counted_by_reason(web: Running) -> None:
    """So that an attack can be seen."""
    await web.get("/", host="evil.example")
    await web.post("/api/v1/watches/w-1/pause", token="wrong")
    assert await web.counted('migration_monitor_http_refused_total{reason="host"} 1.0')


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b'{"reason": 1}', 400),
        (b'{"reason": "x", "other": 1}', 400),
        (b'{"reason": "a", "reason": "b"}', 400),
        (b'{"reason": NaN}', 400),
        (b"\xff", 400),
        (b"[" * 10_000, 400),
        (b'{"reason": "' + b"x" * 1001 + b'"}', 400),
        (b" " * (16 * 1024 + 1), 413),
        (b'{"reason": "' + b"x" * 1000 + b'"}', 200),
    ],
)
async def test_the_body_of_a_control_is_strict_and_bounded(web: Running, body: bytes, status: int) -> None:
    """A reason of at most 1,000 characters in at most 16 KiB."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = await web.client.post("/api/v1/watches/w-1/pause", content=body, headers=headers)
    assert answer.status_code == status


async def test_an_unknown_control_names_the_known_ones(web: Running) -> None:
    """404 with the list."""
    answer = await web.post("/api/v1/watches/w-1/explode")
    assert answer.status_code == 404
    assert "pause, resume, cancel, approve, rollback" in answer.json()["error"]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NotFound("there is no such watch"), 404),
        (ControlRefused("the rollback has begun"), 409),
        (PlanRefused([Problem("", "COMMIT is refused", 3)]), 422),
        (ConfigError("f", [Problem("x", "is unknown")]), 422),
        (DatabaseUnreachable(CANARY), 503),
        (DatabaseError(CANARY, "42501"), 503),
        (TimeoutError(CANARY), 503),
        (RuntimeError(CANARY), 500),
    ],
)
async def test_every_failure_has_its_status_and_no_secret(
    web: Running, failure: Exception, status: int
) -> None:
    """The operator's own errors are told, everything else only by kind; the log holds no secret either."""
    web.backend.fails = failure
    with capture_logs() as logged:
        answers = [await web.post("/api/v1/watches/w-1/pause"), await web.get("/api/v1/watches")]
    assert [a.status_code for a in answers] == [status, status]
    assert all(set(a.json()) == {"error"} for a in answers)
    assert "canary" not in "".join(a.text for a in answers) + repr(logged)


async def test_every_answer_carries_the_security_headers(web: Running) -> None:
    """Also errors and refusals."""
    answers = [
        await web.get("/"),
        await web.get("/nowhere"),
        await web.get("/", host="x"),
        await web.get("/metrics"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


async def test_the_token_is_in_no_answer(web: Running) -> None:
    """Whatever is asked."""
    paths = ("/", "/metrics", "/healthz", "/readyz", "/api/v1/watches", "/api/v1/watches/w-1")
    for path in paths:
        assert TOKEN not in (await web.get(path)).text


async def test_a_report_has_a_policy_of_its_own_that_runs_and_loads_nothing(web: Running) -> None:
    """Its own style applies; every other header is as everywhere."""
    answer = await web.get("/api/v1/watches/w-1/report")
    assert answer.headers.get_list("content-security-policy") == [
        "default-src 'none'; style-src 'sha256-of-its-style'; img-src data:; base-uri 'none'; "
        "frame-ancestors 'none'"
    ]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"].startswith("text/html")
    data = await web.get("/api/v1/watches/w-1/report.json")
    assert data.json()["watch"]["id"] == "w-1"


# ---------------------------------------------------------------- for the page


async def test_the_targets_are_told_from_memory_also_while_the_store_is_away(web: Running) -> None:
    """With their open watches, our clock, and whether anything can be changed here."""
    web.backend.fails = DatabaseUnreachable("away")
    web.overview.change(store_reachable=False, trouble="it does not answer")
    found = (await web.get("/api/v1/targets")).json()
    (target,) = found["targets"]
    assert found["now"] == web.overview.at / SECOND
    assert found["controls"] is True
    assert (target["store_reachable"], target["stale"]) == (False, False)
    assert (target["trouble"], target["watches"][0]["id"]) == ("it does not answer", "w-1")


async def test_a_chart_and_the_alerts_of_a_watch_are_read_bounded(web: Running) -> None:
    """As asked, and not more than that."""
    await web.get("/api/v1/watches/w-1/chart?since=12.5&slots=7")
    await web.get("/api/v1/watches/w-1/alerts?limit=3")
    assert web.backend.asked == [("chart", "w-1", 12.5, 7), ("alerts", "w-1", 3)]
    for query in ("chart?slots=2001", "chart?slots=0", "chart?since=x", "alerts?limit=10001"):
        assert (await web.get(f"/api/v1/watches/w-1/{query}")).status_code == 400


async def test_only_the_pages_own_files_are_served(web: Running) -> None:
    """By name, with their type."""
    answer = await web.get("/static/app.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    for name in ("..%2Fpage.py", "page.py", "", "app.js/x"):
        assert (await web.get(f"/static/{name}")).status_code == 404
