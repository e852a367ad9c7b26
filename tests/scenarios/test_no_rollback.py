"""A migration that can't be taken back is watched all the same: it alerts, never acts, and says so."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.demo.postgres import free_port
from tests.conftest import Database
from tests.scenarios.stage import Stage, set_up

SAYS = "there is no rollback"


@pytest.fixture
async def stage(newest: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """With a page at a known port."""
    async with set_up(newest.dsn, tmp_path, port=str(free_port())) as ready:
        yield ready


async def api(stage: Stage, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    """The daemon's own interface, at the port of its configuration."""
    port = re.search(r"listen: .127.0.0.1:(\d+)", stage.config.read_text())
    assert port is not None
    where = f"http://127.0.0.1:{port[1]}{path}"
    headers = {"Authorization": "Bearer scenarios-only"}
    async with httpx.AsyncClient(trust_env=False) as client:
        if body is None:
            return await client.get(where, headers=headers)
        return await client.post(where, headers=headers, json=body)


async def test_a_watch_without_a_rollback_alerts_and_never_acts(stage: Stage) -> None:
    """By command: a breach pages a person, nothing is executed, and no control can ask for it."""
    shown = json.loads(await stage.cli("watch", "one_way", "--no-rollback", "--json"))
    assert (shown["mode"], shown["plan"], shown["no_rollback"]) == ("observe", [], True)
    assert [n for n in shown["notices"] if SAYS in n]
    again = json.loads(await stage.cli("watch", "one_way", "--no-rollback", "--json"))
    assert (again["id"], again["new"]) == (shown["id"], False)
    stage.app.set(0.05)
    await stage.event("would_roll_back")

    async def paged() -> dict[str, Any] | None:
        found = [a for a in stage.receiver.alerts if "manual action is needed" in json.dumps(a)]
        return next((a for a in found if "would be rolled back" in json.dumps(a)), None)

    assert "critical" in json.dumps(await stage.until(paged))
    assert not any("rollback NOT ready" in title for title in stage.receiver.titles())
    status = json.loads(await stage.cli("status", "one_way", "--json", expect=None))
    assert SAYS in status["next"]["text"]
    assert (status["readiness"]["ok"], status["readiness"]["codes"]) == (False, ["no_rollback"])
    assert "the watch only alerts" in await stage.cli("status", "one_way", expect=None)
    await stage.cli("rollback", "one_way", expect=2)
    await stage.cli("approve", "one_way", expect=2)
    assert (await api(stage, "/readyz")).status_code == 200
    out = stage.config.parent / "report.html"
    await stage.cli("report", "one_way", "--out", str(out))
    assert f"None: {SAYS}" in out.read_text()
    assert await stage.effects() == 0
    assert (await stage.row("one_way"))["verdict"] is None
    assert "Traceback" not in stage.daemon.log()


async def test_it_is_registered_over_http_and_takes_no_options_of_a_rollback(stage: Stage) -> None:
    """201, and the page has it; what would have no effect is refused."""
    answer = await api(stage, "/api/v1/watches", {"migration": "one_way", "no_rollback": True})
    assert answer.status_code == 201, answer.text
    assert answer.json()["no_rollback"] is True

    async def seen() -> bool:
        watches = (await api(stage, "/api/v1/watches")).json()
        text = json.dumps(watches)
        return SAYS in text

    await stage.until(seen)
    for more in ({"rollback": "DROP INDEX a"}, {"mode": "approve"}, {"accept_loss": ["a"]}):
        refused = await api(stage, "/api/v1/watches", {"migration": "m", "no_rollback": True, **more})
        assert refused.status_code in {400, 422}, refused.text
        assert "--no-rollback leaves nothing to do for" in refused.text


async def test_a_script_that_does_nothing_says_how_to_watch_without(stage: Stage) -> None:
    """The down of a migration that can't be taken back is often only a comment."""
    file = stage.config.parent / "nothing.sql"
    file.write_text("BEGIN;\n-- nothing to undo\nCOMMIT;\n")
    await stage.cli("watch", "one_way", "--rollback", str(file), expect=2)
    await stage.cli("watch", "one_way", "--no-rollback", "--rollback", str(file), expect=2)
