"""Whether a PromQL text names series themselves, as counters must be given, or computes something.

A sum of counters can't be compared with the one before: a process that restarts, or that was not scraped
once, makes it fall and rise by that process's whole past. Read from the text alone; nothing is asked.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\s*)*(?:
      (?P<braces>\{(?:[^{}"'`]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\})
    | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    | (?P<other>\S)
    | $)""",
    re.VERBOSE | re.DOTALL,
)

_SUM = re.compile(
    r"\s*\w+\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\((.*?)\)\s*(?:(?:by|without)\s*\([^()]*\)\s*)?", re.DOTALL
)

AS = "errors: 'http_requests_total{status=~\"5..\"}'"


def is_series(text: str) -> bool:
    """Whether it is `NAME`, `NAME{...}` or `{...}`, or several of them with `or` between."""
    depth, wanted = 0, True
    tokens = _tokens(text)
    for n, (kind, said) in enumerate(tokens):
        follows = tokens[n + 1] if n + 1 < len(tokens) else ("", "")
        if wanted and said == "(":
            depth += 1
        elif wanted and kind == "word" and follows[1] != "(":
            wanted = follows[0] == "braces"
        elif wanted and kind == "braces":
            wanted = False
        elif not wanted and said == ")" and depth:
            depth -= 1
        elif not wanted and kind == "word" and said.lower() == "or":
            wanted = True
        else:
            return False
    return not wanted and not depth


def name_of(text: str) -> str:
    """The name of the first series; "" when it has none."""
    return next((said for kind, said in _tokens(text) if kind == "word"), "")


def not_series(text: str) -> str:
    """What is wrong with a text that is not the series themselves, with the form to use."""
    inside = _SUM.fullmatch(text)
    found = inside[1].strip() if inside is not None and is_series(inside[1]) else ""
    use = f"write `{found}`" if found else f"name the counter with its labels, as {AS}"
    return (
        f"`{text}` is computed from counters: a process that restarts or is not scraped once would look like "
        f"errors, or hide them; {use}, what each series grew by is added up here"
    )


def _tokens(text: str) -> list[tuple[str, str]]:
    found = ((m.lastgroup or "", m[m.lastgroup or 0].strip()) for m in _TOKEN.finditer(text))
    return [(kind, said) for kind, said in found if kind]
