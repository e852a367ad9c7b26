"""`status --follow` beside a real daemon: lines where there is no terminal, until the verdict or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from tests.scenarios.stage import PATIENCE, Stage

pytestmark = pytest.mark.slow


async def following(stage: Stage) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "--config", str(stage.config), "status", "rename_email", "--follow",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_a_rollback_is_told_line_by_line_and_the_verdict_ends_it(stage: Stage) -> None:
    """Each change once: what happens next, the streak, the end."""
    await stage.watch()
    process = await following(stage)
    assert process.stdout is not None
    first = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    stage.app.set(0.3)
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    lines = (first + out).decode().splitlines()
    assert process.returncode == 0, err
    assert any(
        "Rolls back automatically at" in line and "error_rate.rollback pending" in line for line in lines
    )
    assert "rolled_back" in lines[-1]
    assert len(lines) == len(set(lines)) < 20


async def test_ctrl_c_ends_it_quietly(stage: Stage) -> None:
    """Exit code 130, nothing on stderr but nothing else either."""
    await stage.watch()
    process = await following(stage)
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in err
