"""The child process that parses: reads SQL from stdin, writes one JSON document to stdout.

It limits itself before it reads a byte, because the parser is C code fed with a stranger's text.
Whatever happens to it, the parent lives. This file decides nothing.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

from monitor.rollback.facts import facts_of

MEMORY_BYTES = 2 << 30
"""Address space; 1 MiB of SQL needs up to about 1 GiB as a tree."""

CPU_SECONDS = 20
"""30,000 terms take 0.3 s."""


def main() -> None:
    limit()
    grammar = import_module("postgast")  # after the limits; untyped here: its stubs are not valid Python
    as_dict = import_module("google.protobuf.json_format").MessageToDict
    sql = sys.stdin.buffer.read()
    try:
        result = grammar.parse(sql.decode())
        found = [
            {
                "start": raw.stmt_location,
                "length": raw.stmt_len,
                **facts_of(as_dict(raw.stmt, preserving_proto_field_name=True)),
            }
            for raw in result.stmts
        ]
        answer: dict[str, Any] = {"statements": found}
    except grammar.PgQueryError as e:
        answer = {"error": str(getattr(e, "message", e)), "position": getattr(e, "cursorpos", 0) or 0}
    except (RecursionError, MemoryError):
        answer = {"error": "an expression is nested too deep", "position": 0}
    sys.stdout.write(json.dumps(answer))


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
