"""Programs that tests need beside Python and PostgreSQL, and what becomes of a test where one is missing.

On a person's machine a test is not collected without its program. Under `CI=true` nothing may vanish like
that, since what was not collected can't be seen in a report: the module that asks fails instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

import pytest

CHROMIUM = os.environ.get("MONITOR_CHROMIUM") or "chromium"

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
    absent = [program for program in programs if shutil.which(program) is None]
    owed = [program for program in absent if program not in BEYOND_CI]
    if owed and os.environ.get("CI") == "true":
        pytest.fail(" ".join(map(missing, owed)), pytrace=False)
    return not absent


def missing(program: str) -> str:
    """What is said of it where it is needed."""
    return (
        f"{program} is not on this machine, and tests need it: install Debian's package {PACKAGES[program]}."
    )
