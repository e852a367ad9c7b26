"""The files of `kept/`: reading, comparing, writing. What differs is shown short, and how to renew it."""

from __future__ import annotations

import difflib
from pathlib import Path

KEPT = Path(__file__).parent / "kept"

SHOWN = 40
"""Lines of a difference that are shown; the rest is counted."""

RENEW = "python -m tests.golden --write"


def difference(name: str, now: str) -> str:
    """ "" when the file says the same."""
    path = KEPT / name
    was = path.read_text(encoding="utf-8") if path.exists() else ""
    if was == now:
        return ""
    lines = list(
        difflib.unified_diff(was.splitlines(), now.splitlines(), f"kept/{name}", "now", n=1, lineterm="")
    )
    more = f"\n… and {len(lines) - SHOWN} lines more" if len(lines) > SHOWN else ""
    shown = "\n".join(line[:300] for line in lines[:SHOWN])
    return f"{shown}{more}\nif this is what is wanted: {RENEW} {name}"


def write(name: str, now: str) -> bool:
    """Whether the file is another now."""
    path = KEPT / name
    if path.exists() and path.read_text(encoding="utf-8") == now:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(now, encoding="utf-8")
    return True
