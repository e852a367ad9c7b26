"""Programs that tests need beside Python and PostgreSQL, and what becomes of a test where one is missing.

On a person's machine a test is not collected without its program. Under `CI=true` nothing may vanish like
that, since what was not collected can't be seen in a report: the module that asks fails instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

CHROMIUM = "chromium"
"""In PACKAGES. Which program it is here, `browser` says."""

NONE = "none"
"""Of MONITOR_CHROMIUM: no browser, please."""

BROWSERS = (CHROMIUM, "google-chrome", "google-chrome-stable", "chromium-browser")
"""On the PATH, first wins."""

PLAYWRIGHTS = "chromium_headless_shell-*/*/*headless*shell"
"""Of Playwright's own downloads, in their folder."""

VERSION_LIMIT = 30
"""Seconds for a program to say its version: it loads all its libraries for that."""

_RAN: set[tuple[str, ...]] = set()
"""Commands that did. One that did not is asked again: its libraries may have come since."""

PACKAGES: Mapping[str, str] = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "systemd-analyze": "systemd",
    CHROMIUM: "chromium",
}
"""Program -> Debian's package. .ci/run installs them all, so under CI each has to be there."""

BEYOND_CI: Mapping[str, str] = {
    "buildah": "the image is built as root, on a Debian that is downloaded for it",
    "mmdebstrap": "makes that Debian",
    "kubectl": "Debian 12 has 1.20, which knows no components; the workflow looks for its image's own",
}
"""Program -> why .ci/run does not install it: its tests are left out without it under CI, too."""


def has(*programs: str) -> bool:
    """Whether all are here. Under CI a missing one that .ci/run installs fails the module that asks."""
    absent = [program for program in programs if not here(program)]
    owed = [program for program in absent if program not in BEYOND_CI]
    if owed and os.environ.get("CI") == "true":
        pytest.fail(" ".join(map(missing, owed)), pytrace=False)
    return not absent


def here(program: str) -> bool:
    """Whether it is on the PATH; of a browser, whether it runs."""
    return drivable() if program == CHROMIUM else shutil.which(program) is not None


def drivable() -> bool:
    """Whether there is a browser, and what drives it runs: Playwright's own Node.js wants a libatomic."""
    return browser() is not None and _runs(sys.executable, "-m", "playwright")


def browser() -> str | None:
    """The path of one that runs: MONITOR_CHROMIUM alone if it is set, else the system's or Playwright's."""
    if named := os.environ.get("MONITOR_CHROMIUM"):
        candidates = [named]
    else:
        folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
        candidates = [*BROWSERS, *map(str, sorted(folder.glob(PLAYWRIGHTS), reverse=True))]
    found = (path for name in candidates if (path := shutil.which(name)))
    return next((path for path in found if _runs(path)), None)


def _runs(*command: str) -> bool:
    """A wrapper without its program, and one whose libraries are missing, can't say their version."""
    if command not in _RAN:
        asked = [*command, "--version"]
        try:
            said = subprocess.run(asked, check=False, capture_output=True, timeout=VERSION_LIMIT)
        except (OSError, subprocess.TimeoutExpired):
            return False
        if said.returncode:
            return False
        _RAN.add(command)
    return True


def missing_browser() -> str:
    """What is said where none could be had."""
    return (
        "no browser that runs: the tests of the page in tests/browser are left out. "
        "Install Chromium (Debian: apt-get install chromium), or name one by MONITOR_CHROMIUM."
    )


def left_out() -> str | None:
    """What this run of the tests did not collect for want of a program, in one line; None: nothing."""
    absent = [program for program in PACKAGES if not here(program)]
    if not absent:
        return None
    packages = " ".join(sorted({PACKAGES[program] for program in absent}))
    pages = " (ALL TESTS OF THE PAGE)" if CHROMIUM in absent else ""
    return f"NOT TESTED HERE, for want of {', '.join(absent)}{pages}: apt-get install {packages}"


def missing(program: str) -> str:
    """What is said of it where it is needed."""
    return (
        f"{program} is not on this machine, and tests need it: install Debian's package {PACKAGES[program]}."
    )
