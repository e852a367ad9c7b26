"""Series selectors as in PromQL: `name{label="v", status=~"5.."}`.

Parsed once, at construction; a mistake is an OperatorError that says what was expected. A name may begin
with `*`, for applications that put their own before a library's: `*_requests_total`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.errors import OperatorError

_NAME = re.compile(r"\s*(\*?[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{.*\})?\s*", re.DOTALL)
_MATCHER = re.compile(
    r"""\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*"""
)
_PROMQL = re.compile(r"[\w\s]\(|\[\d+[smhd]|\s[-+*/]\s")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is absent has the value ""."""

    label: str
    operator: str
    pattern: re.Pattern[str]

    def holds(self, labels: Mapping[str, str]) -> bool:
        found = self.pattern.fullmatch(labels.get(self.label, "")) is not None
        return found == self.operator.startswith("=")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric name and conditions on its labels."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def names(self, name: str) -> bool:
        """Whether it is about series of this name."""
        return name.endswith(self.name[1:]) if self.name.startswith("*") else name == self.name

    def holds(self, name: str, labels: Mapping[str, str]) -> bool:
        return self.names(name) and all(m.holds(labels) for m in self.matchers)

    def covers(self, other: Selector) -> bool:
        """Whether everything that `other` selects is selected, as far as the texts say it."""
        return self.name == other.name and set(self.matchers) <= set(other.matchers)


def contradiction(errors: Sequence[Selector], requests: Sequence[Selector]) -> str:
    """Why one of the errors can be none of the requests of its name, as both are written; "" where it can.

    Where the requests say `job="shop"` themselves, their errors can't be of another job: with a slip of the
    pen none is ever counted, and beside `outcome="success"` an outage has more errors than requests.
    """
    for wanted in errors:
        apart = [_another(wanted, r) for r in requests if r.name == wanted.name]
        if apart and all(apart):
            why = "what fails is a part of the requests: select both alike"
            return f"selects another {apart[0]} than `requests`, but {why}"
    return ""


def _another(wanted: Selector, requests: Selector) -> str:
    """The label that has one value in the requests, for which `wanted` does not hold; or ""."""
    for own in (m for m in requests.matchers if m.operator == "="):
        value = _ESCAPE.sub(r"\1", own.pattern.pattern)
        if any(m.label == own.label and not m.holds({m.label: value}) for m in wanted.matchers):
            return own.label
    return ""


def is_presence(matcher: Matcher) -> bool:
    """`error_type!=""`: only what failed has the label, so that its absence says nothing."""
    return (matcher.operator, matcher.pattern.pattern) in {("!=", ""), ("!~", ""), ("=~", ".+")}


def selector(text: str) -> Selector:
    """The selector of a text. Raises OperatorError."""
    found = _NAME.fullmatch(text)
    if found is None:
        how = 'write NAME or NAME{label="value"}'
        if _PROMQL.search(text):
            how = "it is PromQL, which only a Prometheus server answers: `promql: {url: …, query: …}`"
        raise OperatorError(f"{text!r} is not a series selector: {how}")
    inside = found[2][1:-1] if found[2] else ""
    return Selector(found[1], tuple(_matchers(text, inside)))


def _matchers(text: str, inside: str) -> list[Matcher]:
    found: list[Matcher] = []
    position = 0
    while inside[position:].strip():
        match = _MATCHER.match(inside, position)
        if match is None:
            raise OperatorError(f'{text!r}: conditions are written label="value", with =, !=, =~ or !~')
        found.append(Matcher(match[1], match[2], _pattern(text, match[2], unescape(match[3][1:-1]))))
        position = match.end()
        if inside[position : position + 1] == ",":
            position += 1
        elif inside[position:].strip():
            raise OperatorError(f"{text!r}: a comma is missing between two conditions")
    return found


def _pattern(text: str, operator: str, value: str) -> re.Pattern[str]:
    try:
        return re.compile(value if operator.endswith("~") else re.escape(value), re.DOTALL)
    except (re.error, OverflowError, RecursionError) as e:
        raise OperatorError(f"{text!r}: the regular expression can't be compiled: {e}") from e


def unescape(text: str) -> str:
    r"""Label values: `\\`, `\"` and `\n`; the backslash of anything else stays."""
    return _ESCAPE.sub(lambda m: {"n": "\n", "\\": "\\", '"': '"', "'": "'"}.get(m[1], m[0]), text)
