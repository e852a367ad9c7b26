"""`python -m tests.mutants [MODULE ...]`: which mutants no test kills. Exits 1 where one is not accepted."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutants.accepted import accepted
from tests.mutants.session import Session

ROOT = Path(__file__).parents[2]
CORE = [f"monitor.core.{path.stem}" for path in sorted((ROOT / "monitor" / "core").glob("[!_]*.py"))]
WINDOW = [f"monitor.sources.{name}" for name in ("rate", "counters", "growth", "trust")]
TESTS = [*sorted((ROOT / "tests" / "unit").glob("test_core_*.py"))]
METER = ("counters", "growth", "judged", "meter", "trust")
TESTS += [ROOT / "tests" / "unit" / f"test_probes_{name}.py" for name in METER]
QUICK = 0.25
"""Seconds of a test that is asked, if not all are."""

EXAMPLES = 15
"""Of each property, so that a survivor costs seconds."""


def main() -> int:
    """Prints what survives and is not accepted, and how many of each module were killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("module", nargs="*", help="as monitor.core.reads or monitor.core.*; all without any")
    parser.add_argument("--all-tests", action="store_true", help="ask slower tests and properties too")
    parser.add_argument("--again", action="store_true", help="only those that survived the last run")
    parser.add_argument("--longest", type=float, default=QUICK, help="seconds of a test that is asked")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    given = parser.parse_args()
    wanted = given.module or ["*"]
    modules = [m for m in (*CORE, *WINDOW) if any(fnmatchcase(m, pattern) for pattern in wanted)]
    if not modules:
        parser.error(f"no such module: {', '.join(given.module)}")
    few = settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.register_profile("mutants", few)
    settings.load_profile("mutants")
    marked = "not slow" if given.all_tests else "not slow and not hypothesis"
    session = Session(modules, given.jobs, 60.0 if given.all_tests else given.longest, given.again)
    options = ["-q", "-s", "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", marked]
    ended = pytest.main([*options, *map(str, TESTS)], [session])
    if ended != pytest.ExitCode.OK:
        return int(ended)
    return _told(session)


def _told(session: Session) -> int:
    found = Counter(m.module for m in session.found)
    survived = Counter(m.module for m in session.survivors)
    allowed = accepted()
    unlisted = [m for m in session.survivors if m.key not in allowed]
    missing = Counter(m.module for m in unlisted)
    print(f"\n{'module':<32} mutants  killed  accepted  survived")
    for module in session.modules:
        n, s, u = found[module], survived[module], missing[module]
        print(f"{module:<32} {n:>7} {n - s:>7} {s - u:>9} {u:>9}")
    for mutant in unlisted:
        print(mutant)
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main())
