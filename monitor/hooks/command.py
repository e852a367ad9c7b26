"""A hook that is a command: no shell, no environment but what it needs, and an end at its deadline.

Its output goes nowhere: it could hold anything, and nothing here may grow with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from monitor.hooks.configuration import HookKind
from monitor.options import Text
from monitor.ports.hooks import Call
from monitor.ports.post import Post

KEPT = ("PATH", "HOME", "LANG", "TZ")
"""Of our own environment: enough to find programs and their configuration, no secret of ours."""

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL to the whole process group."""


class Command:
    """Runs `argv` as a process group of its own."""

    def __init__(self, argv: Sequence[str], timeout: float) -> None:
        """`timeout`: seconds until the whole group is ended."""
        self._argv = tuple(argv)
        self._timeout = timeout

    async def run(self, call: Call, key: str) -> str:
        """Exit code 0 is success."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv, env=environment(call, key, os.environ), start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as e:
            return f"it could not be started: {e.strerror}"
        try:
            async with asyncio.timeout(self._timeout):
                code = await process.wait()
        except TimeoutError:
            return f"it did not end within {self._timeout:g} s and was ended"
        finally:
            await _end(process)
        return "" if code == 0 else _death(code)

    def fault(self) -> str:
        """Whether the program is there and may be executed."""
        program = self._argv[0]
        if shutil.which(program) is None:
            return f"{program!r} is not an executable file here: give its full path and check its mode"
        return ""


def _opened(argv: Sequence[str], post: Post, timeout: float) -> Command:  # noqa: ARG001 - one shape for all
    return Command(argv, timeout)


COMMAND = HookKind(
    Annotated[tuple[Text, ...], Field(min_length=1)], _opened, "program and arguments; no shell"
)


def environment(call: Call, key: str, ours: Mapping[str, str]) -> dict[str, str]:
    """What the command is told, beside what it needs to run."""
    told = {
        "MIGRATION": call.migration,
        "TARGET": call.target,
        "WATCH_ID": call.watch_id,
        "REASON": call.reason,
        "MOMENT": call.moment.value,
        "OUTCOME": call.outcome,
        "IDEMPOTENCY_KEY": key,
    }
    return {**{name: ours[name] for name in KEPT if name in ours}, **told}


def _death(code: int) -> str:
    return f"it was ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with exit code {code}"


async def _end(process: asyncio.subprocess.Process) -> None:
    """The whole group, when its leader is still there: at the deadline, or when we are told to stop."""
    if process.returncode is not None:
        return
    _signal(process.pid, signal.SIGTERM)
    waiting = asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({waiting}, timeout=GRACE)
    finally:  # also when we are cancelled once more
        _signal(process.pid, signal.SIGKILL)
    await waiting


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
