"""What a rehearsal runs: the statements of a rollback, or of a migration as it stands in its file.

A rollback is read as registration reads it. A migration may hold kinds that no plan may; what would
reach beyond the scratch database is refused. This file runs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.errors import PlanRefused, Problem
from monitor.sql import grammar, scripts
from monitor.sql.refusals import NOT_HERE, OWN_SCHEMA

SHOWN = 200
"""Characters of a statement that the report repeats."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement: its text byte for byte, its line, whether it is known to refuse a transaction."""

    line: int
    text: str
    transactional: bool = True

    @property
    def shown(self) -> str:
        """In one line, not longer than people read."""
        text = " ".join(self.text.split())
        return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


async def rollback_pieces(sql: bytes) -> tuple[Piece, ...]:
    """Raises PlanRefused with every reason, as registration would."""
    _, statements = await scripts.read(sql)
    return tuple(Piece(s.line, s.text, s.transactional) for s in statements)


async def migration_pieces(sql: bytes) -> tuple[Piece, ...]:
    """Raises PlanRefused for what is no SQL, and for what would leave the scratch database."""
    text = scripts.text_of(sql)
    pieces, problems = [], []
    for fact in await grammar.parse(text):
        start, end = scripts.slice_of(sql, int(fact["start"]), int(fact["length"]))
        line = sql.count(b"\n", 0, start) + 1
        if reason := _refusal(str(fact["refusal"])):
            problems.append(Problem("the migration", reason, line))
        elif not fact["control"]:  # a rehearsal has transactions of its own
            pieces.append(Piece(line, sql[start:end].decode()))
    if problems:
        raise PlanRefused(problems)
    if not pieces:
        raise PlanRefused([Problem("the migration", "the script holds no statement")])
    return tuple(pieces)


def _refusal(reason: str) -> str:
    if NOT_HERE in reason or "SUBSCRIPTION" in reason:
        return "the statement reaches beyond the scratch database: it can't be rehearsed"
    if OWN_SCHEMA in reason or "COPY … FROM STDIN" in reason:
        return reason
    return ""
