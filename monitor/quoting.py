"""Names and strings as SQL writes them. Pure code, for those who write SQL and connect to nothing, too."""

from __future__ import annotations


def quote_identifier(name: str) -> str:
    """A name as an SQL identifier, always quoted."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """A string constant that means the same whatever standard_conforming_strings says."""
    body = text.replace("'", "''")
    return f" E'{body.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{body}'"
