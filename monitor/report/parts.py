"""Pieces of the page: moments, amounts, tables. Everything that is text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from monitor.present import times


def text(value: object) -> str:
    """As HTML."""
    return escape(str(value))


def moment(seconds: object) -> str:
    """`2024-01-31 12:00:00`, UTC; a dash for none."""
    return times.at_second(seconds) if isinstance(seconds, int | float) else times.NONE


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
