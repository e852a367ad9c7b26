"""The page's own files, read once at the start: scripts, styles, and the chart library with its licence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is served."""

    content: bytes
    content_type: str


def _found() -> Iterator[tuple[str, File]]:
    for entry in files("monitor.web").joinpath("static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in CONTENT_TYPES:
            yield entry.name, File(entry.read_bytes(), CONTENT_TYPES[suffix])


FILES: Mapping[str, File] = MappingProxyType(dict(_found()))
"""By name; nothing else is served."""
