"""Runs the worlds of all cells on some processes, and keeps what came of them.

Every finished chunk of a cell is a line of a file in artefacts/decision; a run that is begun again goes on from there.
The file's name holds a hash of the decision, the worlds and this folder: results of another program are
never taken for this one's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from time import monotonic

from tests.decision.cells import Cell, Result, measured

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "artefacts/decision"

DECIDES = ("monitor/core", "monitor/probes/counters.py", "monitor/probes/rate.py", "tests/worlds")
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
    """The results of the first `many` seeds from `seed` on, of each cell; prints how far it is."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{program()}.jsonl"
    cells = list(cells)
    known = {(name, first): found for name, first, found in _kept(file)}
    chunks = [
        (cell, first, min(CHUNK, seed + many - first))
        for cell in cells
        for first in range(seed, seed + many, CHUNK)
    ]
    left = [c for c in chunks if len(known.get((c[0].name, c[1]), ())) < c[2]]
    print(
        f"{len(cells)} cells of {many} worlds; {len(chunks) - len(left)} of {len(chunks)} chunks are kept in {file}"
    )
    for cell, first, found in _done(left, workers, file):
        known[cell.name, first] = found
    return {
        cell: [r for first in range(seed, seed + many, CHUNK) for r in known[cell.name, first]][:many]
        for cell in cells
    }


def _done(left: list[Chunk], workers: int, file: Path) -> Iterator[tuple[Cell, int, list[Result]]]:
    """As they are finished; a line is written before it is handed on."""
    began = monotonic()
    with get_context("fork").Pool(workers) as pool, file.open("a", encoding="utf-8") as kept:
        for n, (chunk, found) in enumerate(pool.imap_unordered(_measured, left), 1):
            cell, first, _ = chunk
            results = [asdict(result) for result in found]
            kept.write(json.dumps({"cell": cell.name, "first": first, "results": results}) + "\n")
            kept.flush()
            if n % 20 == 0 or n == len(left):
                took = monotonic() - began
                remain = took / n * (len(left) - n)
                print(
                    f"{n} of {len(left)} chunks, {took / 60:.1f} min, about {remain / 60:.0f} min left",
                    flush=True,
                )
            yield cell, first, found


def _measured(chunk: Chunk) -> tuple[Chunk, list[Result]]:
    cell, first, many = chunk
    return chunk, [measured(cell, seed) for seed in range(first, first + many)]


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
