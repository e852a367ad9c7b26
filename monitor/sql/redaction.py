"""Statements of strangers without their literals, for people: in a child process with limits.

A statement whose values can't be shown to be gone is shown by its command alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import Sequence

from monitor.sql.grammar import KEPT_ENVIRONMENT

DEADLINE = 5.0
"""Seconds for all statements of one message."""

TAGS = frozenset(
    (
        "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "COPY", "VACUUM", "ANALYZE", "CREATE",
        "ALTER", "DROP", "TRUNCATE", "REINDEX", "CLUSTER", "REFRESH", "LOCK", "BEGIN", "START", "COMMIT",
        "ROLLBACK", "FETCH", "DECLARE", "EXPLAIN", "CALL", "DO", "EXECUTE", "GRANT", "REVOKE", "SET", "SHOW",
    )
)  # fmt: skip
"""First words that are commands; any other first word could be anything."""

_COMMENT = r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
_WORD = re.compile(rf"\s*(?:(?:{_COMMENT}|--[^\n]*\n)\s*)*([A-Za-z]+)")
"""No two parts can take the same text: a stranger's many comments are read once, not in every way they
could be divided. (Possessive quantifiers would do, but not on Python 3.11.2.)"""


async def bare(queries: Sequence[str]) -> list[str]:
    """One line for each, "" where even the command is not known."""
    if not any(queries):
        return ["" for _ in queries]
    try:
        async with asyncio.timeout(DEADLINE):
            found = await _ask(queries)
    except (TimeoutError, OSError, ValueError):
        found = ["" for _ in queries]
    return [text or tag_of(query) for text, query in zip(found, queries, strict=True)]


def tag_of(query: str) -> str:
    """The command, if it is one."""
    match = _WORD.match(query)
    word = match[1].upper() if match else ""
    return word if word in TAGS else ""


async def _ask(queries: Sequence[str]) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor.sql.redaction_child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={k: os.environ[k] for k in KEPT_ENVIRONMENT if k in os.environ},
    )  # fmt: skip
    try:
        out, _ = await process.communicate(json.dumps(list(queries)).encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    answered: list[str] = json.loads(out)
    if len(answered) != len(queries):
        raise ValueError("the parser answered something else")
    return answered
