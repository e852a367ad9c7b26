"""The mutants of a module, made by mutmut's operators: one change in a function or in a constant each.

A mutant is put into the running process: a function gets the code of its changed copy, a constant its changed
value in every module that has it. So nothing is copied, and what a test costs is what it costs otherwise.
"""

from __future__ import annotations
import __future__

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import libcst as cst
from mutmut.mutation.file_mutation import Mutation, create_mutations

ANNOTATIONS = __future__.annotations.compiler_flag


@dataclass(frozen=True)
class Mutant:
    """`function`: qualified name, or that of a constant; `before` and `after`: the line that differs."""

    module: str
    function: str
    before: str
    after: str
    is_constant: bool
    apply: Callable[[], None]

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.module, self.function, self.before, self.after

    @property
    def name(self) -> str:
        return f"{self.module}:{self.function}"

    def __str__(self) -> str:
        return f"{self.name}\n    - {self.before}\n    + {self.after}"


class _Bare(cst.CSTTransformer):
    """mutmut leaves decorated functions alone, since a decorator runs at import: here none does."""

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        """Without its decorators."""
        return updated_node.with_changes(decorators=[])


def mutants(name: str) -> Iterator[Mutant]:
    """All of a module, in the order of the source."""
    module = import_module(name)
    path = Path(str(module.__file__))
    tree, mutations, *_ = create_mutations(str(path), cst.parse_module(path.read_text()).visit(_Bare()).code)
    owners = dict(_functions(tree))
    statements = {node: line for line in tree.body for node in _within(line)}
    for mutation in mutations:
        owner = mutation.contained_by_top_level_function
        if owner is None:
            found = _of_a_constant(module, statements.get(mutation.original_node), mutation)
        elif owner in owners:
            found = _of_a_function(module, owners[owner], owner, mutation)
        else:
            found = None  # in the body of a class: its fields
        if found is not None and not _says_nothing(found):
            yield found


def _says_nothing(mutant: Mutant) -> bool:
    """`zip(strict=...)` is a check of ours: both sides are as long, whatever the tests do."""
    return "strict=" in mutant.before and mutant.after in {
        mutant.before.replace("strict=True", other) for other in ("strict=False", "strict=None", "")
    }


def _functions(tree: cst.Module) -> Iterator[tuple[cst.FunctionDef, str]]:
    for child in tree.body:
        if isinstance(child, cst.FunctionDef):
            yield child, child.name.value
        elif isinstance(child, cst.ClassDef):
            for method in child.body.body:
                if isinstance(method, cst.FunctionDef):
                    yield method, f"{child.name.value}.{method.name.value}"


def _within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _within(child)


def _of_a_function(
    module: ModuleType, name: str, owner: cst.FunctionDef, mutation: Mutation
) -> Mutant | None:
    before, after = _codes(owner, mutation)
    try:
        compiled = compile(after, str(module.__file__), "exec", flags=ANNOTATIONS, dont_inherit=True)
        spare: dict[str, Any] = {}
        exec(compiled, dict(vars(module)), spare)
    except Exception:
        return None  # dead before it was born
    made = spare[owner.name.value]
    target = _target(module, name)

    def apply() -> None:
        target.__code__ = made.__code__
        target.__defaults__, target.__kwdefaults__ = made.__defaults__, made.__kwdefaults__

    return Mutant(module.__name__, name, *_differing(before, after), False, apply)


def _target(module: ModuleType, name: str) -> FunctionType:
    owner, _, last = name.rpartition(".")
    found = vars(getattr(module, owner) if owner else module)[last]
    for inner in ("fget", "__func__", "__wrapped__"):
        found = getattr(found, inner, found)
    if not isinstance(found, FunctionType):
        raise TypeError(f"{module.__name__}.{name} is no function")
    return found


def _of_a_constant(module: ModuleType, line: cst.CSTNode | None, mutation: Mutation) -> Mutant | None:
    """None for what is no plain assignment to a name: types, dataclasses' fields, imports."""
    if not isinstance(line, cst.SimpleStatementLine) or isinstance(mutation.original_node, cst.Assign):
        return None
    statement = line.body[0]
    if not isinstance(statement, cst.Assign) or not isinstance(mutation.original_node, cst.BaseNumber):
        return None
    before, after = _codes(line, mutation)
    spare: dict[str, Any] = {}
    exec(after, dict(vars(module)), spare)

    def apply() -> None:
        for name, value in spare.items():
            was = vars(module)[name]
            for other in [m for key, m in sys.modules.items() if key.startswith("monitor")]:
                if vars(other).get(name) is was:
                    setattr(other, name, value)

    return Mutant(module.__name__, ", ".join(spare), *_differing(before, after), True, apply)


def _codes(node: cst.FunctionDef | cst.SimpleStatementLine, mutation: Mutation) -> tuple[str, str]:
    changed: Any = node.deep_replace(mutation.original_node, mutation.mutated_node)
    return cst.Module([node]).code, cst.Module([changed]).code


def _differing(before: str, after: str) -> tuple[str, str]:
    """The lines that are not the same, stripped."""
    old, new = before.strip().splitlines(), after.strip().splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(s.strip() for s in old), " ".join(s.strip() for s in new)
