"""Extended statistics of a table."""

from __future__ import annotations

from monitor.plan.forecast.schema_after import Forecast
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted
from monitor.sql.facts_parts import dropping, listed
from monitor.sql.labels import bare
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.objects import dropped, entry_of

STATISTICS = "statistics"


def drop_statistics(f: Forecast, a: Action) -> None:
    _, entry = entry_of(f, STATISTICS, a)
    table = f.relation(str(entry.body)) if entry is not None else None
    if table and entry is not None:
        table.statistics.pop(bare(entry.label.partition(" ")[2]), None)
    dropped(STATISTICS)(f, a)


DROP_STATISTICS = Kind(
    "DROP STATISTICS", Class.LOSSLESS, other=STATISTICS, traits=Trait.DROPS,
    read={"drop_stmt OBJECT_STATISTIC_EXT": dropping("drop_statistics", lambda item: quoted(listed(item)))},
    effect=drop_statistics, trace=always,
)  # fmt: skip
