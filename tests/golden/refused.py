"""What is said of a text or a configuration that can't be taken: each sentence with place and line."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.core.thresholds import Policy
from monitor.errors import ConfigError, PlanRefused
from monitor.settings import doubts, load
from monitor.sql import scripts
from tests.golden.corpus import SCRIPTS
from tests.golden.text import changed, dumped, filled, plain

LARGE = {
    "a MiB of blanks": b"SELECT 1;" + b" " * (1 << 20),
    "nothing": b"",
}
"""Too long to be written down."""

ENVIRONMENT = {"SECRET": "postgresql://db/secret", "SHOP_DSN": "postgresql://db/shop"}


async def texts() -> str:
    """Texts that need no database: what is read of each, or why it is refused."""
    lines = (SCRIPTS / "texts.txt").read_text(encoding="utf-8").splitlines()
    given = {line: ast.literal_eval(line) for line in lines if not line.startswith("#")} | LARGE
    return dumped({name: await _read(sql) for name, sql in given.items()})


async def _read(sql: bytes) -> Any:
    try:
        found = await scripts.script(sql)
    except PlanRefused as e:
        return [[p.line, p.what] for p in e.problems]
    statements = [scripts.to_json(s) for s in found.statements]
    return filled(plain({"text": found.text.encode() != sql and found.text, "notices": found.notices,
                         "statements": [{**s, "sha256": ""} for s in statements]}))  # fmt: skip


def configs() -> str:
    """Configurations: the problems of each, or what is watched by it."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "monitor.yaml")
        for text in _configs():
            path.write_text(text, encoding="utf-8")
            found[text] = _loaded(path)
    return "".join(f"{_shown(text)}\n=> {dumped(said)}\n" for text, said in found.items())


def _configs() -> Iterator[str]:
    base, *pieces = (SCRIPTS / "configs.txt").read_text(encoding="utf-8").split("\n# @")[1:]
    base = base.removeprefix("base\n")
    yield base
    for piece in pieces:
        what, _, text = piece.partition("\n")
        yield text if what == "whole" else f"{base}{text}"


def _shown(text: str) -> str:
    base = next(_configs())
    return f"… {text.removeprefix(base)}".strip() if text.startswith(base) else text.strip()


def _loaded(path: Path) -> Any:
    try:
        settings = load(path, ENVIRONMENT)
    except ConfigError as e:
        return [[p.where, p.line, p.what] for p in e.problems]
    policies = {name: _other_than_documented(settings.policy(name)) for name in settings.targets}
    return filled(plain({"doubts": doubts(settings), "watched": policies}))


def _other_than_documented(policy: Policy) -> list[str]:
    documented, own = ({**plain(p), "rules": 0, "places": 0} for p in (Policy(), policy))
    return changed(documented, own)
