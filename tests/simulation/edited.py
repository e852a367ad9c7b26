"""Plays worlds with a program in which some text is another: what a mistake in it would do.

The text is changed as a module is loaded; nothing is written. To be run as a process of its own, which takes
edits and worlds as JSON on its standard input and prints what was broken in each:

    {"edits": [["now - last > policy.max_gap", "False"]], "worlds": [...]}  ->  [["P16: ..."], ...]

A text is found wherever in `monitor` it is. One that is not there exactly once is refused: whoever changed
the line must say what the mistake looks like now.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]

Edits = Sequence[tuple[str, str]]


class Moved(Exception):
    """A text that is to be changed is not in the program, or more than once."""


def places(edits: Edits) -> Mapping[Path, Edits]:
    """The files that the edits change, and how."""
    found: dict[Path, list[tuple[str, str]]] = {}
    sources = {path: path.read_text() for path in sorted((ROOT / "monitor").rglob("*.py"))}
    for old, new in edits:
        times = {path: n for path, source in sources.items() if (n := source.count(old))}
        if sum(times.values()) != 1:
            raise Moved(f"{old!r} is {sum(times.values())} times in monitor: write anew what is broken there")
        found.setdefault(next(iter(times)), []).append((old, new))
    return found


class _EditedLoader(SourceFileLoader):
    def __init__(self, name: str, path: Path, edits: Edits) -> None:
        super().__init__(name, str(path))
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:
        """Compiled anew: what is kept compiled beside the file is what it was."""
        source = Path(self.path).read_text()
        for old, new in self._edits:
            source = source.replace(old, new)
        return compile(source, self.path, "exec", dont_inherit=True)


class Editor(MetaPathFinder):
    """Finds the modules that are changed; `loaded`: those of them that were used."""

    def __init__(self, edits: Edits) -> None:
        self._places = {_name_of(path): (path, its) for path, its in places(edits).items()}
        self.loaded: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._places:
            return None
        self.loaded.add(fullname)
        file, edits = self._places[fullname]
        loader: Loader = _EditedLoader(fullname, file, edits)
        return spec_from_file_location(fullname, file, loader=loader)

    @property
    def unused(self) -> set[str]:
        return self._places.keys() - self.loaded


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main() -> None:
    asked = json.load(sys.stdin)
    editor = Editor([(old, new) for old, new in asked["edits"]])
    sys.meta_path.insert(0, editor)
    # the program is loaded from here on
    from tests.simulation.playing import played
    from tests.simulation.world import from_json

    if editor.unused:
        raise Moved(f"no world needs {sorted(editor.unused)}")
    found: list[Sequence[str]] = []
    for world in asked["worlds"]:
        found.append(played(from_json(world)).broken)
        if found[-1] and asked.get("until_seen"):
            break
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
