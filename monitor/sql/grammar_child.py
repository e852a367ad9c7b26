"""The child process that parses: reads SQL from stdin, writes one JSON document to stdout.

It limits itself before it reads a byte, because the parser is C code fed with a stranger's text.
Whatever happens to it, the parent lives. This file decides nothing.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from monitor.statements.reading import facts_of

MEMORY_BYTES = 2 << 30
"""Address space; 1 MiB of SQL needs up to about 1 GiB as a tree."""

CPU_SECONDS = 20
"""30,000 terms take 0.3 s."""


def main() -> None:
    limit()
    grammar = import_module("postgast")  # after the limits; untyped here: its stubs are not valid Python
    as_dict = import_module("google.protobuf.json_format").MessageToDict
    as_text = partial(_written, grammar, import_module("google.protobuf.json_format").ParseDict)
    sql = sys.stdin.buffer.read()
    try:
        result = grammar.parse(sql.decode())
        found = [
            {
                "start": raw.stmt_location,
                "length": raw.stmt_len,
                **_with_texts(facts_of(as_dict(raw.stmt, preserving_proto_field_name=True)), as_text),
            }
            for raw in result.stmts
        ]
        answer: dict[str, Any] = {"statements": found}
    except grammar.PgQueryError as e:
        answer = {"error": str(getattr(e, "message", e)), "position": getattr(e, "cursorpos", 0) or 0}
    except (RecursionError, MemoryError):
        answer = {"error": "an expression is nested too deep", "position": 0}
    sys.stdout.write(json.dumps(answer))


def _with_texts(facts: dict[str, Any], as_text: Callable[[str, Any], str | None]) -> dict[str, Any]:
    """The same, the tree of an expression or of another statement being its text."""
    for action in facts["actions"]:
        if (asked := action.pop("asked", None)) is not None:
            action["rows"] = _asked(asked, as_text)
        for what in ("expression", "statement"):
            if (tree := action.pop(what, None)) is not None:
                action["text"] = as_text(what, tree)
    return facts


def _asked(asked: dict[str, Any], as_text: Callable[[str, Any], str | None]) -> str:
    """JSON: a list of texts for each list of `trees`, and what is `said`; "" if one can't be written."""
    trees = asked["trees"].items()
    texts = {what: [as_text("expression", tree) for tree in several] for what, several in trees}
    if any(text is None for several in texts.values() for text in several):
        return ""
    return json.dumps({**asked["said"], **texts}, sort_keys=True)


def _written(grammar: Any, filled: Callable[[Any, Any], Any], what: str, tree: Any) -> str | None:
    """An expression or a statement as SQL; None when the grammar can't write it."""
    query = grammar.parse("SELECT WHERE true")
    statement = query.stmts[0].stmt
    place = statement if what == "statement" else statement.select_stmt.where_clause
    place.Clear()
    try:
        filled(tree, place)
        text = str(grammar.deparse(query))
    except grammar.PgQueryError:
        return None
    return (text if what == "statement" else text.partition("WHERE ")[2]) or None


def limit() -> None:
    """Memory, CPU and no core file, for this process."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (wanted, hard))


if __name__ == "__main__":
    main()
