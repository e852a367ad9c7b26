"""Statements that change nothing that stays: when constraints are checked, which tables are locked."""

from __future__ import annotations

from monitor.plan.forecast.already import TABLES
from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, is_only, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always

LOCKED = TABLES | {"view"}


def read_set_constraints(body: Tree, _: Tree) -> list[Facts]:
    """One action for each that is named, `new_name` its schema; one for ALL."""
    when = "DEFERRED" if body.get("deferred") else "IMMEDIATE"
    named = [c["range_var"] for c in body.get("constraints", ())]
    return [
        action("set_constraints", None, c.get("relname", ""), new_name=c.get("schemaname", ""), part=when)
        for c in named or [{}]
    ]


def read_lock(body: Tree, _: Tree) -> list[Facts]:
    tables = [r["range_var"] for r in body["relations"]]
    return [action("lock_table", relation_name(t), only=is_only(t)) for t in tables]


def lock_table(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is not None and found[1].kind not in LOCKED:
        f.problem(f"{found[0]} is a {found[1].kind}, which LOCK TABLE does not lock")


SET_CONSTRAINTS = Kind(
    "SET CONSTRAINTS", Class.LOSSLESS, traits=Trait.UPKEEP | Trait.NAMES_CONSTRAINTS,
    read={"constraints_set_stmt": read_set_constraints}, trace=always,
)  # fmt: skip

LOCK_TABLE = Kind(
    "LOCK TABLE", Class.LOSSLESS, traits=Trait.UPKEEP | Trait.NOT_LOCKED_FIRST,
    read={"lock_stmt": read_lock}, effect=lock_table, trace=always,
)  # fmt: skip
