"""`python -m tests.golden.unsaid [FOLDER…]` lists the sentences of the code that no file of `kept/` says.

A sentence is a text of the source with a blank in it that is no docstring and no SQL; of an f-string its
longest piece stands for it. Whoever moves or rewords one of these has no golden file that notices.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.golden.kept import KEPT

PACKAGE = Path(__file__).parents[2] / "monitor"

SCHEMA = PACKAGE.parent / "config" / "schema.json"
"""Compared with the code by a test of its own."""

LEAST = 12
"""Characters of a piece that can be found again."""

SQL = (
    "SELECT ",
    "pg_catalog",
    "INSERT INTO",
    "UPDATE ",
    "CREATE ",
    "LOCK TABLE",
    "ALTER ",
    "DELETE FROM",
    "WHERE ",
)

ASIDE = ("demo", "store/schema", "web/static", "settings/reference")
"""What speaks to nobody who watches a migration, or has its own copy."""


def main() -> None:
    said = _said()
    total = missing = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE))
        if name.startswith(ASIDE) or (sys.argv[1:] and not name.startswith(tuple(sys.argv[1:]))):
            continue
        for line, piece in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
            total += 1
            if " ".join(piece.split()) not in said:
                missing += 1
                print(f"{name}:{line}: {' '.join(piece.split())}")
    print(f"{total - missing} of {total} sentences are said by the files of kept/", file=sys.stderr)


def _said() -> str:
    """Everything that is kept, as it was before it became JSON, its blanks as one."""
    texts = [path.read_text(encoding="utf-8") for path in (*KEPT.rglob("*.*"), SCHEMA)]
    texts += [text.replace(">\n<", "><") for text in texts]
    unescaped = [text.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\") for text in texts]
    framed = [text.replace("│", " ").replace("  | ", " ").replace("  ! ", " ") for text in texts]
    html = [
        t.replace("&#x27;", "'").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
        for t in texts
    ]
    return " ".join(" ".join([*texts, *unescaped, *framed, *html]).split())


def _sentences(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts and the longest pieces of f-strings, with their lines."""
    spoken = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}  # docstrings
    pieces = {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts = [v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str)]
            text = max(texts, key=len, default="")
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in {*spoken, *pieces}
        ):
            text = node.value
        else:
            continue
        text = max(re.split(r"\{[^{}]*\}", text), key=len)
        if _is_sentence(text):
            yield node.lineno, json.loads(json.dumps(text.strip()))


def _is_sentence(text: str) -> bool:
    return len(text.strip()) >= LEAST and " " in text.strip() and not any(word in text for word in SQL)


if __name__ == "__main__":
    main()
