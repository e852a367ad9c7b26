"""The tables that people read: of docs/decision.md whole, of README.md short. Made of the figures alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from monitor.core.samples import SECOND
from monitor.units import show_span
from tests.decision.cells import DAY, INCIDENT, OURS, RULES, UNMOVED, Cell
from tests.decision.claims import NOTHING, Claim, Judged, Verdict, judged
from tests.decision.figures import Figures, Fired, restored, stored
from tests.worlds import HEALTHY, INCIDENTS, LEVELS

ROOT = Path(__file__).parents[2]
MEASURED = Path(__file__).parent / "measured.json"
"""The figures that the pages show."""

PAGES = (ROOT / "docs/decision.md", ROOT / "README.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

SHOWN = (OURS, *(rule for rule in RULES if rule not in (OURS, UNMOVED)))
"""Beside each other; `baseline: off` is shown in the whole table only."""

USUAL_DAYS = (
    "background 0.05 %", "background 0.2 %", "background 0.5 %", "four blips of 30-120 s",
    "retry storms", "hourly cron", "3 % for 4 min every 2 h", "5 % for 1 min every 10 min",
)  # fmt: skip
"""Of which README shows the mean."""

USUAL_INCIDENTS = ("100 % fail", "5 % fail")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, and with which command."""

    seed: int
    many: int
    figures: Mapping[Cell, Figures]

    @property
    def command(self) -> str:
        return f"make decision N={self.many} SEED={self.seed}"


def loaded() -> Measured:
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))
    return Measured(kept["seed"], kept["many"], restored(kept["cells"]))


def shown() -> int:
    """Worlds of most cells that the pages stand on."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {"many": 0}
    return int(kept["many"])


def save(measured: Measured) -> None:
    """One cell a line, so that a change shows which."""
    cells = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in stored(measured.figures).items())
    text = f'{{"seed": {measured.seed}, "many": {measured.many}, "cells": {{\n{cells}\n}}}}\n'
    MEASURED.write_text(text, encoding="utf-8")


def page(path: Path, measured: Measured) -> str:
    """The text of a page with the tables of these figures."""
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = whole(measured) if path == PAGES[0] else short(measured)
    return f"{head}{BEGIN}\n\n{made}\n\n{END}{tail}"


# ------------------------------------------------------------ README.md


def short(m: Measured) -> str:
    """False rollbacks and what is found, per level."""
    kinds = "; ".join(USUAL_DAYS)
    heads = ("", *(f"{level:,}/min" for level in LEVELS))
    false = [(rule, *(_mean_false(m, rule, level) for level in LEVELS)) for rule in SHOWN]
    parts = [
        "False rollbacks in 1,000 healthy days, by requests a minute:",
        _table(heads, false),
    ]
    for kind in USUAL_INCIDENTS:
        rows = [(rule, *(_short_found(m, kind, rule, level) for level in LEVELS)) for rule in SHOWN]
        parts += [
            f"Of incidents in which {kind}: found within 2 h, and the median time:",
            _table(heads, rows),
        ]
    parts.append(f"Healthy days: the mean of {kinds}. Made by `{m.command}`.")
    return "\n\n".join(parts)


def _mean_false(m: Measured, rule: str, level: int) -> str:
    found = [m.figures[Cell(DAY, kind, level)].per_thousand(rule) for kind in USUAL_DAYS]
    return f"{sum(found) / len(found):,.0f}"


def _short_found(m: Measured, kind: str, rule: str, level: int) -> str:
    f = m.figures[Cell(INCIDENT, kind, level)]
    fired = f.rules[rule]
    return _found(fired, f.many)


# ------------------------------------------------------------ docs/decision.md


def whole(m: Measured) -> str:
    return "\n\n".join(
        [
            f"Made by `{m.command}` ({m.many} worlds of most cells, seeds from {m.seed:,} on).",
            "### What is claimed of it",
            _table(
                ("it says", "of", "requests/min", "measured", "worlds", ""),
                list(_claims(m)),
            ),
            "### False rollbacks in 1,000 healthy days",
            _table(("healthy day", "requests/min", OURS, UNMOVED, *SHOWN[1:]), list(_days(m))),
            "### Incidents: found within 2 h, and the median time",
            _table(("incident", "requests/min", *SHOWN), list(_incidents(m))),
        ]
    )


def _claims(m: Measured) -> Iterator[tuple[str, ...]]:
    """Levels of a kind in one row where the verdict is one."""
    for (claim, kind, verdict), some in groupby(judged(m.figures), _alike):
        found = list(some)
        levels = ", ".join(f"{cell.level:,}" for _, cell, _ in found)
        values = ", ".join(dict.fromkeys(j.value for _, _, j in found))
        worlds = ", ".join(dict.fromkeys(f"{j.many:,}" for _, _, j in found))
        yield claim.says, kind, levels, values, worlds, verdict.value


def _alike(one: tuple[Claim, Cell, Judged]) -> tuple[Claim, str, Verdict]:
    claim, cell, found = one
    return claim, cell.kind, found.verdict


def _days(m: Measured) -> Iterator[tuple[str, ...]]:
    for cell in _of(m, DAY, HEALTHY):
        f = m.figures[cell]
        shown = (
            f"{f.per_thousand(r):,.0f}" if r in f.rules else NOTHING for r in (OURS, UNMOVED, *SHOWN[1:])
        )
        yield (cell.kind, f"{cell.level:,}", *shown)


def _incidents(m: Measured) -> Iterator[tuple[str, ...]]:
    for cell in _of(m, INCIDENT, INCIDENTS):
        f = m.figures[cell]
        yield (cell.kind, f"{cell.level:,}", *(_found(f.rules[rule], f.many) for rule in SHOWN))


def _of(m: Measured, what: str, kinds: Iterable[str]) -> Iterator[Cell]:
    order = list(kinds)
    cells = [cell for cell in m.figures if cell.what == what]
    yield from sorted(cells, key=lambda cell: (order.index(cell.kind), cell.level))


def _found(fired: Fired, many: int) -> str:
    """`100 %, 5m5s`; a rollback before the incident began is told beside it."""
    share = f"{100 * fired.found / many:.0f} %"
    time = "" if fired.median is None else f", {show_span(round(fired.median) * SECOND)}"
    before = f" ({100 * fired.before / many:.0f} % before)" if fired.before else ""
    return f"{share}{time}{before}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ("---", *("---:" for _ in heads[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
