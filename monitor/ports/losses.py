"""What a rollback takes out of the application's reach: values and rows, never their contents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from monitor.core.samples import Micros


class Fate(StrEnum):
    """What becomes of data that the rollback drops."""

    SALVAGED = "salvaged"  # copied away in the rollback's own transaction
    QUARANTINED = "quarantined"  # stays where it is, under another name
    LOST = "lost"  # named by --accept-loss


WORDS = {
    Fate.SALVAGED: "a backup is kept",
    Fate.QUARANTINED: "kept in quarantine",
    Fate.LOST: "lost for good",
}


@dataclass(frozen=True, slots=True)
class AtRisk:
    """How much of one column (`what` values) or table (rows) a rollback would take away now.

    `count` None: not known. `bound`: "" exact, "about" an estimate, "at most" not all of it is lost.
    """

    name: str
    what: str
    count: int | None
    bound: str
    fate: Fate

    @property
    def amount(self) -> str:
        """`about 1,204 values of contacts.email_address`."""
        number = "an unknown number of" if self.count is None else f"{self.count:,}"
        what = self.what.removesuffix("s") if self.count == 1 else self.what
        return f"{self.bound} {number} {what} of {self.name}".strip()

    def __str__(self) -> str:
        return f"{self.amount} ({WORDS[self.fate]})"


def loss_sentences(at_risk: tuple[AtRisk, ...]) -> tuple[str, ...]:
    """One sentence each, for those that hold anything."""
    return tuple(f"rollback drops {risk}" for risk in at_risk if risk.count != 0)


def risk_to_json(risk: AtRisk) -> dict[str, object]:
    return asdict(risk)


def risk_from_json(row: Mapping[str, Any]) -> AtRisk:
    return AtRisk(row["name"], row["what"], row["count"], row["bound"], Fate(row["fate"]))


@dataclass(frozen=True, slots=True)
class Keepsake:
    """One table or column that a rollback kept, near the end of its time or past it."""

    watch_id: str
    migration: str
    name: str
    place: str
    ends_at: Micros


class Keepsakes(Protocol):
    """What rollbacks of one target kept. Every method has deadlines and raises DatabaseError."""

    async def soon(self) -> Sequence[Keepsake]:
        """Those whose time ends soon and of which people were not told."""

    async def announced(self, told: Sequence[Keepsake]) -> None:
        """People were told of them: only from now on may they be dropped."""

    async def drop_due(self) -> tuple[Sequence[Keepsake], Sequence[str]]:
        """Drops those whose time is over; what was dropped, and what stood in the way of others."""
