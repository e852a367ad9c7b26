"""Facts of a column that a statement makes: what another column of that name is compared with.

Runs in the child process; plain data in and out. Types are written as PostgreSQL's format_type writes them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from monitor.sql.facts_constraints import references
from monitor.sql.facts_parts import Facts, Tree

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

MOST_PRECISE = 6
"""Digits of a second; more are taken for so many."""

SERIALS = {"smallserial", "serial2", "serial", "serial4", "bigserial", "serial8"}

OWN = {
    "text", "uuid", "json", "jsonb", "date", "bytea", "inet", "cidr", "macaddr", "money", "name", "oid",
    "xml", "tsvector", "point", "bpchar", "numeric", "bit", "interval", "char", *WRITTEN, *TIMES,
}  # fmt: skip
"""Types of PostgreSQL itself that are written as plain names: pg_catalog is looked into first."""

UNREADABLE = ("inh_relations", "of_typename", "partbound")
"""Parts of CREATE TABLE that bring columns of elsewhere."""

IDENTITIES = {"a": "identity always", "d": "identity by default"}
FORMULAS = {"s": "stored", "v": "virtual"}


def one(definition: Tree) -> Facts:
    """`shape` of a column or attribute that is added: as JSON."""
    return {"shape": json.dumps(_column(definition), sort_keys=True)}


def create_table(body: Tree) -> Facts:
    """`shape` of CREATE TABLE: columns by name as JSON, or null when they are not all in the statement.

    `part`: whether it is a partitioned table, or unlogged.
    """
    elements = body.get("table_elts", [])
    made = {"part": "partitioned" if "partspec" in body else body["relation"].get("relpersistence", "p")}
    if any(part in body for part in UNREADABLE) or any("table_like_clause" in e for e in elements):
        return {"shape": "null", **made}
    columns = {e["column_def"]["colname"]: _column(e["column_def"]) for e in elements if "column_def" in e}
    for constraint in (e["constraint"] for e in elements if "constraint" in e):
        if constraint["contype"] in {"CONSTR_PRIMARY", "CONSTR_NOTNULL"}:
            for name in {key["string"]["sval"] for key in constraint.get("keys", ())} & columns.keys():
                columns[name]["not_null"] = True
    return {"shape": json.dumps(columns, sort_keys=True), **made}


def _column(definition: Tree) -> dict[str, Any]:
    """`schema` of its type ("" if that is the session's to say), `type`, `collation` ("" for the type's own);
    `not_null`; `filled`: what gives it values, or ""; `scans`: whether each row is read or written;
    `references`: of its foreign keys."""
    constraints = [c["constraint"] for c in definition.get("constraints", ())]
    kinds = {c["contype"] for c in constraints}
    schema, type_ = _type(definition["type_name"])
    serial = _is_serial(definition["type_name"])
    not_null = serial or bool(kinds & {"CONSTR_NOTNULL", "CONSTR_PRIMARY", "CONSTR_IDENTITY"})
    filled = "default" if serial else next((f for c in constraints if (f := _filled(c))), "")
    collation = definition.get("coll_clause", {}).get("collname", [{}])[-1].get("string", {}).get("sval", "")
    return {
        "schema": schema, "type": type_, "collation": collation, "not_null": not_null, "filled": filled,
        "references": references(constraints),
        "scans": schema != "pg_catalog" or serial or not _is_instant(constraints),
    }  # fmt: skip


def _is_instant(constraints: list[Tree]) -> bool:
    """Whether PostgreSQL only writes down that the column is there: no row is read or written.

    So since version 11, with a default that is one value for all rows. (A type that is not PostgreSQL's may
    be a domain with checks, which are looked at in each row.)
    """
    fixed = [c for c in constraints if c["contype"] == "CONSTR_DEFAULT" and _is_value(c["raw_expr"])]
    harmless = [c for c in constraints if c["contype"] in {"CONSTR_NULL", "CONSTR_NOTNULL"}]
    if len(fixed) + len(harmless) < len(constraints):
        return False
    return bool(fixed) or all(c["contype"] == "CONSTR_NULL" for c in harmless)


def _is_value(expression: Tree) -> bool:
    """A constant, also with a cast, or the time of the statement."""
    kind, body = next(iter(_uncast(expression).items()))
    called = [n["string"]["sval"] for n in body.get("funcname", ())] if kind == "func_call" else []
    return kind in {"a_const", "sqlvalue_function"} or called in (["now"], ["pg_catalog", "now"])


def _uncast(expression: Tree) -> Tree:
    while "type_cast" in expression:
        expression = expression["type_cast"]["arg"]
    return expression


def _filled(constraint: Tree) -> str:
    """DEFAULT NULL is none."""
    kind = constraint["contype"]
    if kind == "CONSTR_IDENTITY":
        return IDENTITIES[constraint["generated_when"]]
    if kind == "CONSTR_GENERATED":
        return FORMULAS[constraint.get("generated_kind", "s")]
    if kind != "CONSTR_DEFAULT" or _uncast(constraint["raw_expr"]).get("a_const", {}).get("isnull"):
        return ""
    return "default"


def _is_serial(type_name: Tree) -> bool:
    names = [n["string"]["sval"] for n in type_name["names"]]
    return len(names) == 1 and names[0] in SERIALS


def _type(type_name: Tree) -> tuple[str, str]:
    """Its schema and the rest. `(*)`: a modifier that PostgreSQL would write otherwise."""
    *schemas, name = [n["string"]["sval"] for n in type_name["names"]]
    array = "[]" * bool(type_name.get("array_bounds"))
    if not array and name.startswith("_") and name[1:] in OWN:
        name, array = name[1:], "[]"
    if schemas not in ([], ["pg_catalog"]) or (not schemas and name not in OWN):
        modifiers = "(*)" if type_name.get("typmods") else ""
        return "".join(schemas), f"{_identifier(name)}{modifiers}{array}"
    modifiers = _modifiers(name, type_name.get("typmods", []))
    if name in TIMES:
        text = f"{TIMES[name][0]}{modifiers} {TIMES[name][1]}"
    elif name == "bpchar" and modifiers:
        text = f"character{modifiers}"
    else:
        text = f"{WRITTEN.get(name) or _identifier(name)}{modifiers}"
    return "pg_catalog", f"{text}{array}"


def _identifier(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def _modifiers(name: str, items: list[Tree]) -> str:
    numbers = [i.get("a_const", {}).get("ival") for i in items]
    if not items:
        return ""
    if name == "interval" or any(n is None for n in numbers):
        return "(*)"
    written = [n.get("ival", 0) for n in numbers if n is not None]
    if name in TIMES:
        written = [min(n, MOST_PRECISE) for n in written]
    return f"({','.join(map(str, [*written, 0] if name == 'numeric' and len(written) == 1 else written))})"
