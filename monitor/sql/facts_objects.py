"""Names of functions, operators and types as keys: pieces of facts, as facts_parts.py.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

from monitor.sql.facts_parts import Tree


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
