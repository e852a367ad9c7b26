"""Who may lose what: the operator's --data-loss against what the plan would destroy. Pure code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.errors import Problem
from monitor.rollback.forecast.model import Destroyed
from monitor.rollback.script.kinds import KINDS, Loss

_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_NAME = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


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
    problems += _ambiguous(accept_loss, destroyed)
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
    return bool(_meaning(given, d))


def _ambiguous(accept_loss: Sequence[str], destroyed: Sequence[Destroyed]) -> list[Problem]:
    """Names that mean two things, unless another name says one of them in full."""
    found = []
    for given in accept_loss:
        others = [other for other in accept_loss if other != given]
        left = [d for d in destroyed if not any(_in_full(other, d) for other in others)]
        meanings = sorted({_meaning(given, d) for d in left} - {""})
        if len(meanings) > 1:
            what = f"--accept-loss {given} may mean {' or '.join(meanings)}"
            found.append(Problem("", f"{what}: write each of them that may be lost in full"))
    return found


def _meaning(given: str, d: Destroyed) -> str:
    """What the name is of this loss: its table, which covers the columns, or its column; "": neither.

    TABLE, SCHEMA.TABLE, TABLE.COLUMN or SCHEMA.TABLE.COLUMN, as the server writes them or each part quoted.
    """
    schema, table = _parts(d.label)
    parts = _parts(given)
    if given == d.label or parts in {(table,), (schema, table)}:
        return d.label
    if d.column and (given == d.name or parts in {(table, d.column), (schema, table, d.column)}):
        return d.name
    return ""


def _in_full(given: str, d: Destroyed) -> bool:
    schema, table = _parts(d.label)
    return given in {d.label, d.name} or _parts(given) in {(schema, table), (schema, table, d.column)}


def _parts(name: str) -> tuple[str, ...]:
    """Names without quotes; () when it is none."""
    if not _NAME.fullmatch(name):
        return ()
    return tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part for part in _PART.findall(name)
    )
