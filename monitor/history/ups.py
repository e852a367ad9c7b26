"""The up side of a migration, for a rehearsal: the part of a file before its down section, or a file beside.

Nothing of it is ever executed on a target, so a guess that is wrong fails a rehearsal and harms nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from monitor.errors import PlanRefused
from monitor.history.files import read

DOWN = re.compile(
    rb"^(?:--[ \t]*migrate:down\b|--[ \t]*\+goose[ \t]+down\b|--[ \t]*\+migrate[ \t]+down\b"
    rb"|---- create above / drop below ----|[ \t]*--[\s-]*down[ \t]+migration\b)",
    re.MULTILINE | re.IGNORECASE,
)
"""The line where the down section begins: dbmate, goose, sql-migrate, tern, node-pg-migrate."""

BESIDE = (
    (re.compile(r"(.+)\.down\.sql"), (r"\1.up.sql", r"\1.sql")),
    (re.compile(r"(.+)\.rollback\.sql"), (r"\1.sql",)),
    (re.compile(r"U(\d.*__.*\.sql)"), (r"V\1",)),
    (re.compile(r"down\.sql"), ("up.sql",)),
)
"""Name of a file that goes back -> names that the file which went there may have."""


def up_part(sql: bytes) -> bytes:
    """Without the down section, if the file has one."""
    marker = DOWN.search(sql)
    return sql[: marker.start()] if marker else sql


def up_of(file: str) -> bytes | None:
    """The up side of the file that a rollback was read from; None when it can't be determined."""
    if not file:
        return None
    path = Path(file)
    for candidate in _candidates(path):
        if candidate.is_file():
            return _read(candidate)
    data = _read(path)
    return up_part(data) if data is not None and DOWN.search(data) else None


def _candidates(path: Path) -> list[Path]:
    if path.parent.name == "revert":  # sqitch
        return [path.parent.parent / "deploy" / path.name]
    for pattern, names in BESIDE:
        if (found := pattern.fullmatch(path.name)) is not None:
            return [path.with_name(found.expand(name)) for name in names]
    return []


def _read(path: Path) -> bytes | None:
    try:
        return read(path)
    except PlanRefused:
        return None
