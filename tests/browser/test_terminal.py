"""`status --follow` on a real terminal, beside a real daemon: within its columns, in colours."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import io
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from tests.browser.window import ARTEFACTS, window
from tests.conftest import Database
from tests.scenarios.stage import PATIENCE, Stage, set_up

ROWS, COLUMNS = 30, 80
END_OF_PANEL = "╯"
PAGE = """<style>body {{ margin: 0 }} pre {{ font: 15px/1.25 "DejaVu Sans Mono", monospace;
display: inline-block; margin: 0; padding: 12px; color: {foreground}; background: {background} }}
{stylesheet}</style><pre>{code}</pre>"""


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of one of ROWS × COLUMNS: ours, and the one that a program gets."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


async def first_picture(stage: Stage) -> str:
    """What `status --follow` writes until the panel of its watch is whole; it is interrupted then."""
    with terminal() as (ours, theirs):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "--config", str(stage.config),
            "status", "rename_email", "--follow",
            stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "", "NO_COLOR": ""},
        )  # fmt: skip
        seen = b""
        async with asyncio.timeout(PATIENCE):
            while END_OF_PANEL.encode() not in seen:
                seen += await asyncio.to_thread(os.read, ours, 65536)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 130
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.slow
async def test_a_breach_is_drawn_in_eighty_columns_and_in_colours(
    browser: Browser, newest: Database, tmp_path: Path
) -> None:
    """The first line says what happens and when; no line is wider than the terminal."""
    async with set_up(newest.dsn, tmp_path, hold="60s") as stage:
        await stage.watch()
        stage.app.set(0.0002)
        await asyncio.sleep(6)
        stage.app.set(0.052)
        await stage.event("pending", "error_rate.rollback")
        await asyncio.sleep(3)
        drawn = Text.from_ansi(await first_picture(stage))
    lines = drawn.plain.rstrip().splitlines()
    assert max(cell_len(line) for line in lines) <= COLUMNS
    assert "Rolls back automatically at" in lines[1]
    assert any("error_rate.rollback exceeded for" in line for line in lines)
    assert {str(span.style) for span in drawn.spans} - {"none"}
    recorded = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    recorded.print(drawn)
    async with window(browser, "about:blank") as shown:
        await shown.page.set_content(recorded.export_html(theme=DIMMED_MONOKAI, code_format=PAGE))
        ARTEFACTS.mkdir(exist_ok=True)
        await shown.page.locator("pre").screenshot(path=ARTEFACTS / "terminal.png")
