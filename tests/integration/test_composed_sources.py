"""Every kind of source that may be configured comes through the composition root as a probe."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.app.sources import probes_of
from monitor.net import Net
from monitor.settings import load
from monitor.sources import SOURCES
from tests.conftest import Database

WRITTEN = {
    "json": "{url: 'http://127.0.0.1:1/stats', value: t, unit: ms}",
    "prometheus": "{urls: ['http://127.0.0.1:1/metrics'], value: queue_length, unit: count}",
    "promql": "{url: 'http://127.0.0.1:1', errors: 'e', requests: 'r'}",
    "http_check": "{url: 'http://127.0.0.1:1/', measure: time}",
    "sql": "{query: 'SELECT 1', unit: count}",
}


def test_every_kind_is_tried_here() -> None:
    """A new one must be written above."""
    assert WRITTEN.keys() == SOURCES.keys()


@pytest.mark.parametrize("kind", WRITTEN)
async def test_a_configured_source_becomes_a_probe(kind: str, tmp_path: Path) -> None:
    """As the daemon and `check` build it; one that nobody answers is no data, not an error."""
    below = {"promql": "1%", "json": "1s", "http_check": "1s"}.get(kind, "5")
    (tmp_path / "monitor.yaml").write_text(
        "targets: {shop: {database: {dsn: 'postgresql://127.0.0.1:1/shop'}, metrics: {"
        f"own: {{{kind}: {WRITTEN[kind]}}}}}}}}}\n"
        f"thresholds: {{error_rate: null, response_time: null, own: {{normal_below: {below}}}}}\n"
    )
    net = Net()
    database, own = probes_of(load(tmp_path / "monitor.yaml", {}), "shop", net)
    assert (database.metrics, own.metrics) == (("connections", "query_latency"), ("own",))
    (reading,) = await own.read(0)
    assert reading.value is None
    assert reading.reason
    assert all(found.text for found in await own.check())
    for probe in (database, own):
        await probe.aclose()
    await net.aclose()


@pytest.mark.promise(8)
async def test_a_slow_statement_takes_no_other_metric_away(database: Database, tmp_path: Path) -> None:
    """A query of one's own that hangs after the migration hides neither the database nor another query."""
    (tmp_path / "monitor.yaml").write_text(
        f"targets: {{shop: {{database: {{dsn: '{database.dsn}'}}, metrics: {{"
        "slow: {sql: {query: 'SELECT pg_sleep(60)::text', unit: count}},"
        "quick: {sql: {query: 'SELECT 1', unit: count}}}}}\n"
        "thresholds: {error_rate: null, response_time: null, slow: {normal_below: 5},"
        " quick: {normal_below: 5}}\n"
        "watch: {interval: 1s}\n"
    )
    net = Net()
    own, slow, quick = probes_of(load(tmp_path / "monitor.yaml", {}), "shop", net)
    await own.read(0)
    reading = asyncio.create_task(slow.read(0))
    await asyncio.sleep(0.1)
    assert all(r.value is not None for r in (*await own.read(0), *await quick.read(0)))
    assert [r.reason for r in await reading] == ["timeout"]
    assert all(r.value is not None for r in (*await own.read(0), *await quick.read(0)))
    for probe in (own, slow, quick):
        await probe.aclose()
    await net.aclose()
