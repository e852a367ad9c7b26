"""What the server will make a name of, when a statement gives none to its constraint or index.

Runs in the child process; plain data in and out. `choose` of an action is JSON: the `label` at the end of the
name, the `names` before it, and whether constraints count among the names that are taken. As PostgreSQL's
FigureColname and ChooseIndexColumnNames do; see plan/generated_names.py for the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from monitor.sql.facts_objects import strings
from monitor.sql.facts_parts import Facts, Tree

CALLED = {
    "coalesce_expr": "coalesce", "row_expr": "row", "a_array_expr": "array", "grouping_func": "grouping",
    "json_object_constructor": "json_object", "json_array_constructor": "json_array",
    "xml_serialize": "xmlserialize",
}  # fmt: skip
"""Expressions that are called by their keyword."""

UNNAMED = {"a_expr", "bool_expr", "null_test", "boolean_test", "a_const"}
"""Expressions of which nothing is called: they count as `expr`."""

LABELS = {
    "CONSTR_CHECK": "check", "CONSTR_UNIQUE": "key", "CONSTR_PRIMARY": "pkey", "CONSTR_FOREIGN": "fkey",
    "CONSTR_EXCLUSION": "excl", "CONSTR_NOTNULL": "not_null",
}  # fmt: skip


def of_index(body: Tree) -> Facts:
    """{} when it has a name, or when its name can't be foretold."""
    if body.get("idxname"):
        return {}
    elements = [p["index_elem"] for p in (*body["index_params"], *body.get("index_including_params", ()))]
    return _chosen("idx", [_of_element(e) for e in elements], in_constraints=False)


def of_constraint(body: Tree, checked: list[str]) -> Facts:
    """`checked`: columns that a CHECK names."""
    label = LABELS.get(body.get("contype", ""), "")
    if body.get("conname") or not label:
        return {}
    if body.get("indexname"):  # USING INDEX: it is called as the index is
        return {"name": body["indexname"]}
    return _chosen(label, _parts(label, body, checked), in_constraints=True)


def _parts(label: str, body: Tree, checked: list[str]) -> list[str | None]:
    if label == "excl":
        return [_of_element(e["list"]["items"][0]["index_elem"]) for e in body.get("exclusions", ())]
    if label in {"check", "pkey"}:
        return [*checked]
    return [*strings([*body.get("fk_attrs", ()), *body.get("keys", ()), *body.get("including", ())])]


def _chosen(label: str, names: list[str | None], *, in_constraints: bool) -> Facts:
    if None in names:
        return {}
    return {"choose": json.dumps({"label": label, "names": names, "constraint": in_constraints})}


def _of_element(element: Tree) -> str | None:
    if "expr" not in element:
        return str(element["name"])
    known, name, _ = _figured(element["expr"])
    return (name or "expr") if known else None


def _figured(expression: Tree) -> tuple[bool, str, int]:
    """(whether it is known how it is called, its name, how good that is: 1 may be replaced, 2 is final)."""
    node, body = next(iter(expression.items()))
    if node in CALLED:
        return True, CALLED[node], 2
    if node in FIGURED:
        return FIGURED[node](body)
    return node in UNNAMED, "", 0


def _column(body: Tree) -> tuple[bool, str, int]:
    names = strings(body["fields"])
    return True, names[-1] if names else "", 2 if names else 0


def _indirection(body: Tree) -> tuple[bool, str, int]:
    names = strings(body.get("indirection", []))
    return (True, names[-1], 2) if names else _figured(body["arg"])


def _operator(body: Tree) -> tuple[bool, str, int]:
    return (True, "nullif", 2) if body.get("kind") == "AEXPR_NULLIF" else (True, "", 0)


def _cast(body: Tree) -> tuple[bool, str, int]:
    known, name, strength = _figured(body["arg"])
    if strength > 1:
        return known, name, strength
    return known, strings(body["type_name"]["names"])[-1], 1


def _case(body: Tree) -> tuple[bool, str, int]:
    known, name, strength = _figured(body["defresult"]) if "defresult" in body else (True, "", 0)
    return (known, name, strength) if strength > 1 else (known, "case", 1)


FIGURED: dict[str, Callable[[Tree], tuple[bool, str, int]]] = {
    "column_ref": _column,
    "func_call": lambda body: (True, strings(body["funcname"])[-1], 2),
    "a_indirection": _indirection,
    "a_expr": _operator,
    "type_cast": _cast,
    "collate_clause": lambda body: _figured(body["arg"]),
    "case_expr": _case,
    "min_max_expr": lambda body: (True, "least" if body.get("op") == "IS_LEAST" else "greatest", 2),
}
