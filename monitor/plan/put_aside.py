"""Rewrites a rollback so that it puts aside what it would destroy: decided at registration, shown, hashed.

A dropped column is renamed and loses its NOT NULL, its default and what stands on it; a dropped table
moves to a closed schema and loses its foreign keys. Line numbers stay those of the operator's text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

from monitor.errors import PlanRefused
from monitor.pg import Connection
from monitor.plan.forecast.schema_after import Destroyed, Forecast, modelled
from monitor.schema.relation import Fingerprint, Relation
from monitor.sql.scripts import Action, Statement
from monitor.statements.quarantine import Aside, Piece, Quarantined
from monitor.statements.registry import kind_of


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text that is stored and executed, and what it puts aside (steps are those of this text)."""

    text: str
    quarantined: tuple[Quarantined, ...]


async def rewrite(
    connection: Connection, text: str, statements: Sequence[Statement], now: Fingerprint,
    resolution: dict[str, str], quoted: dict[str, str], accepted: Collection[Destroyed] = (),
) -> Rewritten:  # fmt: skip
    """Raises PlanRefused with everything that can't be put aside. Reads the catalogue only.

    What is `accepted` is not put aside: its statement stays.
    """
    model = Forecast(modelled(now), resolution, quoted)
    data, found, step = text.encode(), [], 0
    out, at = b"", 0
    for s in statements:
        model.step, model.line = s.step, s.line
        pieces = [await _play(connection, model, a, accepted) for a in s.actions]
        if any(p.aside for p in pieces):
            _refuse_mixture(model, s, pieces)
            instead = [sql for p in pieces for sql in p.statements]
            found += [replace(p.aside, loss=replace(p.aside.loss, step=step + 1)) for p in pieces if p.aside]
            step += len(instead)
            slice_ = "; ".join(instead).encode() + b"\n" * data[s.start : s.end].count(b"\n")
            out, at = out + data[at : s.start] + slice_, s.end
        else:
            step += 1
    if model.problems:
        raise PlanRefused(sorted(model.problems, key=lambda p: p.line or 0))
    return Rewritten((out + data[at:]).decode(), tuple(found))


async def _play(
    connection: Connection, model: Forecast, action: Action, accepted: Collection[Destroyed]
) -> Piece:
    """Plays the action as it is written, and says what is to be done instead."""
    label, kind = model.label(action) if action.relation else "", kind_of(action)
    before = deepcopy(model.relations.get(label))
    lost, taken = len(model.destroyed), len(model.taken)
    kind.effect(model, action)
    aside = Aside(model, action, label, before, drops=len(model.destroyed) > lost)
    if kind.rewrite is None or not (aside.drops and isinstance(before, Relation)) or aside.loss in accepted:
        itself = kind.itself(aside) if kind.itself else ""
        return Piece((itself,) if itself else ())
    for what in model.taken[taken:]:
        model.problem(f"CASCADE would take {what} with it: drop it by name first, to quarantine {label}")
    return await kind.rewrite(connection, aside)


def _refuse_mixture(model: Forecast, s: Statement, pieces: Sequence[Piece]) -> None:
    for action, piece in zip(s.actions, pieces, strict=True):
        if piece.aside is None and kind_of(action).rewrite is None:
            model.problem(f"{s.kind} in one statement can't be quarantined: write each as its own statement")
            return


def notices(quarantined: Sequence[Quarantined]) -> tuple[str, ...]:
    """What becomes of each, for the operator."""
    return tuple(
        f"line {q.loss.line}: instead of being dropped {q.loss.name} "
        + (f"becomes {q.place}" if q.loss.column else f"moves to the schema {q.place}")
        + (f" as {q.table_name}" if q.table_name else "")
        for q in quarantined
    )
