"""Taking a script out of the transaction it brings along: the rollback is one transaction already.

Only a first BEGIN with its last COMMIT is a wrapper; other transaction control stays, to be refused.
"""

from __future__ import annotations

import re

from monitor.history.tool import Section, Unusable

_COMMENT = rb"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
_SPACE = rb"(?:\s|--[^\n]*(?:\n|\Z)|" + _COMMENT + rb")*"  # each text is read in one way only
_BEGIN = re.compile(
    _SPACE + rb"(?:BEGIN(?:\s+(?:WORK|TRANSACTION))?|START\s+TRANSACTION)\s*;", re.IGNORECASE | re.DOTALL
)
_COMMIT = re.compile(
    rb"(?:\A|(?<=[\s;]))(?:COMMIT|END)(?:\s+(?:WORK|TRANSACTION))?\s*;" + _SPACE + rb"\Z",
    re.IGNORECASE | re.DOTALL,
)
_QUOTE = re.compile(rb"\$(?:[A-Za-z_]\w*)?\$")
_CONTROL = re.compile(rb"^[ \t]*(?:BEGIN|COMMIT)[ \t]*;[ \t]*\r?$", re.MULTILINE)


def unwrapped(data: bytes) -> Section:
    """The slice between a leading BEGIN and the last COMMIT; all of it when there is no such pair."""
    begin = _BEGIN.match(data)
    commit = _last_commit(data, begin.end()) if begin else None
    if begin is None or commit is None:
        return Section(data)
    found = data[begin.end() : commit]
    if not re.sub(_SPACE, b"", found, flags=re.DOTALL):
        raise Unusable("the script holds nothing between BEGIN and COMMIT")
    return Section(found, (data.count(b"\n", 0, begin.end()) + 1,))


def _last_commit(data: bytes, start: int) -> int | None:
    """Where the COMMIT begins that only space and comments follow."""
    found = None
    for keyword in re.finditer(rb"\b(?:COMMIT|END)\b", data[start:], re.IGNORECASE):
        if _COMMIT.match(data, start + keyword.start()):
            found = start + keyword.start()
    return found


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
