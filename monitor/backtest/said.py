"""The answer on a terminal or in a pipe: lines of at most 80 columns, or as many as there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from monitor.backtest import words
from monitor.backtest.words import Doc
from monitor.present.times import span

NARROWEST = 60
LEAST_CELL = 12


def lines(doc: Doc, width: int) -> Iterator[str]:
    """All of it. No line is longer than `width`, but for cells that can't be shortened."""
    width = max(width, NARROWEST)
    yield from _paragraph(f"{words.title(doc)}: {words.about(doc)}", width)
    for line in words.metric_lines(doc):
        yield from _paragraph(line, width, "  ")
    yield ""
    yield from _paragraph(words.headline(doc)[0].upper(), width)
    for line in words.odds(doc):
        yield from _paragraph(line, width)
    yield from _rollbacks(doc, width)
    yield from _outcomes(doc, width)
    yield from _list("People would have been told of:", words.tellings(doc), width)
    yield from _list("What was normal before, and the limit in effect:", words.baseline_lines(doc), width)
    for metric in doc["limits"]:
        yield from _variants(doc, metric, width)
    yield from _list("Notes:", doc["notes"], width)


def _paragraph(text: str, width: int, indent: str = "") -> Iterator[str]:
    yield from wrap(text, width, initial_indent=indent, subsequent_indent=f"{indent}  " if indent else "")


def _list(heading: str, items: Iterator[str] | Sequence[str], width: int) -> Iterator[str]:
    found = list(items)
    if found:
        yield ""
        yield heading
    for item in found:
        yield from _paragraph(item, width, "  ")


def _rollbacks(doc: Doc, width: int) -> Iterator[str]:
    rows = [words.rollback_cells(doc, r) for r in doc["rollbacks"]]
    if not rows:
        return
    yield ""
    yield from _table(("rollback (UTC)", "lasted", "on", "watches"), rows[: words.FEW], width)
    if len(rows) > words.FEW:
        yield f"  … and {len(rows) - words.FEW:,} more: --json has them"


def _outcomes(doc: Doc, width: int) -> Iterator[str]:
    judged = doc["watches"]["judged"]
    if not judged:
        return
    rows = [(said, f"{n:,}", words.share(n, judged)) for said, n, _ in words.outcomes(doc)]
    yield ""
    every = span(doc["watches"]["every_seconds"])
    heading = f"How watches would have ended, one begun every {every}"
    yield from _paragraph(f"{heading} ({judged:,} could be followed to their end):", width)
    yield from _table(("", "watches", "share"), rows, width, right={1, 2})
    yield from _list("What held success up:", words.held_up(doc), width)


def _variants(doc: Doc, metric: str, width: int) -> Iterator[str]:
    heads, rows = words.variant_rows(doc, metric)
    yield ""
    yield from _paragraph(
        f"Rollbacks by {metric} with other limits, and the first of each (limits as written, no baseline; "
        "in brackets: this policy):", width,
    )  # fmt: skip
    yield from _table(("", *heads), rows, width)


def _table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    right: frozenset[int] | set[int] = frozenset(),
) -> Iterator[str]:
    """As wide as its cells; where that is too wide, the widest column's cells have several lines."""
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    widest = widths.index(max(widths))
    over = 2 * len(widths) + sum(widths) - width
    widths[widest] = max(widths[widest] - max(over, 0), LEAST_CELL)
    for row in (heads, *rows):
        cells = [wrap(cell, widths[n]) or [""] if n == widest else [cell] for n, cell in enumerate(row)]
        for line in zip_longest(*cells, fillvalue=""):
            placed = (
                c.rjust(w) if n in right else c.ljust(w)
                for n, (c, w) in enumerate(zip(line, widths, strict=True))
            )
            yield f"  {'  '.join(placed)}".rstrip()
