"""Facts by which rows can be asked whether a statement will take them: keys and predicates, as trees.

Runs in the child process; plain data in and out. Texts of the trees are written by grammar_child.py.
"""

from __future__ import annotations

from typing import Any

from monitor.sql.facts_constraints import key_of_range, references
from monitor.sql.facts_objects import type_text
from monitor.sql.facts_parts import Facts, Tree

TEXTS = ('"text"', '"pg_catalog"."text"', '"pg_catalog"."varchar"', '"varchar"')


def unique_index(body: Tree) -> Facts:
    """Of a unique index on an expression, with a collation or on a part; {} for one that its columns tell."""
    elements = [p["index_elem"] for p in body["index_params"]]
    odd = "where_clause" in body or any("expr" in e or "collation" in e for e in elements)
    if not (body.get("unique") and odd) or any("opclass" in e for e in elements):
        return {}
    return _asked(
        {"keys": [_key(e) for e in elements], "where": _where(body)},
        nulls_distinct=not body.get("nulls_not_distinct"),
    )


def exclusion(body: Tree) -> Facts:
    """Of an EXCLUDE constraint; {} for another."""
    if body.get("contype") != "CONSTR_EXCLUSION":
        return {}
    pairs = [e["list"]["items"] for e in body["exclusions"]]
    keys = [_key(element["index_elem"]) for element, _ in pairs]
    operators = [_operator([n["string"]["sval"] for n in o["list"]["items"]]) for _, o in pairs]
    return _asked({"keys": keys, "where": _where(body)}, operators=operators)


def cast(name: str, column: Tree) -> Facts:
    """`USING name::type` or `USING name::text::type`, the column's new type: its key; {} of anything else."""
    steps, tree = [], column["raw_default"]
    while "type_cast" in tree:
        steps.append(tree["type_cast"]["type_name"])
        tree = tree["type_cast"]["arg"]
    fields = tree.get("column_ref", {}).get("fields", [])
    new = type_text(column["type_name"])
    through = [type_text(t) for t in steps[1:]]
    if (
        len(fields) != 1
        or fields[0].get("string", {}).get("sval") != name
        or column["type_name"].get("typmods")
    ):
        return {}
    if not steps or type_text(steps[0]) != new or through not in ([], *([t] for t in TEXTS)):
        return {}
    return _asked({}, cast=new)


def create_table(body: Tree) -> Facts:
    """`references` of its foreign keys; of a partition its `parent` and bounds."""
    elements = body.get("table_elts", [])
    own = [c for e in elements for c in e.get("column_def", {}).get("constraints", ())]
    constraints = [c["constraint"] for c in (*own, *(e for e in elements if "constraint" in e))]
    said = {"references": references(constraints)}
    above, bound = body.get("inh_relations", []), body.get("partbound")
    if not bound or len(above) != 1 or bound.get("is_default"):
        return _asked({}, **said)
    trees = {end: bound.get(f"{end}datums", []) for end in ("lower", "upper", "list")}
    return _asked(trees, **said, parent=key_of_range(above[0]["range_var"]), strategy=bound["strategy"])


def _asked(trees: dict[str, list[Tree]], **said: Any) -> Facts:
    return {"asked": {"trees": trees, "said": said}}


def _where(body: Tree) -> list[Tree]:
    return [body["where_clause"]] if "where_clause" in body else []


def _key(element: Tree) -> Tree:
    key: Tree = element.get("expr") or {"column_ref": {"fields": [{"string": {"sval": element["name"]}}]}}
    if "collation" not in element:
        return key
    return {"collate_clause": {"arg": key, "collname": element["collation"]}}


def _operator(names: list[str]) -> str:
    *schema, name = names
    return "".join(f'OPERATOR("{s.replace(chr(34), chr(34) * 2)}".{name})' for s in schema) or name
