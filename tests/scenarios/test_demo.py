"""The demonstration as a newcomer runs it: it breaks, is rolled back, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT = 100
CLEAR = 20.0
"""Seconds in which what was killed must be gone: the keeper's politeness and PostgreSQL's end, generously."""

pytestmark = pytest.mark.timeout(LIMIT + 2 * CLEAR)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demonstration's temporary files go; servers of another user can enter it."""
    path = Path(tempfile.mkdtemp(prefix="demo-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def start(folder: Path) -> subprocess.Popen[str]:
    """The command, without a terminal, as a group of its own as a shell makes it."""
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo"], env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def left_of(folder: Path) -> list[str]:
    """Processes that carry the folder in their command line or environment, and files in it."""
    found = [str(p) for p in folder.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in text and process.name != str(os.getpid()):
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def assert_nothing_left(folder: Path) -> None:
    """Now, or within CLEAR."""
    end = time.monotonic() + CLEAR
    while left_of(folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert left_of(folder) == []


def read_until(program: subprocess.Popen[str], text: str) -> None:
    """Reads its output up to a line with `text`."""
    assert program.stdout is not None
    seen: list[str] = []
    for line in program.stdout:
        seen.append(line)
        if text in line:
            return
    pytest.fail("".join(seen))


@pytest.mark.slow
def test_the_demonstration_breaks_a_shop_and_rolls_the_migration_back(folder: Path) -> None:
    """Exit 0 within 90 s: broken, streak, rollback, recovery, schema, and Slack was told."""
    start_time = time.monotonic()
    program = start(folder)
    output, _ = program.communicate(timeout=LIMIT)
    assert program.returncode == 0, output
    assert time.monotonic() - start_time < 90
    told = [
        "shortened for the demonstration",
        "all is well",
        "it is broken now",
        "the streak begins",
        "rolled back",
        "recovered",
        "id, name, email again",
    ]
    places = [output.find(text) for text in told]
    assert -1 not in places, output
    assert places == sorted(places), output
    assert "slack" in output
    assert_nothing_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "when", "code"),
    [
        (signal.SIGINT, "the streak begins", 130),
        pytest.param(signal.SIGTERM, "all is well", 130, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, "it is broken now", -9, marks=pytest.mark.slow),
        (signal.SIGINT, "starting PostgreSQL", 130),
    ],
    ids=["ctrl-c", "sigterm", "sigkill", "ctrl-c-at-start"],
)
def test_however_it_is_stopped_nothing_is_left(
    folder: Path, number: signal.Signals, when: str, code: int
) -> None:
    """The signal goes to the whole group, as from a terminal."""
    program = start(folder)
    read_until(program, when)
    os.killpg(program.pid, number)
    output, _ = program.communicate(timeout=LIMIT)
    assert program.returncode == code, output
    assert_nothing_left(folder)
