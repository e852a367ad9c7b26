"""The floors of the house: which part may stand on which. Read from the source, nothing is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "monitor"

CORE_MAY_USE = {
    "__future__",
    "bisect",
    "collections",
    "dataclasses",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "math",
    "operator",
    "types",
    "typing",
}
"""Standard library modules that hold values and nothing that could be asked twice with two answers."""

GROUND = {
    "files",
    "errors",
    "ports",
    "options",
    "clock",
    "net",
    "tls",
    "leftovers",
    "libpq",
    "pg",
    "dsn",
    "units",
    "names",
    "ownership",
    "digest",
    "faults",
    "promql",
    "encoding",
    "notify",
    "signing",
}
ADAPTERS = {"sources", "rollback", "history", "store", "channels", "web", "levers"}
SPEAK = {"channels", "web"}
"""Adapters at whose other end people read."""

CORE = {"core"}
COMPOSED = {
    "backtest",
    "report",
    "app",
    "backend",
    "registration",
    "checking",
    "rehearsing",
    "refused",
    "requested",
    "showing",
    "measured",
    "starting",
}
"""Where adapters meet: the composition root, and what people ask for over it."""

BRING_THEIR_KEYS = {"channels", "history", "levers", "sources"}
"""Adapters whose configuration stands beside their code. `settings` stands above them and derives the whole
from their registries, so only the composition root, the command line and a backtest of what is configured may
import it: an adapter that could would see every other's secrets. What both speak of is in `options`, on the
ground."""

WORDS = {"present"}
"""Every word for people. It stands on values, and whoever has something to say stands on it."""

VALUES = CORE | {"ports", "units"}
"""All that words are made of: what asks, waits or touches the outside could make them depend on it."""

MAY_STAND_ON: dict[str, set[str]] = {
    "core": CORE,
    **dict.fromkeys(GROUND, GROUND | CORE),
    "present": VALUES | WORDS,
    **{room: GROUND | CORE | {room} for room in ADAPTERS},
    **{room: GROUND | CORE | WORDS | {room} for room in SPEAK},
    "settings": GROUND | CORE | BRING_THEIR_KEYS | {"settings"},
    "daemon": GROUND | CORE | WORDS | {"daemon"},
    **dict.fromkeys(COMPOSED, GROUND | CORE | WORDS | ADAPTERS | {"daemon"} | COMPOSED),
    **dict.fromkeys(
        ("app", "backtest"), GROUND | CORE | WORDS | ADAPTERS | {"settings", "daemon"} | COMPOSED
    ),
    "demo": GROUND | CORE | WORDS | ADAPTERS | {"daemon", "demo"} | COMPOSED,
    "cli": GROUND | CORE | WORDS | ADAPTERS | {"settings", "daemon", "demo", "cli"} | COMPOSED,
    "__init__": set(),
    "__main__": {"cli"},
}
"""Every room of `monitor/`, and the rooms it may import."""

ROLLBACK_STANDS_ON: dict[str, set[str]] = {
    "script": {"script"},
    "schema": {"script", "schema"},
    "forecast": {"script", "schema", "forecast"},
}
"""What reads, looks and foretells stands below what executes."""

ENTERS_THROUGH = {"httpx": {"net"}, "asyncpg": {"pg", "demo"}}
"""Libraries that only these rooms import (the demonstration's shop is an application by itself)."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """`core` for monitor/core/samples.py, `pg` for monitor/pg.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names of everything a module imports anywhere in it, relative ones resolved."""
    package = (path.parent.relative_to(ROOT)).parts
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *((node.module,) if node.module else ())))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    """Rooms of ours that a module imports; a name of the package itself (its version) is no room."""
    parts = (name.split(".") for name in imports(path))
    return {p[1] for p in parts if p[0] == "monitor" and len(p) > 1 and not p[1].startswith("__")}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_stands_only_on_those_below_it(path: Path) -> None:
    """No module imports a room of its own height or above."""
    assert rooms_imported(path) <= MAY_STAND_ON[room_of(path)]


def test_every_room_has_a_floor() -> None:
    """A new room must say what it stands on."""
    assert {room_of(path) for path in modules()} <= set(MAY_STAND_ON)


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.name)
def test_the_core_uses_values_only(path: Path) -> None:
    """No clock, no IO, no logging, no chance, no third party."""
    others = {name.split(".")[0] for name in imports(path)} - {"monitor"}
    assert others <= CORE_MAY_USE


@pytest.mark.parametrize(("room", "below"), ROLLBACK_STANDS_ON.items())
def test_what_foretells_a_rollback_does_not_know_who_executes_it(room: str, below: set[str]) -> None:
    """The rooms inside `rollback` have floors of their own."""
    for path in sorted((PACKAGE / "rollback" / room).rglob("*.py")):
        parts = [name.split(".") for name in imports(path)]
        assert {p[2] for p in parts if p[:2] == ["monitor", "rollback"]} <= below, path


@pytest.mark.parametrize(("library", "rooms"), ENTERS_THROUGH.items())
def test_a_library_of_the_network_enters_through_one_room(library: str, rooms: set[str]) -> None:
    """Deadlines and errors of a library are translated in one place."""
    found = {room_of(p) for p in modules() if library in {name.split(".")[0] for name in imports(p)}}
    assert found <= rooms


def test_the_rules_see_what_they_forbid() -> None:
    """The reader of imports finds plain, relative and nested ones."""
    assert "asyncpg" in set(imports(PACKAGE / "pg.py"))
    assert "core" in rooms_imported(PACKAGE / "ports" / "store.py")
    assert set(sys.stdlib_module_names) >= CORE_MAY_USE


def test_the_environment_arms_nothing() -> None:
    """Which file to read, and whether to show where an error came from: no more can be set from outside.

    What is made to happen at a point of a rollback is handed in by whoever builds it.
    """
    ours = re.compile(r"MIGRATION_MONITOR_[A-Z_]+[A-Z]")
    found = {name for path in modules() for name in ours.findall(path.read_text())}
    assert found == {"MIGRATION_MONITOR_CONFIG", "MIGRATION_MONITOR_TRACEBACK"}
