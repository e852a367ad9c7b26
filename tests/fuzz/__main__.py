"""`python -m tests.fuzz --minutes 15`: this folder again and again, each time with others.

Ends at the first that fails, with the seed that finds it again.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """The exit code of pytest's last run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--examples", type=int, default=300, help="of each test in one run")
    parser.add_argument("--seed", type=int, default=None, help="of the first run; the next ones count on")
    parser.add_argument("tests", nargs="*", default=[str(HERE)], help="some of the tests; all without any")
    given = parser.parse_args()
    until = time.monotonic() + 60 * given.minutes
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    environment = {**os.environ, "FUZZ_EXAMPLES": str(given.examples)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--timeout", "1800", *given.tests]
    while True:
        print(f"seed {seed}", flush=True)
        run = subprocess.run([*command, "--hypothesis-seed", str(seed)], env=environment, check=False)
        if run.returncode or time.monotonic() >= until:
            return run.returncode
        seed += 1


if __name__ == "__main__":
    sys.exit(main())
