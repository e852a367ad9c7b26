"""Pieces of the page: moments, amounts, tables. Everything that is text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from monitor.core.samples import SECOND
from monitor.units import show_duration


def text(value: object) -> str:
    """As HTML."""
    return escape(str(value))


def moment(seconds: object) -> str:
    """`2024-01-31 12:00:00`, UTC; a dash for none."""
    if not isinstance(seconds, int | float):
        return "–"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


SHORT = 10
"""Seconds below which the parts of one are told."""


def span(seconds: object) -> str:
    """`4m10s`, `0.35s`; a dash for none."""
    if not isinstance(seconds, int | float):
        return "–"
    exact = round(seconds, 3)
    return f"{exact:.3g}s" if exact < SHORT else show_duration(round(seconds) * SECOND)


def sentence_of(words: str) -> str:
    """A fragment as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def share(part: float) -> str:
    return f"{part * 100:.2f} %"


def table(headings: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Headings with the class of their column (`n` number, `t` moment, `w` long text); cells are HTML."""
    head = "".join(f'<th scope="col" class="{style}">{text(word)}</th>' for word, style in headings)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="{s}">{c}</td>' for c, (_, s) in zip(row, headings, strict=True))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def section(title: str, *body: str) -> str:
    """A heading and what stands under it."""
    return f"<section><h2>{text(title)}</h2>{''.join(body)}</section>"


def note(words: str, style: str = "dim") -> str:
    return f'<p class="{style}">{text(words)}</p>'


def folded(summary: str, body: str) -> str:
    return f"<details><summary>{text(summary)}</summary>{body}</details>"
