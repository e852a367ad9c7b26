"""Facts of statements about functions, types and comments; the rule of facts.py holds."""

from __future__ import annotations

import json

from monitor.rollback.script.facts_parts import Tree, relation_name
from monitor.rollback.script.facts_parts import action as _action

INPUT = {"FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_DEFAULT"}
"""Parameters that are part of a function's identity."""

OUTPUT = {"FUNC_PARAM_OUT", "FUNC_PARAM_INOUT", "FUNC_PARAM_TABLE"}

ON_RELATION = {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE",
               "OBJECT_FOREIGN_TABLE"}  # fmt: skip
ON_PART = {
    "OBJECT_COLUMN": "column", "OBJECT_TABCONSTRAINT": "constraint", "OBJECT_TRIGGER": "trigger",
    "OBJECT_POLICY": "policy", "OBJECT_RULE": "rule",
}  # fmt: skip


def create_function(body: Tree) -> list[Tree]:
    """`text`: the body as it is written, if it is a string. Without a name it can't be found again."""
    parameters = [p["function_parameter"] for p in body.get("parameters", [])]
    types = [p["arg_type"] for p in parameters if p.get("mode") in INPUT]
    name = f"{quoted(strings(body['funcname']))}({', '.join(type_text(t) for t in types)})"
    if any(t.get("pct_type") for t in types):
        name = ""
    return [
        _action(
            "create_function", None, name, if_exists=bool(body.get("replace")), text=_body(body),
            part=_returned(body), shape=_parameters(body),
        )
    ]  # fmt: skip


def alter_function(body: Tree) -> list[Tree]:
    return [_action("alter_function", None, signature(body["func"]))]


def _returned(body: Tree) -> str:
    """`SETOF "text"`; "" when nothing is returned, or that of another thing's type."""
    returned = body.get("return_type") or _by_parameters(body)
    if returned is None or returned.get("pct_type"):
        return ""
    return ("SETOF " if returned.get("setof") else "") + type_text(returned)


def _by_parameters(body: Tree) -> Tree | None:
    """What OUT parameters say that is returned: one of them its type, several a record, as of a procedure."""
    out = [p for p in _each(body) if p.get("mode") in OUTPUT]
    if len(out) == 1 and not body.get("is_procedure"):
        one: Tree = out[0]["arg_type"]
        return one
    return {"names": [{"string": {"sval": n}} for n in ("pg_catalog", "record")]} if out else None


def _parameters(body: Tree) -> str:
    """JSON: names of what goes in, how many have a default, (name, type) of what comes out; "" unknown."""
    parameters = _each(body)
    if any(p["arg_type"].get("pct_type") for p in parameters):
        return ""
    names = [p.get("name", "") for p in parameters if p.get("mode") in INPUT]
    out = [[p.get("name", ""), type_text(p["arg_type"])] for p in parameters if p.get("mode") in OUTPUT]
    defaults = sum("defexpr" in p for p in parameters)
    return json.dumps({"names": names, "defaults": defaults, "out": out})


def _each(body: Tree) -> list[Tree]:
    return [p["function_parameter"] for p in body.get("parameters", [])]


def create_view(body: Tree) -> list[Tree]:
    """`text`: its query; `shape`: the names given to columns, as JSON."""
    names = json.dumps(strings(body.get("aliases", [])))
    return [
        _action(
            "create_view", relation_name(body["view"]), if_exists=bool(body.get("replace")),
            shape=names, statement=body["query"],
        )
    ]  # fmt: skip


def create_trigger(body: Tree) -> list[Tree]:
    """`text`: its function, as a key."""
    replaces = bool(body.get("replace"))
    return [
        _action(
            "create_trigger", relation_name(body["relation"]), body["trigname"], if_exists=replaces,
            text=quoted(strings(body["funcname"])),
        )
    ]  # fmt: skip


def _body(body: Tree) -> str | None:
    for option in (o["def_elem"] for o in body.get("options", [])):
        if option["defname"] == "as":
            items = strings(option["arg"]["list"]["items"])
            return items[0] if len(items) == 1 else None
    return None


def create_enum(body: Tree) -> list[Tree]:
    """`text`: the labels, with commas."""
    labels = ",".join(strings(body.get("vals", [])))
    return [_action("create_type", None, quoted(strings(body["type_name"])), text=labels)]


def comment(body: Tree) -> list[Tree]:
    """`part`: what it is on; "": something no fingerprint holds. `text`: "" takes the comment away."""
    what, item = body["objtype"], body["object"]
    relation: list[str] | None = None
    part = name = ""
    if what in ON_RELATION:
        part, relation = "relation", strings(item["list"]["items"])
    elif what in ON_PART:
        *relation, name = strings(item["list"]["items"])
        part = ON_PART[what]
    elif what in {"OBJECT_FUNCTION", "OBJECT_PROCEDURE"}:
        part, name = "function", signature(item["object_with_args"])
    elif what in {"OBJECT_TYPE", "OBJECT_DOMAIN"}:
        part, name = "type", quoted(strings(item["type_name"]["names"]))
    elif what == "OBJECT_SCHEMA":
        part, name = "schema", quoted([item["string"]["sval"]])
    return [_action("comment", relation, name, part=part, text=body.get("comment", ""))]


def signature(item: Tree) -> str:
    """`"public"."f"("pg_catalog"."int4")`, as the server's to_regprocedure reads it."""
    name = quoted(strings(item["objname"]))
    if item.get("args_unspecified"):
        return name
    return f"{name}({', '.join(_argument(a) for a in item.get('objargs', []))})"


def operator_signature(item: Tree) -> str:
    """`"public".===("pg_catalog"."int4", "pg_catalog"."int4")`, as the server's to_regoperator reads it."""
    *schema, name = strings(item["objname"])
    return f"{quoted(schema)}{'.' if schema else ''}{name}({', '.join(map(_argument, item['objargs']))})"


def _argument(item: Tree) -> str:
    """`NONE`: the side on which an operator has no argument."""
    return type_text(item["type_name"]) if "type_name" in item else "NONE"


def type_text(type_name: Tree) -> str:
    return quoted(strings(type_name["names"])) + "[]" * len(type_name.get("array_bounds", []))


def strings(items: list[Tree]) -> list[str]:
    return [i["string"].get("sval", "") for i in items if "string" in i]


def quoted(names: list[str]) -> str:
    return ".".join('"' + n.replace('"', '""') + '"' for n in names)
