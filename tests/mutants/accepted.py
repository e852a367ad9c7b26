"""The survivors that may be, from `accepted.toml`: each with the reason why no test should kill it."""

from __future__ import annotations

import tomllib
from pathlib import Path

Key = tuple[str, str, str, str]
"""Module, function, the line before and after."""


def accepted() -> dict[Key, str]:
    listed = tomllib.loads((Path(__file__).parent / "accepted.toml").read_text())["mutant"]
    return {(m["module"], m["function"], m["before"], m["after"]): m["why"] for m in listed}
