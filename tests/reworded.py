"""Every sentence of `monitor/present` in other words: what a program does must not hang on how it speaks.

`python -m tests.reworded` lives the stories of the golden files with each sentence rewritten as the modules
are loaded, and prints what was done: no text for people is in that. With `--as-written` nothing is rewritten.
"""

from __future__ import annotations

import ast
import codecs
import importlib.abc
import importlib.machinery
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Final

ROOM: Final = "monitor.present."

WORD = re.compile(r"\{[^}]*\}|(?<![%\w])[A-Za-z']{3,}")
"""A word; what is between braces is filled in, and what follows a `%` is a form of time."""


def reworded(text: str) -> str:
    """The same sentence in words that nobody has; a name, a key or a format has no blank and stays."""
    if " " not in text.strip():
        return text
    return WORD.sub(lambda found: found[0] if found[0][0] == "{" else codecs.encode(found[0], "rot13"), text)


class Rewording(ast.NodeTransformer):
    """Counts what it rewrites."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """A docstring is no sentence of the program."""
        return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or (new := reworded(node.value)) == node.value:
            return node
        self.count += 1
        return ast.copy_location(ast.Constant(new), node)


class Loader(importlib.machinery.SourceFileLoader):
    """Rewrites a module's sentences before it is run."""

    rewritten = 0

    def get_code(self, fullname: str) -> Any:
        source = self.get_data(self.path)
        rewording = Rewording()
        tree = ast.fix_missing_locations(rewording.visit(ast.parse(source, self.path)))
        Loader.rewritten += rewording.count
        return compile(tree, self.path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    """Gives the modules of the room to the Loader."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if not fullname.startswith(ROOM) or found is None or found.origin is None:
            return None
        return importlib.util.spec_from_file_location(
            fullname, found.origin, loader=Loader(fullname, found.origin)
        )


def done() -> Iterator[Any]:
    """What happened in each story: rows written, alerts but for their words, where each watch was."""
    said = importlib.import_module("tests.golden.said")
    screen = importlib.import_module("monitor.cli.screen")
    terminal = importlib.import_module("monitor.present.terminal")
    for name, day in said.days().items():
        rows = [[e.kind, e.at, e.key, sorted(e.detail)] for r in day.records for e in r.events]
        yield [name, "events", rows]
        yield [name, "alerts", [_sent(row.alert) for r in day.records for row in r.alerts]]
        for step, view in day.views.items():
            found: Any = view
            rows = terminal.metric_rows(found, {})
            colours = [screen.COLOURS.get(row.condition) for row in rows]
            lines = terminal.condition_lines(found, float(found["updated_at"] or 0))
            alarms = [isinstance(line, terminal.Alarm) for line in lines]
            border = screen.border(found, float(found["updated_at"] or 0))
            yield [
                name,
                step,
                [found[k] for k in STATE],
                found["readiness"]["codes"],
                colours,
                alarms,
                border,
            ]


STATE = ("phase", "verdict", "mode", "superseded", "streaks", "coverage", "expected_at", "already_breaching")
"""Keys of a watch that decide something."""


def _sent(a: Any) -> list[Any]:
    shown = [len(a.facts), bool(a.next), len(a.commands), [label for label, _ in a.facts if " " not in label]]
    kind = [a.transition, a.condition, a.severity, a.stage, a.story, a.incident, sorted(a.closes)]
    return [*kind, a.at, a.page, a.resolves, a.quiet, *shown]


if __name__ == "__main__":
    if "--as-written" not in sys.argv:
        sys.meta_path.insert(0, Finder())
    for found in done():
        print(json.dumps(found, default=str))
    verdicts = importlib.import_module("monitor.present.verdicts")
    print(f"{Loader.rewritten} sentences, as: {verdicts.ELSEWHERE}", file=sys.stderr)
