"""What is known of a watch changes in one file, and whoever tells of it takes it as a value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_floors import PACKAGE, imports

ROOM = PACKAGE / "daemon"

TELLS = ("announcer", "event_log", "dedup", "stories", "reminders", "execution", "checks", "followup")
"""Files that are given values and never a watch in hand."""


def written(tree: ast.AST) -> Iterator[str]:
    """`keeper.readiness` for each attribute of something else than `self` that is assigned or deleted."""
    for node in ast.walk(tree):
        stores = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del)
        if isinstance(node, ast.Attribute) and stores and ast.unparse(node.value).split(".")[0] != "self":
            yield ast.unparse(node)


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_nobody_in_the_daemon_writes_a_field_of_another(path: Path) -> None:
    """They call a method that says what happened."""
    assert list(written(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("name", TELLS)
def test_what_tells_or_carries_out_has_no_keeper(name: str) -> None:
    """So it can't change one."""
    assert "monitor.daemon.keeper" not in {
        found.rpartition(".")[0] if found.rpartition(".")[2][:1].isupper() else found
        for found in imports(ROOM / f"{name}.py")
    }


def test_a_written_field_is_seen() -> None:
    """Also one of several targets, of an item of a list, and of what an attribute holds."""
    tree = ast.parse("keeper.a, x = 1, 2\nself.b = 1\nkeepers[0].c += 1\nother.state.d = 2\ndel other.e")
    assert sorted(written(tree)) == ["keeper.a", "keepers[0].c", "other.e", "other.state.d"]
