"""What kind of statement an action is concerns monitor/statements alone: everybody else asks the kind.

Read from the source. A name of a kind in a comparison, in a set, a list or a table outside that room is a
decision that a new kind would have to be added to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.statements.registry import KINDS

PACKAGE = Path(__file__).parents[2] / "monitor"

HOME = PACKAGE / "statements"

ASPECT = "an aspect of a relation, as a fingerprint of the whole schema calls it"

OTHERWISE: dict[str, dict[str, str]] = {
    "plan/remains.py": {"replica_identity": ASPECT, "row_security": ASPECT},
    "plan/remade.py": {"replica_identity": ASPECT, "row_security": ASPECT, "comment": ASPECT},
    "schema/compare.py": {"replica_identity": ASPECT, "row_security": ASPECT},
    "schema/relation.py": {"replica_identity": ASPECT},
    "sql/refusals.py": {"analyze": "an option of VACUUM", "truncate": "an option of VACUUM"},
    "settings/document.py": {"merge": "a tag of YAML"},
}
"""File -> the name and what it means there instead, which is no kind."""


def outside() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if HOME not in p.parents]


def listed(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and names: compared, matched, in a display, or taken apart by their beginning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from _names(node, [node.left, *node.comparators])
        elif isinstance(node, ast.MatchValue):
            yield from _names(node, [node.value])
        elif isinstance(node, ast.Set | ast.List | ast.Tuple):
            yield from _names(node, node.elts)
        elif isinstance(node, ast.Dict):
            yield from _names(node, [k for k in node.keys if k is not None])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = node.func.value
            if isinstance(asked, ast.Attribute) and asked.attr == "kind" and node.func.attr in TAKEN_APART:
                yield node.lineno, f".kind.{node.func.attr}()"


TAKEN_APART = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "split"}


def _names(node: ast.AST, elements: list[ast.expr]) -> Iterator[tuple[int, str]]:
    for e in elements:
        if isinstance(e, ast.Constant) and e.value in KINDS:
            yield e.lineno, str(e.value)


@pytest.mark.parametrize("path", outside(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nobody_else_compares_or_lists_kinds(path: Path) -> None:
    """Not one name of a kind, but where it means something else."""
    means = OTHERWISE.get(str(path.relative_to(PACKAGE)), {})
    found = [(line, name) for line, name in listed(ast.parse(path.read_text())) if name not in means]
    assert found == []


@pytest.mark.parametrize("file", OTHERWISE)
def test_what_means_something_else_is_there(file: str) -> None:
    """No exception outlives what it was made for."""
    names = {name for _, name in listed(ast.parse((PACKAGE / file).read_text()))}
    assert OTHERWISE[file].keys() <= names


@pytest.mark.parametrize(
    "code",
    [
        "a.kind == 'drop_table'",
        "a.kind in {'add_column', x}",
        "TABLE = {'set_default': 1}",
        "NAMES = ('x', 'rename_type')",
        "a.kind.startswith('drop_')",
        "match a.kind:\n  case 'vacuum':\n    pass",
    ],
)
def test_the_reader_sees_what_it_forbids(code: str) -> None:
    """Each way of writing such a decision."""
    assert list(listed(ast.parse(code)))
