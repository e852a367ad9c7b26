"""Nothing stays behind: a keeper process that ends and deletes what the demonstration started.

The keeper is told of every process and folder through a pipe. When the pipe closes, because the
demonstration closed it or because it was killed in any way, the keeper ends those processes and
deletes those folders. It is in a session of its own, so Ctrl-C on the terminal does not reach it.
This file imports nothing but the standard library, so that the keeper is there at once.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

POLITE_SECONDS = 6.0
"""After SIGTERM; the daemon finishes or takes back an open transaction in that time. Then SIGKILL."""

LOOK_SECONDS = 0.1
"""Between two looks for processes; longer than a child needs from fork to exec."""

KEEPER_SECONDS = 20.0
"""How long `close` waits for the keeper to be done."""


class Leash:
    """Starts processes in sessions of their own, and knows folders, all gone after `close`."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "monitor.demo.leash"], stdin=subprocess.PIPE, start_new_session=True
        )

    def spawn(self, command: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """A process whose output goes to `log`."""
        with log.open("ab") as output:
            child = subprocess.Popen(command, env=dict(env), stdin=subprocess.DEVNULL, stdout=output,
                                     stderr=output, start_new_session=True)  # fmt: skip
        self._children.append(child)
        self._tell("group", str(child.pid))
        return child

    def folder(self, path: Path) -> None:
        """A folder to delete in the end; a PostgreSQL with its `data` in there is stopped first."""
        self._tell("folder", str(path))

    def close(self) -> None:
        """Ends and deletes everything; may be called again."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        end = time.monotonic() + KEEPER_SECONDS
        while self._keeper.poll() is None and time.monotonic() < end:
            for child in self._children:
                child.poll()  # ours to bury, or the keeper would wait for a ghost
            time.sleep(0.02)

    def _tell(self, kind: str, what: str) -> None:
        assert self._keeper.stdin is not None  # noqa: S101  # a PIPE was asked for
        self._keeper.stdin.write(f"{kind} {what}\n".encode())
        self._keeper.stdin.flush()


def keep(told: Iterable[str]) -> None:
    """The keeper: listens until the pipe closes, then cleans up."""
    groups: list[int] = []
    folders: list[Path] = []
    for line in told:
        kind, _, what = line.rstrip("\n").partition(" ")
        if kind == "group":
            groups.append(int(what))
        else:
            folders.append(Path(what))
    end_groups(groups)
    for folder in folders:
        remove(folder)


def end_groups(groups: Sequence[int]) -> None:
    """SIGTERM to all, newest first, and SIGKILL to those that are still there after POLITE_SECONDS."""
    for group in reversed(groups):
        _signal(group, signal.SIGTERM)
    end = time.monotonic() + POLITE_SECONDS
    while any(_signal(group, 0) for group in groups) and time.monotonic() < end:
        time.sleep(0.02)
    for group in groups:
        _signal(group, signal.SIGKILL)


def remove(folder: Path) -> None:
    """Stops the PostgreSQL whose data is in `folder`, ends what else works there, and deletes the folder."""
    if (pid := postmaster(folder)) is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)  # at once; nothing of it is kept
        end = time.monotonic() + POLITE_SECONDS
        while postmaster(folder) is not None and time.monotonic() < end:
            time.sleep(0.02)
    end_workers(folder)
    shutil.rmtree(folder, ignore_errors=True)


def end_workers(folder: Path) -> None:
    """SIGKILL to all whose home is the folder, as the launcher starts them, until two looks find nobody.

    A demonstration that is stopped while it starts PostgreSQL leaves an initdb or a postmaster without a pid
    file, which nobody was told of. A forked child shows its home only once it has become its program.
    """
    quiet = 0
    end = time.monotonic() + POLITE_SECONDS
    while quiet < 2 and time.monotonic() < end:
        found = workers(folder)
        quiet = 0 if found else quiet + 1
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def workers(folder: Path) -> list[int]:
    """Pids of processes with HOME in the folder; none where there is no /proc."""
    home = b"HOME=" + os.fsencode(folder)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or another user's
            if home in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


def postmaster(folder: Path) -> int | None:
    """The pid of the PostgreSQL whose data is in `folder`, while it runs."""
    try:
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return None
    return pid


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    keep(sys.stdin)
