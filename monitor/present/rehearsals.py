"""What the latest rehearsal of a rollback showed, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.ports import HOLDS, Json, RehearsalOutcome
from monitor.present.times import minute


def rehearsal_told(summary: Json | None) -> str:
    """One sentence of a plan's latest rehearsal (`at` epoch seconds, `outcome`, `said`), or of its lack."""
    if summary is None:
        return "the rollback was not rehearsed"
    found: Mapping[str, Any] = summary
    lead = (
        "and rolling back did NOT restore the schema: "
        if HOLDS[RehearsalOutcome(found["outcome"])] is False
        else ""
    )
    return f"rehearsed on {minute(found['at'])}{', ' if lead else ': '}{lead}{found['said']}"
