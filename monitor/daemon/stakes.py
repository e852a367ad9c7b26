"""What a watch's rollback puts at stake, as facts of an alert: at risk, rehearsed or not, kept after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from monitor.daemon.keeper import Keeper
from monitor.ports import rehearsal_told
from monitor.units import Kind

Fact = tuple[str, str]


def at_risk(keeper: Keeper) -> tuple[Fact, ...]:
    """What the rollback would take away, as it was seen last."""
    return tuple(("at risk", str(risk)) for risk in keeper.readiness.at_risk or () if risk.count != 0)


def kept(keeper: Keeper) -> tuple[Fact, ...]:
    """What the rollback took away and where it is."""
    found = [(k["source"], k.get("rows"), k["into"]) for k in keeper.kept if k.get("into")]
    return tuple(("kept", f"{_rows(rows)}{name} in {into}") for name, rows, into in found)


def rehearsed(keeper: Keeper) -> Fact:
    """Whether anybody has seen this rollback work."""
    return ("rehearsal", rehearsal_told(keeper.row.controls.rehearsal))


def baselines(keeper: Keeper, kinds: Mapping[str, Kind], metrics: Collection[str]) -> tuple[Fact, ...]:
    """What was normal before the migration, and the limit that it led to."""
    return tuple(
        ("baseline", keeper.opening.said(metric, kinds))
        for metric in keeper.opening.baselines
        if metric in metrics
    )


def _rows(count: int | None) -> str:
    return "" if count is None else f"{count:,} row{'' if count == 1 else 's'} of "
