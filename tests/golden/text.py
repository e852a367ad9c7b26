"""Values as text that a person can compare: stable order, one line where it fits, no moment of today."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

WIDTH = 150

MOVING = (
    (
        re.compile(r"\bw-[0-9a-f]{8,}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        "<id>",
    ),
    (re.compile(r"\bpostgresql://[^\s\"']+"), "<dsn>"),
    (re.compile(r"127\.0\.0\.1:\d{2,5}"), "127.0.0.1:<port>"),
)
"""What is another at each run, by its form."""


def plain(value: object) -> Any:
    """As JSON has it: dataclasses by their fields, sets in order, what is only a mark by its name."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return round(value, 6)
        case Mapping():
            return {k if isinstance(k, str) else repr(k): plain(v) for k, v in value.items()}
        case Set():
            return sorted((plain(v) for v in value), key=repr)
        case Sequence():
            return [plain(v) for v in value]
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    return repr(value)


def filled(value: object) -> Any:
    """Without what is empty: keys of mappings whose value is nothing, at every level."""
    match value:
        case Mapping():
            return {k: filled(v) for k, v in value.items() if v not in (None, "", [], {}, False)}
        case list():
            return [filled(v) for v in value]
    return value


def dumped(value: object, width: int = WIDTH) -> str:
    """JSON in sorted order; what fits on a line stands on one."""
    return _lines(plain(value), "", 0, width) + "\n"


def _lines(value: Any, margin: str, taken: int, width: int) -> str:
    """`taken`: characters of the line that stand before the value."""
    short = json.dumps(value, ensure_ascii=False, sort_keys=True)
    if taken + len(short) <= width or not isinstance(value, dict | list) or not value:
        return short
    deeper = margin + " "
    if isinstance(value, dict):
        keys = {json.dumps(k, ensure_ascii=False): v for k, v in sorted(value.items())}
        inner = [
            f"{deeper}{k}: {_lines(v, deeper, len(deeper) + len(k) + 3, width)}" for k, v in keys.items()
        ]
        return "{\n" + ",\n".join(inner) + f"\n{margin}}}"
    inner = [f"{deeper}{_lines(v, deeper, len(deeper) + 1, width)}" for v in value]
    return "[\n" + ",\n".join(inner) + f"\n{margin}]"


def settled(text: str, *further: tuple[str, str]) -> str:
    """With what is another at each run replaced; `further`: exact words and what stands for them."""
    for was, shown in further:
        text = text.replace(was, shown)
    for form, shown in MOVING:
        text = form.sub(shown, text)
    return text


def changed(was: Any, now: Any, path: str = "") -> list[str]:
    """How one JSON value became another, a line for each place; [] when they are the same."""
    if isinstance(was, dict) and isinstance(now, dict):
        found = []
        for key in sorted({*was, *now}):
            found += changed(was.get(key, GONE), now.get(key, GONE), f"{path}/{key}")
        return found
    return [] if was is now or plain(was) == plain(now) else [f"{path}: {_shown(was)} -> {_shown(now)}"]


class _Gone:
    def __repr__(self) -> str:
        return "nothing"


GONE = _Gone()


def _shown(value: object) -> str:
    return (
        repr(value) if value is GONE else json.dumps(filled(plain(value)), ensure_ascii=False, sort_keys=True)
    )
