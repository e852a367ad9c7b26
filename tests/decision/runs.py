"""Runs the worlds of all cells on some processes, and keeps what came of them.

Every finished chunk of a cell is a line of a file in artefacts/decision; a run that is begun again goes on
from there. The file's name holds a hash of the decision, the worlds and the rules: results of another program
are never taken for this one's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, process_time

from tests.decision.cells import Cell, Result, measured

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "artefacts/decision"

DECIDES = ("monitor/core", "monitor/sources/counters.py", "monitor/sources/rate.py", "tests/worlds")
MEASURES = ("tests/decision/cells.py", "tests/decision/others.py", "tests/decision/path.py")

CHUNK = 10
"""Worlds between two lines of the file."""

Chunk = tuple[Cell, int, int]
"""Cell, first seed, how many."""


def program() -> str:
    """A short hash of everything that a result depends on."""
    found = sha256()
    for name in (*DECIDES, *MEASURES):
        path = ROOT / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


def run(cells: Iterable[Cell], seed: int, many: int, workers: int) -> Mapping[Cell, list[Result]]:
    """The results of the seeds from `seed` on, `many` of most cells; prints how far it is."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{program()}.jsonl"
    known = {(name, first): found for name, first, found in _kept(file)}
    wanted = {cell: list(_chunks(cell, seed, cell.share(many))) for cell in cells}
    chunks = [chunk for of_cell in wanted.values() for chunk in of_cell]
    left = [c for c in chunks if len(known.get((c[0].name, c[1]), ())) < c[2]]
    print(f"{len(wanted)} cells, {len(left)} of {len(chunks)} chunks are left to run; kept in {file}")
    for (cell, first, _), found in _done(left, workers, file):
        known[cell.name, first] = found
    return {
        cell: [r for _, first, some in of_cell for r in known[cell.name, first][:some]]
        for cell, of_cell in wanted.items()
    }


def _chunks(cell: Cell, seed: int, many: int) -> Iterator[Chunk]:
    for first in range(seed, seed + many, CHUNK):
        yield cell, first, min(CHUNK, seed + many - first)


def _done(left: list[Chunk], workers: int, file: Path) -> Iterator[tuple[Chunk, list[Result]]]:
    """As they are finished; a line is written before it is handed on."""
    began = monotonic()
    with get_context("fork").Pool(workers) as pool, file.open("a", encoding="utf-8") as kept:
        for n, (chunk, found, cpu) in enumerate(pool.imap_unordered(_measured, left), 1):
            cell, first, _ = chunk
            results = [asdict(result) for result in found]
            line = {"cell": cell.name, "first": first, "cpu": round(cpu, 2), "results": results}
            kept.write(json.dumps(line) + "\n")
            kept.flush()
            if n % 20 == 0 or n == len(left):
                took = monotonic() - began
                remain = took / n * (len(left) - n)
                print(f"{n} of {len(left)}, {took / 60:.1f} min, {remain / 60:.0f} left", flush=True)
            yield chunk, found


def _measured(chunk: Chunk) -> tuple[Chunk, list[Result], float]:
    """And the seconds of CPU that it cost."""
    (cell, first, many), began = chunk, process_time()
    found = [measured(cell, seed) for seed in range(first, first + many)]
    return chunk, found, process_time() - began


def _kept(file: Path) -> Iterator[tuple[str, int, list[Result]]]:
    """What is there already; a line that was cut off when a run was stopped is not."""
    if not file.exists():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            stored = json.loads(line)
        except ValueError:
            continue
        yield stored["cell"], stored["first"], [Result(**result) for result in stored["results"]]
