"""Where the words of a chart's moments stand: above the plot, left of their lines, none on another.

A label is in the lowest row in which it lies on no other label and no line of another passes through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER = 6.2
"""Width of one in the chart's units, at its 11 px: rather more than less."""

GAP = 4.0
ROWS = 4
"""More moments so close to each other have lines without words."""


@dataclass(frozen=True, slots=True)
class Label:
    """`right`: where the word ends; its line is at `x` and reaches up to its row (0: next to the plot)."""

    x: float
    right: float
    row: int
    word: str

    @property
    def left(self) -> float:
        return self.right - CHARACTER * len(self.word)


def placed(marks: Sequence[tuple[float, str]], edge: float = 0.0) -> list[Label]:
    """`marks`: x and word. A word repeated so soon that it would lie on itself is said once."""
    found: list[Label] = []
    for x, word in sorted(marks):
        width = CHARACTER * len(word)
        right = max(x - GAP, edge + width)
        left = right - width - GAP
        near = [label for label in found if label.word and max(label.x, label.right) > left]
        row = 1 + max((label.row for label in near), default=-1)
        said = any(label.word == word for label in near)
        found.append(Label(x, right, 0, "") if said or row >= ROWS else Label(x, right, row, word))
    return found
