"""Functions, procedures, aggregates and operators."""

from __future__ import annotations

import json
from dataclasses import replace

from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Other
from monitor.sql.classes import Class
from monitor.sql.facts_objects import operator_signature, quoted, signature, strings, type_text
from monitor.sql.facts_parts import Facts, Tree, action, dropping
from monitor.sql.scripts import Action
from monitor.statements import replaced
from monitor.statements.fitting import Server
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.objects import altered, dropped, entry_of, renaming, together

FUNCTION, OPERATOR = "function", "operator"

SORTS = ("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE")


INPUT = {"FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_DEFAULT"}
"""Parameters that are part of a function's identity."""

OUTPUT = {"FUNC_PARAM_OUT", "FUNC_PARAM_INOUT", "FUNC_PARAM_TABLE"}


def read_create(body: Tree, _: Tree) -> list[Facts]:
    """`text`: the body as it is written, if it is a string. Without a name it can't be found again."""
    parameters = [p["function_parameter"] for p in body.get("parameters", [])]
    types = [p["arg_type"] for p in parameters if p.get("mode") in INPUT]
    name = f"{quoted(strings(body['funcname']))}({', '.join(type_text(t) for t in types)})"
    if any(t.get("pct_type") for t in types):
        name = ""
    return [
        action(
            "create_function", None, name, if_exists=bool(body.get("replace")), text=_body(body),
            part=_returned(body), shape=_parameters(body),
        )
    ]  # fmt: skip


def read_alter(body: Tree, _: Tree) -> list[Facts]:
    return [action("alter_function", None, signature(body["func"]))]


def read_rename(body: Tree, _: Tree) -> list[Facts]:
    name = signature(body["object"]["object_with_args"])
    return [action("rename_function", None, name, new_name=body["newname"])]


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


def _body(body: Tree) -> str | None:
    for option in (o["def_elem"] for o in body.get("options", [])):
        if option["defname"] == "as":
            items = strings(option["arg"]["list"]["items"])
            return items[0] if len(items) == 1 else None
    return None


def _signature(item: Tree) -> str:
    return signature(item["object_with_args"])


def _operator(item: Tree) -> str:
    return operator_signature(item["object_with_args"])


def create_function(f: Forecast, a: Action) -> None:
    """Its body is foretold to the letter, its other properties are not."""
    if not a.name:
        return
    key, entry = entry_of(f, FUNCTION, a)
    if entry is not None and not a.if_exists:
        f.problem(f"{key} already exists")
        return
    f.others[key] = replace(
        entry or Other("", None, None, []), definition=ANY, body=ANY if a.text is None else a.text
    )


async def fits(q: Server, a: Action) -> str:
    if not (a.name and a.if_exists and q.same_names):
        return ""
    await q.named()
    return await replaced.unlike(q.connection, a)


ALTER_FUNCTION = Kind(
    "ALTER FUNCTION | PROCEDURE", Class.LOSSLESS, other=FUNCTION, read={"alter_function_stmt": read_alter},
    effect=altered(FUNCTION),
)  # fmt: skip

RENAME_FUNCTION = Kind(
    "ALTER FUNCTION | PROCEDURE | AGGREGATE … RENAME TO", Class.LOSSLESS, other=FUNCTION, renames=True,
    traits=Trait.MAKES_NAMES | Trait.SHOWS_IN_USERS,
    read={f"rename_stmt OBJECT_{sort}": read_rename for sort in SORTS}, effect=renaming(FUNCTION),
    trace=always,
)  # fmt: skip

CREATE_FUNCTION = Kind(
    "CREATE [OR REPLACE] FUNCTION | PROCEDURE", Class.LOSSLESS, other=FUNCTION, makes=FUNCTION,
    traits=Trait.MAKER_OWNS | Trait.REPLACES | Trait.MAKES_NAMES,
    read={"create_function_stmt": read_create}, effect=create_function, fits=fits, made="",
    trace=lambda a: a.text is not None,
)  # fmt: skip

DROP_FUNCTION = Kind(
    "DROP FUNCTION | PROCEDURE | AGGREGATE", Class.LOSSLESS,
    other=FUNCTION, traits=Trait.DROPS | Trait.MAKES_NAMES,
    read={f"drop_stmt OBJECT_{sort}": dropping("drop_function", _signature) for sort in SORTS},
    effect=dropped(FUNCTION), together=together(FUNCTION), dropped="", trace=always,
)  # fmt: skip

DROP_OPERATOR = Kind(
    "DROP OPERATOR", Class.LOSSLESS, other=OPERATOR, traits=Trait.DROPS,
    read={"drop_stmt OBJECT_OPERATOR": dropping("drop_operator", _operator)},
    effect=dropped(OPERATOR), together=together(OPERATOR), trace=always,
)  # fmt: skip
