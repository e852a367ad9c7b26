"""Every event name that the code can log, found in its source: nothing is imported to be run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from monitor.daemon.details import KINDS
from monitor.ports import OutcomeKind, ProgressKind

PACKAGE = Path(__file__).parents[1] / "monitor"

LOGGERS = {"log", "_log"}

METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}

SETS: dict[str, Iterable[str]] = {
    "KINDS": KINDS.values(),
    "rollback_": [f"rollback_{kind.value}" for kind in ProgressKind],
    "watch.": (),  # of the rows, which are looked at where they are written
    "outcome_": [f"outcome_{kind.value}" for kind in OutcomeKind],
}
"""Names that are built from a closed set: by the table they are looked up in, or by what they begin with."""


def event_names() -> set[str]:
    """Those of log lines, and `watch.KIND` of every row that is written about a watch."""
    found: set[str] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        for function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            found |= set(_of(function))
    return found


def _functions(tree: ast.AST) -> Iterator[ast.AST]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _of(function: ast.AST) -> Iterator[str]:
    calls = (n for n in ast.walk(function) if isinstance(n, ast.Call))
    for call in calls:
        if _is_log(call.func):
            yield from _texts(call.args[_attribute(call) == "log"], function)
        elif _attribute(call) == "_row":
            yield from (f"watch.{kind}" for kind in _texts(call.args[1], function))


def _attribute(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is_log(called: ast.expr) -> bool:
    owner = called.value if isinstance(called, ast.Attribute) else None
    named = isinstance(owner, ast.Name) and owner.id in LOGGERS
    return named and isinstance(called, ast.Attribute) and called.attr in METHODS


def _texts(said: ast.expr, function: ast.AST) -> Iterator[str]:
    """What an expression may say. AssertionError: it can't be determined from the source."""
    match said:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body, function)
            yield from _texts(orelse, function)
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if start in SETS:
            yield from SETS[start]
        case ast.Subscript(value=ast.Name(id=table)) if table in SETS:
            yield from SETS[table]
        case ast.Name(id=name):
            assigned = [n for n in ast.walk(function) if isinstance(n, ast.Assign)]
            given = [n.value for n in assigned if any(ast.unparse(t) == name for t in n.targets)]
            assert given, f"an event's name comes from outside its function: {name}"
            for value in given:
                yield from _texts(value, function)
        case _:
            raise AssertionError(f"an event's name is not constant: {ast.unparse(said)}")
