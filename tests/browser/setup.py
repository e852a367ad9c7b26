"""Finds a browser for the tests of the page, and sets one up where none is: `python -m tests.browser.setup`.

`make test` calls it. Playwright's own download comes first; where the network does not have it, or the
machine lacks its libraries, the distribution's package is installed, if we are root or sudo asks for no
password. Without either it says so and leaves it there: tests/machine.py keeps the tests of the page out,
and says that last of all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from tests.machine import NONE, browser, drivable, missing_browser

DOWNLOAD_LIMIT = 300
"""Seconds; the headless shell is about 120 MB. A closed network fails in a few."""

PACKAGE_LIMIT = 900
"""Seconds for the lists of packages, and again for Chromium with its libraries."""

PACKAGES = ("chromium", "libatomic1")
"""Debian's: the browser, and the library that Playwright's own Node.js wants."""

NO_QUESTIONS = {"DEBIAN_FRONTEND": "noninteractive"}


def main() -> int:
    """0, also without one in the end: what follows from that, the run of the tests says."""
    wanted = os.environ.get("MONITOR_CHROMIUM")
    if drivable() or wanted == NONE:
        return 0
    if wanted and not browser():
        print(missing_browser(), file=sys.stderr)
        return 0
    for way in WAYS:
        if way() and drivable():
            print(f"the tests of the page use {browser()}", file=sys.stderr)
            return 0
    print(missing_browser(), file=sys.stderr)
    return 0


def download() -> bool:
    """Playwright's own build, into its cache; with its libraries where we may install them."""
    print("no Chromium here: trying Playwright's own download", file=sys.stderr)
    playwright = [sys.executable, "-m", "playwright"]
    if not done([*playwright, "install", "--only-shell", "chromium"], DOWNLOAD_LIMIT):
        print("Playwright's download can't be had", file=sys.stderr)
        return False
    return drivable() or (
        as_root() is not None and done([*playwright, "install-deps", "chromium"], PACKAGE_LIMIT)
    )


def package() -> bool:
    """The distribution's, with what drives it."""
    root = as_root()
    if root is None or shutil.which("apt-get") is None:
        print(
            "the distribution's package can't be installed: neither root nor sudo, or no apt-get",
            file=sys.stderr,
        )
        return False
    print(f"installing {' and '.join(PACKAGES)}", file=sys.stderr)
    update, install = (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends"],
    )
    done([*root, *update], PACKAGE_LIMIT)
    return done([*root, *install, *PACKAGES], PACKAGE_LIMIT)


def as_root() -> list[str] | None:
    """In front of a command that installs; None: we may not."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and done([*sudo, "true"], 10) else None


def done(command: Sequence[str], seconds: float) -> bool:
    """Whether it ended well within `seconds`. Its last words are shown where it did not."""
    try:
        ended = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **NO_QUESTIONS},
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        print(failed, file=sys.stderr)
        return False
    if ended.returncode:
        print("\n".join((ended.stdout + ended.stderr).strip().splitlines()[-3:]), file=sys.stderr)
    return ended.returncode == 0


WAYS: Sequence[Callable[[], bool]] = (download, package)

if __name__ == "__main__":
    sys.exit(main())
