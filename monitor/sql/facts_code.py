"""Which code, types and roles a statement names: functions, operators and casts may be anybody's.

Runs in the child process; plain data in and out. What a name means only the catalogue knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from monitor.sql.facts_objects import quoted, strings
from monitor.sql.facts_parts import Facts, Tree

BETWEEN = ("<", "<=", ">", ">=")
"""What BETWEEN stands for."""

SERIAL = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"}
"""No types, but a short way to write a column."""

NAMED_ONLY = {"drop_stmt", "comment_stmt", "alter_owner_stmt", "grant_stmt"}
"""Statements in which a type is no more than part of a name."""


def used(tree: Tree) -> Facts:
    """Names as written; `types` as keys, always quoted."""
    node = next(iter(tree))
    types = [] if node in NAMED_ONLY else [strings(t["names"]) for t in _types(tree)]
    return {
        "functions": unique(strings(n["func_call"]["funcname"]) for n in nodes_with(tree, "func_call")),
        "operators": unique(_operators(tree)),
        "types": sorted({quoted(t) for t in types if t[-1] not in SERIAL}),
        "roles": sorted({n["rolename"] for n in nodes_with(tree, "rolename")}),
    }


def walk(tree: Any) -> Iterator[Tree | str]:
    """Every dict and string of the tree; a stack instead of recursion, since trees can be deep."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            yield item


def nodes_with(tree: Tree, key: str) -> list[Tree]:
    return [n for n in walk(tree) if isinstance(n, dict) and key in n]


def unique(names: Iterable[list[str]]) -> list[list[str]]:
    return [list(n) for n in sorted({tuple(n) for n in names})]


def _types(tree: Tree) -> list[Tree]:
    return [n for n in nodes_with(tree, "names") if "typemod" in n and not n.get("pct_type")]


def _operators(tree: Tree) -> Iterator[list[str]]:
    """Written ones, and those that IN, BETWEEN, CASE x WHEN and USING stand for."""
    for node in nodes_with(tree, "a_expr"):
        expression = node["a_expr"]
        between = "BETWEEN" in expression["kind"]
        yield from [[o] for o in BETWEEN] if between else [strings(expression.get("name", []))]
    for key in ("oper_name", "use_op"):
        yield from (strings(n[key]) for n in nodes_with(tree, key))
    case = any("arg" in n["case_expr"] for n in nodes_with(tree, "case_expr"))
    any_ = any(n["sub_link"].get("testexpr") for n in nodes_with(tree, "sub_link"))
    if case or any_ or nodes_with(tree, "using_clause"):
        yield ["="]
