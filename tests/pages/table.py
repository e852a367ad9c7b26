"""`python -m tests.pages.table`: the table of presets in config/README.md, from the presets and the pages."""

from __future__ import annotations

import json
from pathlib import Path

from monitor.sources.exposition import Sieve, lines
from monitor.sources.series import counted_on, rates_of, timed_on, times_of
from tests.pages.known import LIBRARIES, Known
from tests.pages.traffic import DATA

README = Path(__file__).parents[2] / "config" / "README.md"
BEGIN, END = "<!-- presets: begin -->", "<!-- presets: end -->"

HEAD = (
    "| preset | library | requests, and the label of the status | durations | our own reads | known from |",
    "|---|---|---|---|---|---|",
)


def table() -> str:
    """One line for each library, by preset."""
    order = sorted(LIBRARIES.items(), key=lambda item: (item[1].preset, item[0]))
    return "\n".join((*HEAD, *(_row(library, known) for library, known in order)))


def main() -> None:
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


def _row(library: str, known: Known) -> str:
    truth = json.loads((DATA / library / "truth.json").read_text(encoding="utf-8"))
    url = f"http://127.0.0.1{known.page}"
    page = (DATA / library / "after.prom").read_bytes()
    ways = rates_of(known.preset, None, None, url)
    rate = counted_on(ways, lines(_kept(page, [s.name for way in ways for s in way.selectors])))
    requests = " and ".join(f"`{name}`" for name in rate.names)
    ours = "counted" if known.ours else f"left out by `{rate.path}`" if rate.path else "left out"
    cells = (
        f"`{known.preset}`",
        truth["version"],
        f"{requests}, `{rate.status}`",
        _durations(known, page, url),
        ours,
        "a run" if truth["run"] else "its documentation",
    )
    return f"| {' | '.join(cells)} |"


def _durations(known: Known, page: bytes, url: str) -> str:
    if not known.mean:
        return "none"
    suffix = "_bucket" if known.bucket else "_count"
    ways = times_of(known.preset, None, None, url)
    found = timed_on(ways, lines(_kept(page, [way.ending(suffix).name for way in ways])), suffix)
    return f"`{found.base.name}`{'' if known.bucket else ', `mean` only'}"


def _kept(page: bytes, names: list[str]) -> bytes:
    sieve = Sieve(names)
    sieve.take(page)
    return sieve.body()


if __name__ == "__main__":
    main()
