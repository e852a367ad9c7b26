"""A YAML 1.2 file as plain values, with the line of every key and `${...}` filled in.

All problems of the file are collected, none is raised. This file does not know which keys mean what.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from monitor.errors import Problem

Loc: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and list positions from the top."""

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
"""The deepest configuration has six levels; a limit ends files built to exhaust us."""

MAX_NODES = 20_000
"""Counted with aliases written out, so that nested aliases can't multiply without end."""

_HOLE = re.compile(r"\$\$\{|\$\{(file:(?:[^{}]|\$\{[^{}]*\})*|[^{}]*)\}|\$\{")
_INNER = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}
_TEXT = {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "value", "merge")}


@dataclass(slots=True)
class Document:
    """What a file says. `filled`: values that hold text from outside the file, never to be repeated."""

    tree: object = None
    lines: dict[Loc, int] = field(default_factory=dict)
    filled: set[Loc] = field(default_factory=set)
    broken: set[Loc] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def line(self, loc: Loc) -> int | None:
        """The line of the value or, if it is not written, of the nearest key above it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc)

    def complain(self, loc: Loc, what: str, *others: Loc) -> None:
        """Adds a problem at `loc`, once; its line is that of the first of these that is written."""
        written = next((place for place in (loc, *others) if place in self.lines), loc)
        problem = Problem(dotted(loc), what, self.line(written))
        if problem not in self.problems:
            self.problems.append(problem)

    def spoil(self, loc: Loc, what: str) -> None:
        """Adds a problem whose value is not to be looked at further."""
        self.broken.add(loc)
        self.complain(loc, what)


def dotted(loc: Loc) -> str:
    """`targets.shop.metrics`, `alerts[1].slack`; a key of the file's may hold what a terminal obeys."""
    found = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    return "".join(c if c.isprintable() else "?" for c in found)


def read(path: Path, env: Mapping[str, str], only: frozenset[str] | None = None) -> Document:
    """The document in `path`; with `only`, no other top-level key is looked into."""
    document = Document()
    try:
        with path.open("rb") as file:  # a pipe is a file too: --config <(envsubst < monitor.yaml)
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        document.complain(
            (), f"no such file: write one with `migration-monitor init {path}`, or name it by --config"
        )
        return document
    except OSError as e:
        document.complain((), f"can't be read: {e.strerror}")
        return document
    root = _compose(raw, document)
    if root is not None:
        document.tree = _Reader(document, env, only).value(root, ())
    return document


def _compose(raw: bytes, document: Document) -> Node | None:
    if len(raw) > MAX_BYTES:
        document.complain((), "is over 1 MiB, which no configuration needs")
        return None
    root: Node | None = None
    try:
        root = YAML(typ="safe", pure=True).compose(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        document.problems.append(Problem("", "is not UTF-8", raw.count(b"\n", 0, e.start) + 1))
    except MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        text = f"is not YAML: {e.problem or e.context or 'it ends too early'}{_hint(raw, mark)}"
        document.problems.append(Problem("", text, mark.line + 1 if mark else None))
    except YAMLError:
        document.problems.append(Problem("", "is not YAML: it holds a character that YAML does not allow"))
    except RecursionError:
        document.problems.append(Problem("", "is nested too deeply"))
    return root


def _hint(raw: bytes, mark: StringMark | None) -> str:
    """The mistake that `${...}` invites."""
    lines = raw.splitlines()[mark.line : mark.line + 1] if mark else []
    return "; inside {...} a value with ${...} needs quotes" if any(b"${" in line for line in lines) else ""


class _Reader:
    """Turns nodes into values: duplicates, tags and cycles are problems, `${...}` is filled in."""

    def __init__(self, document: Document, env: Mapping[str, str], only: frozenset[str] | None) -> None:
        self._document = document
        self._env = env
        self._only = only
        self._scalars = YAML(typ="safe", pure=True).constructor
        self._nodes = 0

    def value(self, node: Node, loc: Loc) -> object:
        self._document.lines.setdefault(loc, node.start_mark.line + 1)
        self._nodes += 1
        if len(loc) > MAX_DEPTH or self._nodes > MAX_NODES:
            self._document.spoil(loc[:1], "is nested too deeply, or aliases repeat it too often")
            return None
        if isinstance(node, MappingNode):
            return dict(self._entries(node, loc))
        if isinstance(node, SequenceNode):
            return [self.value(item, (*loc, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, loc)

    def _entries(self, node: MappingNode, loc: Loc) -> Iterator[tuple[str, object]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                text = "has a key that is a list or a mapping: write NAME: VALUE"
                self._document.problems.append(Problem(dotted(loc), text, line))
                continue
            at = (*loc, key)
            if key in seen:
                text = f"is written twice, first on line {seen[key]}: keep one"
                self._document.problems.append(Problem(dotted(at), text, line))
                continue
            seen[key] = line
            self._document.lines[at] = line
            skipped = self._only is not None and not loc and key not in self._only
            yield key, None if skipped else self.value(value_node, at)

    def _scalar(self, node: Node, loc: Loc) -> object:
        tag, text = str(node.tag), str(node.value)
        if tag in _PLAIN:
            with contextlib.suppress(ValueError):
                value: object = self._scalars.construct_object(node, deep=True)
                return value
        if tag not in _TEXT:
            self._document.spoil(loc, "has a YAML tag, which means nothing here: remove it")
        return self._fill(text, loc)

    def _fill(self, text: str, loc: Loc) -> str:
        if "${" not in text:
            return text

        def hole(found: re.Match[str]) -> str:
            if found[0] == "$${":
                return "${"
            self._document.filled.add(loc)
            return self._outside(found[1], loc)

        return _HOLE.sub(hole, text)

    def _outside(self, name: str | None, loc: Loc) -> str:
        if name is not None and name.startswith("file:"):
            path = _INNER.sub(lambda found: self._variable(found[1], loc), name.removeprefix("file:"))
            return "" if loc in self._document.broken else self._file(path, loc)
        return self._variable(name, loc)

    def _variable(self, name: str | None, loc: Loc) -> str:
        if name is None or not _VARIABLE.fullmatch(name):
            text = "holds a `${` that is neither ${VARIABLE} nor ${file:/path}: write $${ for a literal ${"
            self._document.spoil(loc, text)
            return ""
        if name not in self._env:
            self._document.spoil(
                loc, f"the environment variable {name} is not set: set it, or write the value"
            )
        return self._env.get(name, "")

    def _file(self, name: str, loc: Loc) -> str:
        path = Path(name)
        if not path.is_absolute():
            self._document.spoil(
                loc, f"${{file:{name}}} needs an absolute path, as ${{file:/run/secrets/name}}"
            )
            return ""
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1).decode().rstrip("\r\n")
        except OSError as e:
            self._document.spoil(loc, f"the file {name} can't be read: {e.strerror}")
        except UnicodeDecodeError:
            self._document.spoil(loc, f"the file {name} is not UTF-8")
        return ""
