"""Who may lose what: the operator's --data-loss against what the plan would destroy. Pure code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.errors import Problem
from monitor.rollback.forecast.model import Destroyed
from monitor.rollback.script.kinds import KINDS, Loss


class DataLoss(StrEnum):
    """What happens to data that the rollback would destroy."""

    SALVAGE = "salvage"
    QUARANTINE = "quarantine"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A loss that does not happen: the column's new name, or the schema that the table moves to.

    `renamed`: what changes its name on the way, as TABLE, INDEX or SEQUENCE, old name and new one, since
    an earlier quarantine has the old one there; in the plan's order, the table last.
    """

    loss: Destroyed
    place: str
    renamed: tuple[tuple[str, str, str], ...] = ()

    @property
    def table_name(self) -> str:
        """The new name of a table; "" if it keeps its own."""
        return next((new for kind, _, new in self.renamed if kind == "TABLE"), "")


@dataclass(frozen=True, slots=True)
class Protection:
    """What will be copied away, what may be lost, and what speaks against the plan."""

    salvaged: tuple[Destroyed, ...]
    accepted: tuple[Destroyed, ...]
    problems: tuple[Problem, ...]


def protect(destroyed: Sequence[Destroyed], mode: DataLoss, accept_loss: Sequence[str]) -> Protection:
    """Sorts every loss into salvaged, accepted, or a problem with its remedy."""
    if mode is DataLoss.QUARANTINE:
        return Protection((), (), _kept_problems(destroyed, accept_loss, "quarantined"))
    if mode is DataLoss.SALVAGE:
        kept = tuple(d for d in destroyed if KINDS[d.kind].loss is Loss.SALVAGE)
        others = [d for d in destroyed if d not in kept]
        return Protection(kept, (), _kept_problems(others, accept_loss, "salvaged"))
    accepted = [d for d in destroyed if any(_names(n, d) for n in accept_loss)]
    problems = [
        Problem(
            "", f"{KINDS[d.kind].statement} destroys {d.name}: name it with --accept-loss {d.name}", d.line
        )
        for d in destroyed
        if d not in accepted
    ]
    problems += [
        Problem("", f"--accept-loss {n} names nothing that the plan destroys")
        for n in accept_loss
        if not any(_names(n, d) for d in destroyed)
    ]
    return Protection((), tuple(accepted), tuple(problems))


def _kept_problems(
    destroyed: Sequence[Destroyed], accept_loss: Sequence[str], how: str
) -> tuple[Problem, ...]:
    """What can't be kept so, and names of losses that this mode has no use for."""
    problems = [
        Problem(
            "",
            f"{KINDS[d.kind].statement} destroys {d.name} and can't be {how}: "
            f"use --data-loss accept --accept-loss {d.name}",
            d.line,
        )
        for d in destroyed
    ]
    if accept_loss:
        problems.append(Problem("", "--accept-loss needs --data-loss accept"))
    return tuple(problems)


def _names(given: str, d: Destroyed) -> bool:
    """TABLE, SCHEMA.TABLE, TABLE.COLUMN or SCHEMA.TABLE.COLUMN; a table covers its columns."""
    table = d.label.rsplit(".", 1)[-1]
    return given in {d.label, table} or (
        bool(d.column) and given in {f"{d.label}.{d.column}", f"{table}.{d.column}"}
    )
