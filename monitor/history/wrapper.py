"""Taking a rendered script out of the transactions it brings along: the rollback is one transaction already.

One BEGIN with its COMMIT around a whole script is left out of any tool's: see sql/script_session.py.
"""

from __future__ import annotations

import re

_QUOTE = re.compile(rb"\$(?:[A-Za-z_]\w*)?\$")
_CONTROL = re.compile(rb"^[ \t]*(?:BEGIN|COMMIT)[ \t]*;[ \t]*\r?$", re.MULTILINE)


def without_transactions(data: bytes) -> bytes:
    """Lines that are only BEGIN or COMMIT become spaces: a rendered script may hold several transactions.

    Lines inside a dollar-quoted body are left alone. Every other byte stays where it was.
    """
    found = bytearray(data)
    for control in _CONTROL.finditer(data):
        if not _inside_body(data, control.start()):
            blank(found, control.start(), control.end())
    return bytes(found)


def blank(text: bytearray, start: int, end: int) -> None:
    """Overwrites with spaces, keeping the ends of lines."""
    text[start:end] = re.sub(rb"[^\r\n]", b" ", bytes(text[start:end]))


def _inside_body(data: bytes, position: int) -> bool:
    opened = b""
    for quote in _QUOTE.finditer(data, 0, position):
        if not opened:
            opened = quote[0]
        elif quote[0] == opened:
            opened = b""
    return bool(opened)
