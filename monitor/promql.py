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

_TEXT = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`"
_NUMBER = re.compile(rf"({_TEXT})|(?<![\w:])[0-9][\w.]*")
_RANGE = re.compile(rf"({_TEXT})|\[[^\]]*\]")

_OF_LABELS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = _OF_LABELS | {
    "and", "or", "unless", "atan2", "bool", "offset", "inf", "nan",
    "default", "if", "ifnot", "limit", "keep_metric_names",
}  # fmt: skip
"""Words of the language that are no names; the last line is VictoriaMetrics'."""

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


def series_in(text: str) -> list[tuple[str, str]]:
    """Every name of a series in an expression with its conditions in braces, each pair once."""
    tokens = _tokens(_RANGE.sub(_kept, _NUMBER.sub(_kept, text)))
    found: dict[tuple[str, str], None] = {}
    inside = 0  # of a list of labels
    for n, (kind, said) in enumerate(tokens):
        follows = tokens[n + 1] if n + 1 < len(tokens) else ("", "")
        if said == "(" and n and tokens[n - 1][1].lower() in _OF_LABELS:
            inside = 1
        elif said == ")":
            inside = 0
        elif kind == "word" and not inside and not _is_word(said, follows[1]):
            found[said, follows[1] if follows[0] == "braces" else ""] = None
    return list(found)


def not_series(text: str) -> str:
    """What is wrong with a text that is not the series themselves, with the form to use."""
    inside = _SUM.fullmatch(text)
    found = inside[1].strip() if inside is not None and is_series(inside[1]) else ""
    use = f"write `{found}`" if found else f"name the counter with its labels, as {AS}"
    return (
        f"`{text}` is computed from counters: a process that restarts or is not scraped once would look like "
        f"errors, or hide them; {use}, what each series grew by is added up here"
    )


def _is_word(said: str, follows: str) -> bool:
    """Of the language: a function, an aggregation, an operator."""
    return follows == "(" or follows.lower() in {"by", "without"} or said.lower() in _WORDS


def _kept(found: re.Match[str]) -> str:
    """Texts stay; a number or a range goes."""
    return found[1] or " "


def _tokens(text: str) -> list[tuple[str, str]]:
    found = ((m.lastgroup or "", m[m.lastgroup or 0].strip()) for m in _TOKEN.finditer(text))
    return [(kind, said) for kind, said in found if kind]
