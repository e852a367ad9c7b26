"""A kind of statement that nobody knows, CREATE STATISTICS: the file that a family would be."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind


def read(body: Tree, _: Tree) -> list[Facts] | None:
    """Of one table, under a plain name."""
    names = [n["string"]["sval"] for n in body.get("defnames", ())]
    tables = [r["range_var"] for r in body["relations"] if "range_var" in r]
    if len(names) != 1 or len(tables) != 1:
        return None
    return [action("create_statistics", relation_name(tables[0]), names[0])]


def create(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if a.name in entry.statistics:
        f.problem(f"statistics {a.name} of {label} already exist")
        return
    entry.statistics[a.name] = ANY
    f.leeway.added.add((label, a.name))


CREATE_STATISTICS = Kind("CREATE STATISTICS", Class.LOSSLESS, read={"create_stats_stmt": read}, effect=create)
