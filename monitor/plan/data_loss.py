"""Who may lose what: the operator's --data-loss against what the plan would destroy. Pure code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from monitor.errors import Problem
from monitor.plan.forecast.schema_after import Destroyed
from monitor.statements.kind import Loss
from monitor.statements.registry import KINDS

_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
_NAME = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")


class DataLoss(StrEnum):
    """How data is kept that the rollback would destroy and that nobody has named."""

    SALVAGE = "salvage"
    QUARANTINE = "quarantine"
    ACCEPT = "accept"  # as SALVAGE: it says that something is named


@dataclass(frozen=True, slots=True)
class Protection:
    """What will be kept, what may be lost since it was named, and what speaks against the plan."""

    kept: tuple[Destroyed, ...]
    accepted: tuple[Destroyed, ...]
    problems: tuple[Problem, ...]


def protect(destroyed: Sequence[Destroyed], mode: DataLoss, accept_loss: Sequence[str]) -> Protection:
    """Every loss by itself: lost where it is named, else kept where it can be, else a problem.

    One problem says all that has to be named.
    """
    accepted = [d for d in destroyed if _is_named(d, accept_loss, destroyed)]
    left = [d for d in destroyed if d not in accepted]
    kept = [d for d in left if can_be_kept(d)]
    how = "quarantined" if mode is DataLoss.QUARANTINE else "salvaged"
    problems = [
        *_to_be_named([d for d in left if d not in kept], how),
        *(Problem("", f"--accept-loss {n} names nothing that the plan destroys")
          for n in accept_loss if not any(_meaning(n, d) for d in destroyed)),
        *_ambiguous(accept_loss, destroyed),
    ]  # fmt: skip
    return Protection(tuple(kept), tuple(accepted), tuple(problems))


def left_behind(
    destroyed: Sequence[Destroyed], given: Sequence[Destroyed], accept_loss: Sequence[str]
) -> Protection:
    """After all that can be was put aside: what is `destroyed` still, of what the `given` text destroys."""
    accepted = tuple(d for d in destroyed if _is_named(d, accept_loss, given))
    stuck = [d for d in destroyed if d not in accepted and can_be_kept(d)]
    problems = (
        *protect(given, DataLoss.QUARANTINE, accept_loss).problems,
        *_to_be_named(stuck, "quarantined"),
    )
    return Protection((), accepted, problems)


def can_be_kept(d: Destroyed) -> bool:
    """Whether it can be copied away first, or put aside."""
    return KINDS[d.kind].loss is Loss.SALVAGE


def _to_be_named(losses: Sequence[Destroyed], how: str) -> list[Problem]:
    flags = [f"--accept-loss {quote(name)}" for name in dict.fromkeys(d.name for d in losses)]
    found = [
        Problem(
            "",
            f"{KINDS[d.kind].statement} destroys {d.name}, which can't be {how}: if it may be lost, say "
            f"--accept-loss {quote(d.name)}",
            d.line,
        )
        for d in losses
    ]
    if len(flags) > 1:
        said = f"{len(flags)} losses can't be {how}: if all of them may be lost, say {' '.join(flags)}"
        found.insert(0, Problem("", said))
    return found


def _is_named(d: Destroyed, accept_loss: Sequence[str], destroyed: Sequence[Destroyed]) -> bool:
    """A table's name covers its columns; not one that can be kept, when the plan destroys rows of that table:

    then they are meant, and the refusal that asked for the name was not about the column.
    """
    rows = any(other.label == d.label and not other.column for other in destroyed)
    apart = bool(d.column) and can_be_kept(d) and rows
    meanings = {_meaning(given, d) for given in accept_loss}
    return d.name in meanings or (d.label in meanings and not apart)


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
