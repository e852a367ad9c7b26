"""The daemon as `migration-monitor run` runs it, with a kind of source that is registered nowhere else.

python -m tests.contract.dial_daemon CONFIG
"""

from __future__ import annotations

import asyncio
import sys

from monitor.app import run
from monitor.cli.logs import to_stderr
from monitor.settings import load, settings_with
from monitor.sources import SOURCES
from tests.dial import DialSource

MODEL = settings_with(sources={**SOURCES, "dial": DialSource})

if __name__ == "__main__":
    to_stderr()
    asyncio.run(run(load(sys.argv[1], model=MODEL)))
