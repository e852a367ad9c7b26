"""The daemon as `migration-monitor run` runs it, which dies by SIGKILL at a point of a rollback.

python -m tests.scenarios.dying_daemon CONFIG POINT
"""

from __future__ import annotations

import asyncio
import sys

from monitor.app import run
from monitor.cli.logs import to_stderr
from monitor.settings import load
from tests.dying import deadly

if __name__ == "__main__":
    to_stderr()
    asyncio.run(run(load(sys.argv[1]), deadly(sys.argv[2])))
