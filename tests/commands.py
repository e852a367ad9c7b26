"""The commands as processes, quickly: one process has everything imported and forks for each call.

Each call is a process of its own with its own arguments, environment, folder, streams and exit code;
only the second of imports is shared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PRELOADED = ("check", "commands", "controls", "init", "rehearse", "run", "status", "wait", "watch")
"""Modules of `monitor.cli`; the demonstration's is left to be imported by its own call."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a call left behind."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Commands:
    """Calls `migration-monitor`; use as a context manager."""

    _server: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.commands"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.communicate(timeout=30)

    def call(
        self,
        *arguments: str | Path,
        given: str = "",
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Done:
        """Runs the command to its end."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "0").write_text(given)
            job = {
                "arguments": [*map(str, arguments)],
                "env": env or {},
                "cwd": str(cwd or "."),
                "folder": folder,
            }
            assert self._server.stdin is not None
            assert self._server.stdout is not None
            self._server.stdin.write(json.dumps(job) + "\n")
            self._server.stdin.flush()
            code = int(self._server.stdout.readline())
            return Done(code, Path(folder, "1").read_text(), Path(folder, "2").read_text())


def serve() -> None:
    """One line in is one job, one line out is its exit code."""
    for name in PRELOADED:
        __import__(f"monitor.cli.{name}")
    for name in [name for name in os.environ if name.startswith("MIGRATION_MONITOR")]:
        del os.environ[name]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(job: dict[str, Any]) -> None:
    """In the child: the streams, folder and environment of the job, then the command."""
    from monitor.cli import main  # the server has loaded it

    folder = Path(job["folder"])
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY | os.O_CREAT), (2, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(folder / str(number), flags, 0o600), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the child ends by _exit
    os.environ.update(job["env"])
    os.chdir(job["cwd"])
    code = 1
    try:
        code = main(job["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
