"""Reading a directory of migrations: bounded, in a fixed order, and never outside what it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.errors import OperatorError
from monitor.history.tool import Script, refused

MOST_FILES = 20_000
"""A directory with more is not one of migrations."""

MOST_BYTES = (1 << 20) + 1
"""One more than a plan may have: what is longer is refused by the plan's own limit."""


def listed(directory: Path) -> list[Path]:
    """The entries of a directory by name. Raises OperatorError when it can't be read."""
    try:
        found = sorted(directory.iterdir(), key=lambda p: p.name)
    except OSError as e:
        raise OperatorError(f"the directory of migrations {directory} can't be read: {e.strerror}") from None
    if len(found) > MOST_FILES:
        raise OperatorError(f"{directory} has {len(found)} entries, more than {MOST_FILES}: name another")
    return found


def matching(directory: Path, pattern: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    """The files whose whole name matches."""
    for path in listed(directory):
        if (found := pattern.fullmatch(path.name)) is not None and path.is_file():
            yield path, found


def read(path: Path) -> bytes:
    """A file's bytes. Raises PlanRefused."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        raise refused("there is no such file: this migration has no down SQL", str(path)) from None
    except OSError as e:
        raise refused(f"can't be read: {e.strerror}", str(path)) from None


def chosen(migration: str, scripts: Sequence[Script], directory: Path) -> Script:
    """The one that is called so: by version, file name or name. Raises OperatorError."""
    names = {migration, Path(migration).name} if migration.endswith(".sql") else {migration}
    found = [s for s in scripts if names & {*s.names, s.path.name}]
    if len(found) == 1:
        return found[0]
    if not found:
        raise OperatorError(f"no migration {migration!r} in {directory}: it has {_some(scripts)}")
    which = ", ".join(sorted(s.label or s.path.name for s in found))
    raise OperatorError(f"{migration!r} is the name of {len(found)} migrations: give one of {which}")


def _some(scripts: Sequence[Script]) -> str:
    latest = [s.label or s.path.name for s in scripts[-3:]]
    return f"{len(scripts)}, the last are {', '.join(latest)}" if latest else "none"


def numbered(directory: Path, pattern: re.Pattern[str]) -> list[Script]:
    """Files that begin with a version: pattern groups `version` and `name`; in the order of versions."""
    found = []
    for path, match in matching(directory, pattern):
        version, name = match["version"], match["name"].lstrip("_-")
        stem = path.name.split(".")[0]
        names = tuple({version, str(int(version)), stem, path.stem, name} - {""})
        found.append(Script(version, names, path, (int(version),)))
    return sorted(found, key=lambda s: (*s.order, s.path.name))
