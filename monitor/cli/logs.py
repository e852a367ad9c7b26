"""Where logs go: stderr, one JSON object a line, or words on a terminal.

An exception is logged by its kinds and the places it went through: its text may hold anything.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

FRAMES = 8
"""Innermost places of an exception that are told."""

NOISY = ("httpx", "httpcore", "apscheduler", "uvicorn", "asyncio")
"""Libraries of which only warnings are worth a line."""


class Unfailing(io.TextIOBase):
    """A stream whose full disk or gone reader costs lines, never the daemon that writes them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def to_stderr() -> None:
    """Every logger of this process, ours and the libraries', writes to stderr."""
    terminal = sys.stderr.isatty()
    last: Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_text,
    ]
    structlog.configure(
        processors=[*before, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    _libraries(before, last)


def without_text(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replaces exception information by kinds and places."""
    info = event.pop("exc_info", None)
    if not info:
        return event
    error = (
        info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exception()
    )
    if isinstance(error, BaseException):
        event["error"] = " < ".join(_kinds(error))
        event["at"] = places(error.__traceback__)
    return event


def places(trace: TracebackType | None) -> list[str]:
    """`module.py:12 function`, innermost last."""
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def _kinds(error: BaseException | None) -> list[str]:
    found: list[str] = []
    while error is not None and len(found) < FRAMES:
        found.append(type(error).__name__)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def first_line(record: logging.LogRecord) -> bool:
    """A filter: asyncio tells what nobody waited for in lines of their own, with the exception's text."""
    record.msg, record.args = record.getMessage().partition("\n")[0], None
    return True


def _libraries(before: list[Processor], last: Processor) -> None:
    """What libraries log goes the same way; their texts are kept, their exceptions' are not."""
    handler = logging.StreamHandler(Unfailing(sys.stderr))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("asyncio").addFilter(first_line)
