"""Statements that could do anything: nobody can say what they change."""

from __future__ import annotations

from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action
from monitor.statements.kind import Kind, Trait
from monitor.statements.views import TABLE_AS

ANYTHING = Trait.TAKES_ANYTHING | Trait.TAKES_MORE


def read_select(body: Tree, _: Tree) -> list[Facts]:
    return [action("", refusal=TABLE_AS)] if "into_clause" in body else [action("select")]


SELECT = Kind(
    "SELECT", Class.OPAQUE, read={"select_stmt": read_select},
    traits=ANYTHING | Trait.LEAVES_RELATION | Trait.READS_ROWS | Trait.ROWS_HIDDEN,
)  # fmt: skip

DO = Kind("DO", Class.OPAQUE, traits=ANYTHING, read={"do_stmt": lambda *_: [action("do")]})

CALL = Kind("CALL", Class.OPAQUE, traits=ANYTHING, read={"call_stmt": lambda *_: [action("call")]})
