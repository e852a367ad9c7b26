"""`python -m tests.decision --worlds 10 --seed 1000000 --workers 2`: measures, judges, writes the tables.

Exit code 1 when a claim does not hold. The pages are only replaced by figures of as many worlds or more.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence

from tests.decision.cells import cells
from tests.decision.claims import Verdict, judged
from tests.decision.figures import figures
from tests.decision.runs import KEPT, run
from tests.decision.tables import PAGES, Measured, page, save, shown, whole
from tests.worlds import PROOF


def main(given: Sequence[str] | None = None) -> int:
    asked = _arguments().parse_args(given)
    wanted = [cell for cell in cells() if asked.only in cell.name]
    results = run(wanted, asked.seed, asked.worlds, asked.workers)
    measured = Measured(asked.seed, asked.worlds, {cell: figures(cell, r) for cell, r in results.items()})
    broken = _judge(measured)
    if asked.only:
        print(f"only {len(wanted)} cells: no table is written")
    else:
        _write(measured, asked.write)
    return 1 if broken else 0


def _arguments() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m tests.decision", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10, help="of each cell")
    parser.add_argument(
        "--seed", type=int, default=PROOF, help="the first; below 1,000,000 they are for trying"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="cells whose name has this in it; no table is written")
    parser.add_argument(
        "--write", action="store_true", help="replace the pages' tables by those of fewer worlds"
    )
    return parser


def _judge(measured: Measured) -> int:
    """Prints every claim; how many are broken."""
    verdicts = Counter[Verdict]()
    for claim, cell, found in judged(measured.figures):
        verdicts[found.verdict] += 1
        print(f"{found.verdict:>13}  {found.value:<22} of {found.many:<5} {cell.name}: {claim.says}")
    counted = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict)
    print(f"{counted}; seeds {measured.seed} to {measured.seed + measured.many - 1}")
    return verdicts[Verdict.BROKEN]


def _write(measured: Measured, anyway: bool) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    table = KEPT / "table.md"
    table.write_text(whole(measured) + "\n", encoding="utf-8")
    before = shown()
    if measured.many < before and not anyway:
        print(f"the pages show {before} worlds a cell and stay as they are; of {measured.many}: {table}")
        return
    save(measured)
    for path in PAGES:
        path.write_text(page(path, measured), encoding="utf-8")
    print(f"written: {', '.join(path.name for path in PAGES)}")


if __name__ == "__main__":
    sys.exit(main())
