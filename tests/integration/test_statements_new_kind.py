"""A kind of statement that nobody knows: one file and one line of the registry, and it goes all the way.

Both are put into a copy of the package, since the child process that parses has to know the kind, too.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected

pytestmark = pytest.mark.corner

ROOT = Path(__file__).parents[2]

MIGRATED = "CREATE STATISTICS pairs ON email_address, new_column FROM contacts; DROP STATISTICS pairs"

DOWN = "CREATE STATISTICS pairs ON email_address, new_column FROM contacts"

DRIVER = """
import asyncio, json, sys
from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from tests.rollbacks import ALLOWING, executing, rolled_back, store

async def main(dsn, down):
    prepared = await prepare(dsn, down.encode(), ALLOWING)
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    try:
        await prepare(dsn, down.encode(), ALLOWING)
        again = []
    except PlanRefused as e:
        again = [p.what for p in e.problems]
    statement = watch.plan.plan["statements"][0]
    print(json.dumps({"kind": statement["kind"], "class": statement["class"], "ended": outcome.kind.value,
                      "detail": dict(outcome.detail), "again": again}))

asyncio.run(main(*sys.argv[1:]))
"""


def house(folder: Path) -> Path:
    """The package with one file more, which the registry imports and names in one line."""
    shutil.copytree(ROOT / "monitor", folder / "monitor", ignore=shutil.ignore_patterns("__pycache__"))
    statements = folder / "monitor" / "statements"
    shutil.copy(ROOT / "tests" / "gauges.py", statements / "gauges.py")
    registry = statements / "registry.py"
    text = registry.read_text(encoding="utf-8")
    for known, added in ((IMPORTED, "    gauges,\n"), (LISTED, LINE)):
        assert known in text
        text = text.replace(known, known + added, 1)
    registry.write_text(text, encoding="utf-8")
    return folder


IMPORTED = "from monitor.statements import (\n"
LISTED = "KINDS: dict[str, Kind] = {\n"
LINE = '    "create_statistics": gauges.CREATE_STATISTICS,\n'


async def run_there(folder: Path, dsn: str) -> Any:
    """What the driver says, with the copy as `monitor`."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DRIVER, dsn, DOWN, cwd=folder, env={**os.environ, "PYTHONPATH": path},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


async def test_one_file_and_one_line_make_a_kind(database: Database, tmp_path: Path) -> None:
    """Refused before; then planned, executed, verified, and refused once it would find its own effect."""
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(MIGRATED)
    with pytest.raises(PlanRefused) as caught:
        await prepare(database.dsn, DOWN.encode(), ALLOWING)
    assert "CREATE STATISTICS is not a known kind of statement" in caught.value.problems[0].what
    said = await run_there(house(tmp_path), database.dsn)
    assert (said["kind"], said["class"]) == ("CREATE STATISTICS", "lossless")
    assert said["ended"] == "rolled_back"
    assert said["again"] == ["statistics pairs of public.contacts already exist"]
    async with connected(database.dsn) as c:
        assert await c.fetchval("SELECT stxname::text FROM pg_statistic_ext") == "pairs"
