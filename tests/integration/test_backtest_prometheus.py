"""A month in a real Prometheus: every known incident is found at its time, and on other days none."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from monitor.report.parts import moment
from tests import history
from tests.history import DAY, Incident, Service
from tests.integration.test_backtest import backtest
from tests.machine import has

DAYS, STEP = 30, 60

OUTAGE = Incident(int(6.3 * DAY), 1200, failing=0.2)
BRIEF = Incident(int(12.5 * DAY), 240, failing=1.0)
CREEPING = Incident(int(20.7 * DAY), 5400, failing=0.03)
SLOW = Incident(int(25.1 * DAY), 1800, slow=True)
AWAY = (15 * DAY, 15 * DAY + 7200)

SHOP = Service(DAYS, STEP, incidents=(OUTAGE, BRIEF, CREEPING, SLOW), restarts=(9 * DAY,), away=(AWAY,))
OTHER = Service(2, STEP, background=0.3, job="other", seed=7)

CONFIG = """
targets:
  shop:
    database: {{dsn: "postgresql://u:p@127.0.0.1:9/shop"}}
    metrics:
      error_rate: {{prometheus: {{url: "{page}", preset: fastapi}}}}
      response_time: {{prometheus: {{url: "{page}", preset: fastapi, quantile: 0.95}}}}
"""


def text_of(service: Service, begin: int) -> str:
    into = io.StringIO()
    history.write(service, begin, into)
    return into.getvalue()


async def found(url: str, config: Path, *options: str) -> Any:
    done = await backtest(
        "--config", str(config), "backtest", "--prometheus", url, "--json", *options, patience=300
    )
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


if has("prometheus", "promtool"):

    @pytest.mark.slow
    @pytest.mark.timeout(600)
    async def test_a_month_shows_its_incidents_and_nothing_else(tmp_path: Path) -> None:
        """Two would be rolled back, one is too brief, one is slow; a restart and a gap are none."""
        now = int(time.time()) // STEP * STEP
        begin = now - DAYS * DAY
        history.blocks(tmp_path, text_of(SHOP, begin), text_of(OTHER, now - 2 * DAY))
        config = tmp_path / "monitor.yaml"
        config.write_text(CONFIG.format(page="http://10.0.0.1:8000/metrics"))
        async with history.server(tmp_path) as url:
            answer = await found(url, config, "--match", 'job="shop"')
            several = await backtest("--config", str(config), "backtest", "--prometheus", url, "--days", "1")
        assert several.code == 2
        assert "of several jobs (other, shop): say which by --match" in several.err

        fired = [r["at"] - begin for r in answer["rollbacks"]]
        assert len(fired) == 2, [moment(r["at"]) for r in answer["rollbacks"]]
        assert 300 <= fired[0] - OUTAGE.at <= 300 + 3 * STEP
        assert 300 <= fired[1] - CREEPING.at <= 900  # five errors in 150 requests a minute
        assert answer["step_seconds"] == STEP  # as it was scraped
        rules = {rule["rule"]: rule for rule in answer["firings"]}
        assert rules["response_time.investigate"]["times"] == 1
        investigated = rules["response_time.investigate"]["firings"][0]["at"] - begin
        assert 300 <= investigated - SLOW.at <= 300 + 4 * STEP
        days = {int((f["at"] - begin) // DAY) for f in rules["error_rate.warn"]["firings"]}
        assert days <= {6, 12, 20}  # a healthy day warns of nothing
        requests = sum(r for _, r, _, _ in SHOP.reads())
        assert answer["metrics"]["error_rate"]["requests"] == pytest.approx(requests, rel=0.01)
        assert 0.99 < answer["metrics"]["error_rate"]["measured"] < 0.999
        assert set(answer["left_out"]) == {"connections", "query_latency"}
        watches = answer["watches"]
        assert watches["rolled_back"] == pytest.approx(48, abs=3)
        assert watches["succeeded"] / watches["judged"] > 0.9
