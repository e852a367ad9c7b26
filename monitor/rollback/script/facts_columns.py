"""Facts of a column that a statement makes: what another column of that name is compared with.

Runs in the child process; plain data in and out. Types are written as PostgreSQL's format_type writes them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from monitor.rollback.script.facts_parts import Facts, Tree

WRITTEN = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "bool": "boolean", "float4": "real",
    "float8": "double precision", "decimal": "numeric", "varchar": "character varying",
    "varbit": "bit varying", "smallserial": "smallint", "serial2": "smallint", "serial": "integer",
    "serial4": "integer", "bigserial": "bigint", "serial8": "bigint",
}  # fmt: skip
"""Names of pg_type and of the grammar, as format_type writes them."""

TIMES = {
    "time": ("time", "without time zone"), "timetz": ("time", "with time zone"),
    "timestamp": ("timestamp", "without time zone"), "timestamptz": ("timestamp", "with time zone"),
}  # fmt: skip
"""The precision stands in between."""

OWN = {
    "text", "uuid", "json", "jsonb", "date", "bytea", "inet", "cidr", "macaddr", "money", "name", "oid",
    "xml", "tsvector", "point", "bpchar", *WRITTEN, *TIMES,
}  # fmt: skip
"""Types of PostgreSQL itself that are written as plain names."""

SERIALS = {"smallserial", "serial2", "serial", "serial4", "bigserial", "serial8"}

UNREADABLE = ("inh_relations", "of_typename", "partbound")
"""Parts of CREATE TABLE that bring columns of elsewhere."""


def add_column(definition: Tree) -> Facts:
    """`shape` of ADD COLUMN: the one column as JSON."""
    return {"shape": json.dumps(_column(definition), sort_keys=True)}


def create_table(body: Tree) -> Facts:
    """`shape` of CREATE TABLE: columns by name as JSON, or null when they are not all in the statement."""
    elements = body.get("table_elts", [])
    if any(part in body for part in UNREADABLE) or any("table_like_clause" in e for e in elements):
        return {"shape": "null"}
    columns = {e["column_def"]["colname"]: _column(e["column_def"]) for e in elements if "column_def" in e}
    for constraint in (e["constraint"] for e in elements if "constraint" in e):
        if constraint["contype"] in {"CONSTR_PRIMARY", "CONSTR_NOTNULL"}:
            for key in constraint.get("keys", ()):
                columns[key["string"]["sval"]]["not_null"] = True
    return {"shape": json.dumps(columns, sort_keys=True)}


def _column(definition: Tree) -> dict[str, Any]:
    """`type`; `not_null`; `filled` by default, identity, generated or "": what gives it values; `scans`."""
    constraints = [c["constraint"] for c in definition.get("constraints", ())]
    kinds = {c["contype"] for c in constraints}
    serial = definition["type_name"]["names"][-1]["string"]["sval"] in SERIALS
    filled = "identity" if "CONSTR_IDENTITY" in kinds else "generated" if "CONSTR_GENERATED" in kinds else ""
    if not filled and (serial or any(_has_default(c) for c in constraints)):
        filled = "default"
    not_null = serial or bool(kinds & {"CONSTR_NOTNULL", "CONSTR_PRIMARY", "CONSTR_IDENTITY"})
    return {
        "type": _type(definition["type_name"]), "not_null": not_null, "filled": filled,
        "scans": not _is_instant(definition, constraints),
    }  # fmt: skip


def _is_instant(definition: Tree, constraints: list[Tree]) -> bool:
    """Whether PostgreSQL only writes down that the column is there: no row is read or written.

    So since version 11, with a default that is one value for all rows. A type that is not PostgreSQL's may be
    a domain with checks, which are looked at in each row.
    """
    name = definition["type_name"]["names"][-1]["string"]["sval"]
    if name in SERIALS or not (
        name in OWN or definition["type_name"]["names"][0]["string"]["sval"] == "pg_catalog"
    ):
        return False
    fixed = [c for c in constraints if c["contype"] == "CONSTR_DEFAULT" and _is_value(c["raw_expr"])]
    harmless = [c for c in constraints if c["contype"] in {"CONSTR_NULL", "CONSTR_NOTNULL"}]
    if len(fixed) + len(harmless) < len(constraints):
        return False
    return bool(fixed) or all(c["contype"] == "CONSTR_NULL" for c in harmless)


def _is_value(expression: Tree) -> bool:
    """A constant, also with a cast, or the time of the statement."""
    kind, body = next(iter(expression.items()))
    if kind == "type_cast":
        return _is_value(body["arg"])
    called = [n["string"]["sval"] for n in body.get("funcname", ())] if kind == "func_call" else []
    return kind in {"a_const", "sqlvalue_function"} or called in (["now"], ["pg_catalog", "now"])


def _has_default(constraint: Tree) -> bool:
    """DEFAULT NULL is none."""
    return constraint["contype"] == "CONSTR_DEFAULT" and not constraint["raw_expr"].get("a_const", {}).get(
        "isnull"
    )


def _type(type_name: Tree) -> str:
    """Without its schema. `(*)`: a modifier that PostgreSQL would write otherwise."""
    name = type_name["names"][-1]["string"]["sval"]
    modifiers = _modifiers(name, type_name.get("typmods", []))
    if name in TIMES:
        text = f"{TIMES[name][0]}{modifiers} {TIMES[name][1]}"
    elif name == "bpchar" and modifiers:
        text = f"character{modifiers}"
    else:
        text = f"{WRITTEN.get(name) or _identifier(name)}{modifiers}"
    return text + "[]" * bool(type_name.get("array_bounds"))


def _identifier(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) else '"' + name.replace('"', '""') + '"'


def _modifiers(name: str, items: list[Tree]) -> str:
    numbers = [i.get("a_const", {}).get("ival") for i in items]
    if not items:
        return ""
    if name == "interval" or any(n is None for n in numbers):
        return "(*)"
    written = [str(n.get("ival", 0)) for n in numbers if n is not None]
    return f"({','.join([*written, '0'] if name == 'numeric' and len(written) == 1 else written)})"
