"""Logs go to stderr as lines of JSON, and carry no text of foreign errors."""

from __future__ import annotations

import json
import subprocess
import sys

from monitor.cli.logs import without_text

CANARY = "canary-30be"


def _fails() -> None:
    raise OSError(CANARY)


def _raised() -> Exception:
    try:
        _fails()
    except OSError as e:
        error = ValueError(CANARY)
        error.__cause__ = e
        return error.with_traceback(e.__traceback__)
    raise AssertionError


def test_an_exception_is_told_by_kinds_and_places() -> None:
    """Its text may hold a DSN or what a remote said."""
    found = without_text(None, "error", {"event": "probe.failed", "exc_info": _raised()})
    assert CANARY not in str(found)
    assert found["error"] == "ValueError < OSError"
    assert found["at"][-1].endswith("_fails")


def test_an_event_without_an_exception_is_left_alone() -> None:
    """Most are."""
    assert without_text(None, "info", {"event": "daemon.started"}) == {"event": "daemon.started"}
    assert without_text(None, "info", {"event": "x", "exc_info": None}) == {"event": "x"}


def test_logs_of_ours_and_of_libraries_are_json_lines_on_stderr() -> None:
    """Standard output is for answers alone."""
    code = f"""
import logging, structlog
from monitor.cli.logs import to_stderr
to_stderr()
structlog.get_logger().warning("store.lost", target="shop")
logging.getLogger("httpx").info("never told")
try:
    raise ValueError("{CANARY}")
except ValueError:
    logging.getLogger("apscheduler").exception("job failed")
    structlog.get_logger().exception("probe.failed")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.stdout == ""
    assert [line["event"] for line in lines] == ["store.lost", "job failed", "probe.failed"]
    assert lines[0]["level"] == "warning"
    assert lines[0]["timestamp"].endswith("Z")
    assert {line["error"] for line in lines[1:]} == {"ValueError"}
    assert CANARY not in done.stderr


UNWAITED = """
import asyncio
from monitor.cli.logs import to_stderr
to_stderr()

async def forgotten():
    asyncio.get_running_loop().create_future().set_exception(ValueError("CANARY"))

asyncio.run(forgotten())
"""


def test_an_exception_that_nobody_waited_for_is_told_without_its_text() -> None:
    """Libraries leave such futures behind when a connection breaks; asyncio tells their text."""
    command = [sys.executable, "-c", UNWAITED.replace("CANARY", CANARY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = json.loads(done.stderr)
    assert (line["event"], line["error"]) == ("Future exception was never retrieved", "ValueError")
    assert CANARY not in done.stderr


LOGGING = """
import logging, structlog
from monitor.cli.logs import to_stderr
to_stderr()
structlog.get_logger().warning("daemon.started")
logging.getLogger("asyncio").warning("of a library")
structlog.get_logger().warning("daemon.stopped")
print("alive")
"""


def test_a_log_that_can_not_be_written_stops_nothing() -> None:
    """A full disk, or a reader that is gone: lines are lost, the daemon goes on."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", LOGGING]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.stdout == "alive\n"
