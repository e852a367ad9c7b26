"""The floors of the house: which part may stand on which. Read from the source, nothing is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
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
    "faults",
    "promql",
    "encoding",
    "quoting",
    "notify",
    "signing",
}
PLANS = {"sql", "schema", "statements", "plan"}
"""From a script to a stored plan: the text, the schema, the kinds of statement, what speaks against it."""

ON_PLANS = {"rollback", "salvage", "rehearsal", "store"}
"""Adapters that carry a plan out, try it, keep what it destroys, or hold it."""

ADAPTERS = ON_PLANS | {"sources", "hooks", "history", "channels", "web", "report"}
SPEAK = {"channels", "web", "report"}
"""Adapters at whose other end people read."""

BESIDE = {"rollback": {"salvage"}}
"""Adapters that know another one. What a rollback destroys is kept in its own transaction, under its locks:
kept by anybody else, it could be kept and not destroyed, or destroyed and not kept."""

CORE = {"core"}
COMPOSED = {
    "backtest",
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

BRING_THEIR_KEYS = {"channels", "history", "hooks", "sources"}
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
    "sql": GROUND | CORE | {"sql"},
    "schema": GROUND | CORE | {"sql", "schema"},
    **dict.fromkeys(("statements", "plan"), GROUND | CORE | PLANS),
    **{room: GROUND | CORE | {room} for room in ADAPTERS},
    **{room: GROUND | CORE | WORDS | {room} for room in SPEAK},
    **{room: GROUND | CORE | PLANS | {room} | BESIDE.get(room, set()) for room in ON_PLANS},
    "settings": GROUND | CORE | BRING_THEIR_KEYS | {"settings"},
    "daemon": GROUND | CORE | WORDS | {"daemon"},
    **dict.fromkeys(COMPOSED, GROUND | CORE | WORDS | PLANS | ADAPTERS | COMPOSED),
    "app": GROUND | CORE | WORDS | PLANS | ADAPTERS | {"settings", "daemon"} | COMPOSED,
    "backtest": GROUND | CORE | WORDS | PLANS | ADAPTERS | {"settings"} | COMPOSED,
    "demo": GROUND | CORE | WORDS | PLANS | ADAPTERS | {"demo"} | COMPOSED,
    "cli": GROUND | CORE | WORDS | PLANS | ADAPTERS | {"settings", "demo", "cli"} | COMPOSED,
    "__init__": set(),
    "__main__": {"cli"},
}
"""Every room of `monitor/`, and the rooms it may import. Only the composition root knows the daemon."""

FORECAST = "forecast"
"""The model that a plan is played on: a part of `plan` that stands below the kinds of statement, which play
themselves on it. All else of `plan` stands above them and asks them."""

ENTRY = PACKAGE / "sql" / "grammar_child.py"
"""A process of its own, which reads statements by their kinds; nobody but its like imports it."""

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


def at_run_time(path: Path) -> Iterator[str]:
    """Without what only a checker of types reads."""
    tree = ast.parse(path.read_text(), filename=str(path))
    checked = {
        id(n) for i in ast.walk(tree) if isinstance(i, ast.If) and _is_for_types(i) for n in ast.walk(i)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in checked:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import) and id(node) not in checked:
            yield from (alias.name for alias in node.names)


def _is_for_types(node: ast.If) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def rooms_imported(path: Path) -> set[str]:
    """Rooms of ours that a module imports; a name of the package itself (its version) is no room."""
    parts = (name.split(".") for name in imports(path))
    return {p[1] for p in parts if p[0] == "monitor" and len(p) > 1 and not p[1].startswith("__")}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_stands_only_on_those_below_it(path: Path) -> None:
    """No module imports a room of its own height or above."""
    may = MAY_STAND_ON[room_of(path)] | ({"statements"} if path == ENTRY else set())
    assert rooms_imported(path) <= may


def test_every_room_has_a_floor() -> None:
    """A new room must say what it stands on."""
    assert {room_of(path) for path in modules()} <= set(MAY_STAND_ON)


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.name)
def test_the_core_uses_values_only(path: Path) -> None:
    """No clock, no IO, no logging, no chance, no third party."""
    others = {name.split(".")[0] for name in imports(path)} - {"monitor"}
    assert others <= CORE_MAY_USE


def parts_of_plan(path: Path) -> set[str]:
    """Parts of `plan` that a module imports: its rooms, and its files by their names."""
    parts = (name.split(".") for name in imports(path))
    return {p[2] for p in parts if p[:2] == ["monitor", "plan"] and len(p) > 2}


@pytest.mark.parametrize("path", sorted((PACKAGE / "statements").rglob("*.py")), ids=lambda p: p.name)
def test_statements_know_of_a_plan_only_what_it_is_played_on(path: Path) -> None:
    """A kind does not know who plans or executes it."""
    assert parts_of_plan(path) <= {FORECAST}


@pytest.mark.parametrize("path", sorted((PACKAGE / "plan" / FORECAST).rglob("*.py")), ids=lambda p: p.name)
def test_what_a_plan_is_played_on_knows_no_kind(path: Path) -> None:
    """A forecast is given the kinds that it plays, and knows nobody who plans."""
    assert rooms_imported(path) <= GROUND | CORE | {"sql", "schema", "plan"}
    assert parts_of_plan(path) <= {FORECAST}


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports have an order: each module can be read with nothing but those it names."""
    known = {
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in modules()
    }
    left = {
        name: {n for i in at_run_time(p) if (n := _module(i, known)) and n != name}
        for name, p in known.items()
    }
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def _module(name: str, known: Mapping[str, Path]) -> str:
    """The module that is meant by a dotted name of it, or of something in it."""
    return name if name in known else name.rpartition(".")[0] if name.rpartition(".")[0] in known else ""


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
