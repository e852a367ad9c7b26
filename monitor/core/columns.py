"""Whole numbers that mostly go up in steps, in short JSON: each as its difference from the one before.

Equal differences that follow each other are `[difference, times]`: 5, 6, 7, 9 is `[5, [1, 2], 2]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, repeat
from operator import sub

Column = list[int | list[int]]


def packed(values: Sequence[int]) -> Column:
    """The first is the difference from 0."""
    runs: list[list[int]] = []
    for step in map(sub, values, chain((0,), values)):
        if runs and runs[-1][0] == step:
            runs[-1][1] += 1
        else:
            runs.append([step, 1])
    return [step if times == 1 else [step, times] for step, times in runs]


def unpacked(column: Iterable[int | Sequence[int]]) -> list[int]:
    """The values that `packed` was given."""
    steps = (repeat(*step) if isinstance(step, Sequence) else (step,) for step in column)
    return list(accumulate(chain.from_iterable(steps)))
