"""A kind of source that nobody knows: one file and one line in a registry.

It goes all the way: from the configuration, its schema and its problems to what the daemon samples.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from monitor.app import check, register
from monitor.errors import ConfigError, Problem
from monitor.ports import WatchRequest
from monitor.settings import Settings, load, reference, settings_with
from monitor.sources import SOURCES
from tests.conftest import Database
from tests.contract.dial_daemon import MODEL
from tests.dial import DialSource

ROOT = Path(__file__).parents[2]
CANARY = "canary-5d1a"
PATIENCE = 60.0

CONFIG = """targets:
  shop:
    database: {{dsn: "{dsn}", allow_superuser: postgres}}
    metrics:
      temperature: {{dial: {{{keys}}}}}
thresholds:
  error_rate: null
  response_time: null
  temperature: {{normal_below: 30, investigate_above: 40}}
watch: {{interval: 1s, fast_interval: 1s}}
server: {{listen: "127.0.0.1:0"}}
"""


def settings(folder: Path, keys: str, dsn: str = "postgresql://127.0.0.1:9/shop") -> Settings:
    path = folder / "monitor.yaml"
    path.write_text(CONFIG.format(dsn=dsn, keys=keys))
    return load(path, {"SEAL": CANARY}, model=MODEL)


def problems(folder: Path, keys: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        settings(folder, keys)
    assert CANARY not in str(caught.value)
    return list(caught.value.problems)


def test_the_schema_and_the_table_of_keys_have_it() -> None:
    """In its own words, after those that were there; every other key is as it was."""
    defined = reference.schema(MODEL)["$defs"]
    assert list(defined["MetricSource"]["properties"]) == [*SOURCES, "dial"]
    assert defined["DialSource"]["description"] == "A dial that somebody reads for us."
    keys = {key.path: (key.type, key.default, key.meaning) for key in reference.all_keys(MODEL)}
    own = "targets.<name>.metrics.<name>.dial."
    assert keys[f"{own}seal"] == ("secret", "", "what the reader's line must begin with")
    assert [key for key in reference.all_keys(MODEL) if own not in key.path] == list(reference.all_keys())
    assert "DialSource" not in reference.schema()["$defs"]


def test_a_kind_may_be_called_what_the_models_have_taken() -> None:
    """`json` is a method of theirs, `keys` a property: what is written keeps its name."""
    made = settings_with(sources={"keys": DialSource, "json": DialSource})
    assert list(reference.schema(made)["$defs"]["MetricSource"]["properties"]) == ["keys", "json"]
    text = {"keys": {"file": "f", "unit": "count", "hand": "left", "seal": "s"}}
    target = {"database": {"dsn": "postgresql://db/shop"}, "metrics": {"m": text}}
    source = made.model_validate({"targets": {"shop": target}}).targets["shop"].metrics["m"]
    assert (source.kind, list(source.written())) == ("keys", ["keys"])
    assert isinstance(source.keys, DialSource)


@pytest.mark.parametrize(
    ("keys", "where", "says"),
    [
        ("file: f, unit: count, hand: left, seal: '${SEAL}', fil: x", ".fil", "did you mean `file`?"),
        ("file: f, unit: count", ".seal", "is missing: add it"),
        ("file: f, seal: '${SEAL}'", ".unit", "is missing: add it"),
        ("file: f, unit: count, seal: '${GONE}'", ".seal", "GONE is not set"),
        (
            "file: f, unit: ratio, seal: s, broken_above: 1",
            ".broken_above",
            "has no place beside `unit: ratio`",
        ),
        (
            "file: f, unit: ms, hand: left, seal: s",
            "",
            "gives a time, but `temperature` has limits for a count: change the",
        ),
    ],
)
def test_a_mistake_in_it_is_told_as_in_any_other(tmp_path: Path, keys: str, where: str, says: str) -> None:
    """At its place and on its line, once; what it measures is held against the limits."""
    found = [p for p in problems(tmp_path, keys) if p.where.endswith(f"metrics.temperature.dial{where}")]
    assert [says in problem.what for problem in found] == [True]
    assert found[0].line == 5


def test_a_key_that_it_lacks_hides_no_problem_of_others(tmp_path: Path) -> None:
    """What stands in for it meanwhile is found by its kind, one of several words too."""
    path = tmp_path / "monitor.yaml"
    text = CONFIG.format(dsn="postgresql://db/shop", keys="") + "alerts: [{}]\n"
    path.write_text(text.replace("interval: 1s, fast", "interval: 2s, max_gap: 3s, fast"))
    with pytest.raises(ConfigError) as caught:
        load(path, {}, model=MODEL)
    own = "targets.shop.metrics.temperature.dial"
    lacks = {f"{own}.{key}" for key in ("file", "unit", "seal", "hand")}
    assert {problem.where for problem in caught.value.problems} == {*lacks, "watch.max_gap", "alerts[0]"}


def test_a_source_that_is_none_is_told_every_kind(tmp_path: Path) -> None:
    """The registered ones, in their order."""
    path = tmp_path / "monitor.yaml"
    path.write_text(CONFIG.format(dsn="postgresql://db/shop", keys="").replace("{dial: {}}", "{}"))
    with pytest.raises(ConfigError) as caught:
        load(path, {}, model=MODEL)
    assert "needs exactly one of json, prometheus, promql, http_check, sql, dial" in str(caught.value)


async def test_check_asks_it_and_shows_what_it_reads(database: Database, tmp_path: Path) -> None:
    """A problem in its words, else its value in the unit of its limits."""
    file = tmp_path / "dial"
    given = settings(tmp_path, f"file: {file}, unit: count, hand: left, seal: '${{SEAL}}'", database.dsn)
    assert CANARY not in repr(given)
    told = [f for f in await check(given) if f.where.endswith(".temperature")]
    assert [(f.text, f.problem) for f in told] == [("nobody reads the dial: send somebody", True)]
    file.write_text(f"{CANARY} 21")
    told = [f for f in await check(given) if f.where.endswith(".temperature")]
    assert [(f.text, f.problem) for f in told] == [("21", False)]


async def test_a_daemon_samples_it(database: Database, tmp_path: Path) -> None:
    """A process of its own, from the file to the stored sample, with its limits."""
    file = tmp_path / "dial"
    file.write_text(f"{CANARY} 21.5")
    given = settings(tmp_path, f"file: {file}, unit: count, hand: left, seal: '${{SEAL}}'", database.dsn)
    registered = await register(given, WatchRequest("0042", None, no_rollback=True))
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.dial_daemon", str(tmp_path / "monitor.yaml"), cwd=ROOT,
        env={**os.environ, "SEAL": CANARY}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        values = await _sampled(database.dsn)
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, log = await daemon.communicate()
    assert registered.new
    assert values == {21.5}
    assert daemon.returncode == 0
    assert CANARY.encode() not in log


async def _sampled(dsn: str) -> set[Any]:
    """The values of the metric, as soon as there are some."""
    connection = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(PATIENCE):
            while not (rows := await connection.fetch(SAMPLES)):
                await asyncio.sleep(0.2)
    finally:
        await connection.close()
    return {row["value"] for row in rows}


SAMPLES = "SELECT value FROM migration_monitor.sample WHERE metric = 'temperature' AND value IS NOT NULL"
