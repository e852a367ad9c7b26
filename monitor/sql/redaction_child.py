"""The child process that takes literals out of statements: a JSON list in, a JSON list out.

Only what is surely without a value is answered: a statement of rows, normalised, without its comments,
in whose tree no constant is left. Everything else is "".
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

from monitor.sql.grammar_child import limit

SHOWN = {"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}
LONGEST = 200


def main() -> None:
    limit()
    grammar = import_module("postgast")  # after the limits; untyped here: its stubs are not valid Python
    as_dict = import_module("google.protobuf.json_format").MessageToDict
    queries: list[str] = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps([_bare(query, grammar, as_dict) for query in queries]))


def _bare(query: str, grammar: Any, as_dict: Any) -> str:
    try:
        tree = grammar.parse(grammar.normalize(query))
        if len(tree.stmts) != 1:
            return ""
        found = as_dict(tree.stmts[0].stmt, preserving_proto_field_name=True)
        if next(iter(found)) not in SHOWN or "a_const" in _keys(found):
            return ""
        text = " ".join(str(grammar.deparse(tree)).split())
    except (grammar.PgQueryError, RecursionError, MemoryError, StopIteration):
        return ""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _keys(tree: Any) -> set[str]:
    """Every key of the tree; a stack instead of recursion, since trees can be deep."""
    found: set[str] = set()
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            found |= item.keys()
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return found


if __name__ == "__main__":
    main()
