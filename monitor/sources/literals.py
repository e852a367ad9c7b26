"""The text of a statement as people may see it: without values and comments.

pg_stat_statements replaces constants by $1, but not in utility statements, in comments, nor in entries
that were evicted while they ran. So every text goes through here, and what is in doubt is its command alone.
"""

from __future__ import annotations

import re

LONGEST = 160
"""Characters of a shown statement."""

NORMALISED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"})
"""Commands whose constants the server replaces; of every other only the command is shown."""

_TOKENS = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<name>\"(?:[^\"]|\"\")*\")"
    r"|(?P<quoted>[eE]?'(?:[^'\\]|'')*'|(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag))"
    r"|(?P<parameter>\$\d+)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<number>\d[\w.]*|\.\d[\w.]*)"
    r"|(?P<space>\s+)"
    r"|(?P<doubt>['\"\\]|/\*|\$)"
    r"|(?P<other>.)",
    re.S,
)

_KEPT = frozenset({"name", "parameter", "word", "other"})


def shown(statement: str) -> str:
    """One line without values; of a utility statement, and of what can't be read, the command alone."""
    pieces: list[str] = []
    command = ""
    for token in _TOKENS.finditer(statement):
        kind, text = token.lastgroup or "", token.group()
        kind = "quoted" if kind == "tag" else kind
        if not command and kind == "word":
            command = text.upper()
            if command not in NORMALISED:
                return f"{command} …"
        if kind == "doubt":
            return f"{command or 'a statement'} …"
        pieces.append(text if kind in _KEPT else "?" if kind in {"quoted", "number"} else " ")
    line = "".join(c if c.isprintable() else " " for c in " ".join("".join(pieces).split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
