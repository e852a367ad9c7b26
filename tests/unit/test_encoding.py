"""JSON for databases that are not UTF8 is ASCII without a \\u escape that they would read, and comes back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import encoding
from monitor.store.session import to_json


@dataclass
class Settings:
    """As asyncpg tells what the server reported."""

    server_encoding: str


@dataclass
class Session:
    """A connection of which only the encoding is asked."""

    name: str

    def get_settings(self) -> Settings:
        return Settings(self.name)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(VALUES)
def test_what_is_written_comes_back_as_it_was(value: Any) -> None:
    """Whatever backslashes, escapes and signs it holds; and the server sees neither."""
    session: Any = Session("LATIN1")
    stored = encoding.dumps(session, to_json(value))
    assert stored.isascii()
    assert not [e for e in re.findall(r"(?<!\\)(?:\\\\)*\\u([0-9a-f]{4})", stored) if int(e, 16) > 0x7F]
    assert encoding.loads(session, json.dumps(json.loads(stored), ensure_ascii=False)) == value


def test_a_utf8_database_gets_what_it_always_got() -> None:
    """Byte for byte."""
    session: Any = Session("UTF8")
    text = to_json({"a": "… \\u2026"})
    assert encoding.dumps(session, text) == text
    assert encoding.loads(session, text) == {"a": "… \\u2026"}
    assert encoding.sentence(session, "a … b") == "a … b"


@pytest.mark.parametrize(
    ("name", "text", "unfit"),
    [
        ("LATIN1", "é", ""), ("LATIN1", "é …", "…"), ("WIN1252", "…€", ""), ("WIN1252", "→", "→"),
        ("UTF8", "→", ""), ("SQL_ASCII", "→", ""), ("EUC_JP", "日", ""), ("KOI8R", "я", ""),
        ("LATIN9", "€", ""), ("ISO_8859_5", "я", ""), ("MULE_INTERNAL", "é", "é"),
    ],
)  # fmt: skip
def test_what_an_encoding_has_no_room_for_is_known(name: str, text: str, unfit: str) -> None:
    """Of one that Python does not know only ASCII is."""
    assert encoding.unfit(text, name) == unfit
