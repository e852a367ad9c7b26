"""Policies of row security."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Relation
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Reader, action, dropping_part, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.parts import DROPS, dropped


def read(kind: str) -> Reader:
    return lambda body, _: [action(kind, relation_name(body["table"]), body["policy_name"])]


def create_policy(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    if a.name in found[1].policies:
        f.problem(f"policy {a.name} of {found[0]} already exists")
    else:
        _is_another(f, a, *found)


def alter_policy(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    if a.name in found[1].policies:
        _is_another(f, a, *found)
    else:
        f.missing(f"policy {a.name} of {found[0]}")


def _is_another(f: Forecast, a: Action, label: str, entry: Relation) -> None:
    entry.policies[a.name] = ANY
    f.leeway.added.add((label, a.name))


ALTER_POLICY = Kind(
    "ALTER POLICY", Class.LOSSLESS,
    traits=Trait.KEEPS_EXPRESSION, read={"alter_policy_stmt": read("alter_policy")},
    effect=alter_policy,
)  # fmt: skip

CREATE_POLICY = Kind(
    "CREATE POLICY", Class.LOSSLESS,
    traits=Trait.KEEPS_EXPRESSION, read={"create_policy_stmt": read("create_policy")},
    effect=create_policy,
)  # fmt: skip

DROP_POLICY = Kind(
    "DROP POLICY", Class.LOSSLESS,
    traits=DROPS, read={"drop_stmt OBJECT_POLICY": dropping_part("drop_policy")},
    effect=dropped("policies"), trace=always,
)  # fmt: skip
