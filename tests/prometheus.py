"""The files for Prometheus and Grafana as tests read them, and Prometheus' own tools, where they are."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.machine import has

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "deploy" / "prometheus"

HAS_PROMTOOL, HAS_AMTOOL = has("promtool"), has("amtool")
"""Tests that need one are not collected without it; under CI that is a failure."""

OWN_METRIC = re.compile(r"\bmigration_monitor_[a-z0-9_]+")

TOOL_SECONDS = 60


def read(path: Path) -> Any:
    """A YAML file."""
    return YAML(typ="safe", pure=True).load(path)


def rules() -> dict[str, dict[str, Any]]:
    """The alerts by name, in the file's order."""
    found = [rule for group in read(FOLDER / "rules.yaml")["groups"] for rule in group["rules"]]
    named = {rule["alert"]: rule for rule in found}
    assert len(named) == len(found), "two alerts have one name"
    return named


async def said_by(*command: str, cwd: Path = FOLDER) -> tuple[int, str]:
    """Exit code and everything a tool said."""
    tool = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(tool.communicate(), TOOL_SECONDS)
    return tool.returncode or 0, said.decode()
