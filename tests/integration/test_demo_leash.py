"""Nothing that the demonstration starts outlives it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.demo.leash import Leash, workers
from monitor.demo.postgres import Server
from tests import servers

WAIT = 30.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(300)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('on', flush=True)\n"
    "time.sleep(300)",
]

KILLED = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
from pathlib import Path
from monitor.demo.leash import Leash
from monitor.demo.postgres import Server, find_binaries
leash = Leash()
server = Server(find_binaries()[0])
leash.folder(server.root)
server.start()
child = leash.spawn([sys.executable, "-c", "import time; time.sleep(300)"], {}, server.root / "child.log")
print(server.root, server.pid(), child.pid, flush=True)
time.sleep(300)
"""


def until(holds: Callable[[], bool]) -> None:
    """Waits for something that other processes do."""
    end = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    """No such process, or only its ghost."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_closing_ends_processes_and_deletes_folders(tmp_path: Path) -> None:
    """A process that listens to SIGTERM, and a folder with things in it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    leash = Leash()
    child = leash.spawn(SLEEPER, os.environ, folder / "log")
    leash.folder(folder)
    leash.close()
    assert child.poll() == -signal.SIGTERM
    assert not folder.exists()
    assert tmp_path.exists()


@pytest.mark.slow
def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Politeness has an end."""
    leash = Leash()
    child = leash.spawn(STUBBORN, os.environ, tmp_path / "log")
    until(lambda: "on" in (tmp_path / "log").read_text())
    leash.close()
    assert child.wait(WAIT) == -signal.SIGKILL


def test_closing_twice_is_closing_once() -> None:
    """`finally` blocks may overlap."""
    leash = Leash()
    leash.close()
    leash.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_whatever_kills_it_postgresql_processes_and_folders_are_gone(number: signal.Signals) -> None:
    """Even after SIGKILL, which nobody can catch."""
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert program.stdout is not None
    with program.stdout:
        root, postmaster, child = program.stdout.readline().split()
    assert not gone(int(postmaster))
    assert not gone(int(child))
    program.send_signal(number)
    program.wait(WAIT)
    until(lambda: gone(int(postmaster)) and gone(int(child)) and not Path(root).exists())


def accounts() -> tuple[str, str]:
    """The machine's users and groups."""
    return Path("/etc/passwd").read_text(), Path("/etc/group").read_text()


def modes(of: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of a path and all the folders above it."""
    stats = {p: p.stat() for p in (of, *of.parents)}
    return {p: (s.st_mode, s.st_uid) for p, s in stats.items()}


@pytest.mark.parametrize("major", [b.major for b in servers.BINARIES])
def test_the_launcher_adds_no_account_and_changes_no_folder_outside_its_own(major: int) -> None:
    """Also as root, where a server can't run as who we are."""
    binaries = next(b for b in servers.BINARIES if b.major == major)
    server = Server(binaries)
    watched = [binaries.bindir, Path(sys.prefix), Path.cwd(), server.root.parent]
    before = accounts(), [modes(p) for p in watched]
    try:
        server.start()
        assert server.pid() is not None
        assert (server.root / "data").stat().st_uid == (server.root.stat().st_uid)
    finally:
        server.remove()
    assert (accounts(), [modes(p) for p in watched]) == before
    assert not server.root.exists()


STARTING = """
import sys, threading, time
from monitor.demo.leash import Leash
from monitor.demo.postgres import Server, find_binaries
leash = Leash()
server = Server(find_binaries()[0])
leash.folder(server.root)
threading.Thread(target=server.init, daemon=True).start()
while not server.data.exists():
    time.sleep(0.001)
print(server.root, flush=True)
time.sleep(300)
"""


def test_an_initdb_under_way_is_ended_with_the_demonstration() -> None:
    """Killed while it creates its database, it leaves neither the program that does it nor its folder."""
    program = subprocess.Popen([sys.executable, "-c", STARTING], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    root = Path(program.stdout.readline().strip())
    program.kill()
    program.communicate()
    until(lambda: not root.exists() and not workers(root))
