"""Text for databases whose encoding is not UTF8: LATIN1 has no `…`, jsonb of SQL_ASCII takes no \\u escape.

What we write there is ASCII. In JSON every other character, and each backslash, is a backslash escape of a
string's own (`\\u2026`, six characters), and is read back as it was; in columns of text, for people, signs
have their plain forms. Names are the database's own, and pass as they are. In UTF8 nothing is changed.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitor.pg import Connection

UTF8 = "UTF8"

ANY_BYTES = "SQL_ASCII"
"""Stores whatever is sent; it is sent UTF-8."""

_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)")
_ESCAPED = re.compile(r"\\\\(u[0-9a-f]{4})")

PLAIN = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "→": "->",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
    }
)
"""The signs of our own sentences."""

PYTHON = {"WIN": "cp1251", "ALT": "cp866", "KOI8R": "koi8_r", "KOI8U": "koi8_u"}
"""Names of encodings that Python has under another; WIN1252 is cp1252, LATIN1 is latin1."""


def encoding_of(connection: Connection) -> str:
    """As the server calls it."""
    return str(connection.get_settings().server_encoding)


def dumps(connection: Connection, text: str) -> str:
    """JSON, itself written in ASCII, as this database takes it."""
    return text if encoding_of(connection) == UTF8 else _ESCAPE.sub(_escaped, text)


def loads(connection: Connection, text: str) -> Any:
    """What `dumps` wrote; names that the server put in are as they are."""
    return json.loads(text if encoding_of(connection) == UTF8 else _ESCAPED.sub(r"\\\1", text))


def sentence(connection: Connection, text: str) -> str:
    """For a column of text: a sentence or a name of a person."""
    if encoding_of(connection) == UTF8:
        return text
    return text.translate(PLAIN).encode("ascii", "replace").decode()


def unfit(text: str, encoding: str) -> str:
    """The first character that a database of this encoding has no room for; "" if there is none."""
    if encoding in {UTF8, ANY_BYTES} or text.isascii():
        return ""
    codec = _codec(encoding)
    return next((c for c in dict.fromkeys(text) if not _fits(c, codec)), "")


def _fits(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _codec(encoding: str) -> str:
    name = PYTHON.get(encoding, re.sub("^WIN", "cp", encoding).lower())
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "ascii"


def _escaped(escape: re.Match[str]) -> str:
    """A backslash by itself as an escape too, so that none is taken for one of ours."""
    found = escape[0]
    if found == "\\\\":
        return r"\\u005c"
    return rf"\{found}" if found[1] == "u" and int(found[2:], 16) > 0x7F else found
