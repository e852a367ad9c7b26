"""Splits SQL by PostgreSQL's own grammar, in a child process with limits.

libpg_query can crash the process on hostile input: then the child is gone and the text is refused.
This file does not judge what a statement does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from typing import Any

from monitor.errors import PlanRefused, Problem

PARSE_DEADLINE = 30.0
"""Seconds of wall time for the child; its CPU is limited to less."""

KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "LANG")
"""No secret of ours is in the environment of a process that runs C code on a stranger's text."""

_COPY_STDIN = re.compile(r"^\s*copy\b[^;]*\bfrom\s+stdin\b", re.IGNORECASE | re.MULTILINE)
_META = re.compile(r"^\s*\\\S*", re.MULTILINE)


async def parse(sql: str, child: str = "monitor.sql.grammar_child") -> list[Mapping[str, Any]]:
    """Facts of each statement with `start` and `length` in bytes. Raises PlanRefused."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", child,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={k: os.environ[k] for k in KEPT_ENVIRONMENT if k in os.environ},
    )  # fmt: skip
    try:
        async with asyncio.timeout(PARSE_DEADLINE):
            out, _ = await process.communicate(sql.encode())
    except TimeoutError as e:
        raise _refused("the parser did not finish in time: split the script or simplify it") from e
    finally:
        await _end(process)
    if process.returncode != 0:
        raise _refused(f"the parser {_death(process.returncode)}: the script is too large or hostile")
    answer: dict[str, Any] = json.loads(out)
    if "error" in answer:
        raise PlanRefused([_syntax(sql, str(answer["error"]), int(answer["position"]))])
    statements: list[Mapping[str, Any]] = answer["statements"]
    return statements


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"failed with exit code {code}"


def _syntax(sql: str, message: str, position: int) -> Problem:
    """A syntax error, or what the text says it really is. `position` is 1-based in characters; 0 unknown."""
    line = sql.count("\n", 0, max(0, position - 1)) + 1
    lines = sql.splitlines()
    if (copy := _COPY_STDIN.search(sql)) is not None:
        where = sql.count("\n", 0, copy.end()) + 1
        return Problem("", "COPY … FROM STDIN has no data here: use INSERT", where)
    if position and line <= len(lines) and _META.match(lines[line - 1]):
        return Problem("", "psql meta-commands are not SQL: write the statements themselves", line)
    return Problem("", message, line if position else None)


def _refused(what: str) -> PlanRefused:
    return PlanRefused([Problem("", what)])
