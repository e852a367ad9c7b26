"""Runs one command: which it is, and what becomes of errors.

Errors are one sentence on stderr with the remedy, never a traceback. `replay` goes by its own way, so
that it does not pay for what the other commands need.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from monitor.cli import replay
from monitor.cli.context import split, warn
from monitor.cli.exits import INTERRUPTED, UNEXPECTED, USAGE
from monitor.errors import ConfigError, DatabaseError, MonitorError, OperatorError

TRACEBACK = "MIGRATION_MONITOR_TRACEBACK"

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

ASK_CHECK = ": `migration-monitor check` tells which connection fails, and why"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    try:
        return _run(given)
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else UNEXPECTED * bool(e.code)
    except MonitorError as e:
        return _sentence(e)
    except ExceptionGroup as e:
        first = _first(e)
        return _sentence(first) if isinstance(first, MonitorError) else _unexpected(e)
    except BrokenPipeError:
        return _output_dropped()  # `migration-monitor status | head`
    except OSError as e:
        return _no_room(e) if e.errno in NO_ROOM else _unexpected(e)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as e:  # a person gets a sentence, whatever it was
        return _unexpected(e)


def _open_streams() -> None:
    """`>&-`: without a stream in its place, the first file that we open would be written to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as we run


def _run(given: list[str]) -> int:
    config, rest = split(given)
    if rest[:1] == ["replay"]:
        return replay.run(config, rest[1:])
    commands: Any = importlib.import_module("monitor.cli.commands")  # 0.3 s that replay saves
    code: int = commands.run(config, rest)
    return code


def _sentence(e: MonitorError) -> int:
    for line in str(e).splitlines() or [type(e).__name__]:
        remedy = ASK_CHECK if isinstance(e, DatabaseError) else ""
        warn(line if isinstance(e, ConfigError) else f"error: {line}{remedy}")
    return USAGE if isinstance(e, OperatorError) else UNEXPECTED


def _no_room(e: OSError) -> int:
    remedy = "what was done stays done: run it again when there is space, or redirect its output"
    warn(f"error: the output could not be written ({e.strerror}); {remedy}")
    return _output_dropped()


def _output_dropped() -> int:
    """What is still buffered has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return UNEXPECTED


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """What the tasks of a group failed with: the first of ours, else the first."""
    ours = group.subgroup(MonitorError)
    found: Exception = ours or group
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found


def _unexpected(e: Exception) -> int:
    """The text of a foreign error may carry anything: only its kind is told."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(e)
    hint = f"set {TRACEBACK}=1 and run it again to see where"
    warn(f"error: unexpected {type(e).__name__}; {hint}")
    return UNEXPECTED
