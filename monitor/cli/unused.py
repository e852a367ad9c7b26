"""What of a recording `replay` could not use: said at its end, or a slip looks like a calm night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from monitor.core.samples import ERROR_RATE, Micros, NoData, Reading, judge
from monitor.core.thresholds import Policy

SHOWN = 3
"""Names of one sentence."""

KEPT = 100
"""Different names that are told apart; the file may hold one in each line."""


class Unused:
    """Counts lines while they go by; `sentences` says what none of them was used for."""

    def __init__(self, policy: Policy, begin: Micros) -> None:
        self._begin = begin
        self._known = {threshold.metric for threshold in policy.thresholds}
        self._latest: Micros | None = None
        self._lines = 0
        self._late = 0
        self._strange: Counter[str] = Counter()
        self._unusable: Counter[str] = Counter()
        self._uncountable: Counter[str] = Counter()
        self._counted: Counter[str] = Counter()

    def passing(self, lines: Iterable[tuple[Micros, Reading]]) -> Iterator[tuple[Micros, Reading]]:
        """The same lines."""
        for at, reading in lines:
            self._lines += 1
            if self._latest is None or at >= self._latest:
                self._latest = at
            else:
                self._late += 1
            if reading.metric not in self._known:
                _count(self._strange, reading.metric)
            else:
                self._look(at, reading)
            yield at, reading

    def _look(self, at: Micros, reading: Reading) -> None:
        found = judge(at, reading)
        if isinstance(found, NoData) and reading.value is not None:
            _count(self._unusable, f"{reading.metric} ({found.reason.replace('_', ' ')})")
        if (reading.requests is not None or reading.errors is not None) and found.counts is None:
            _count(self._uncountable, reading.metric)
        elif found.counts is not None and reading.metric != ERROR_RATE:
            _count(self._counted, reading.metric)

    def sentences(self) -> list[str]:
        """`note: …` without the word; [] when every line was one that a decision could stand on."""
        found = []
        if self._strange:
            found.append(
                f"{self._of(self._strange)} of metrics without a threshold: {_names(self._strange)}; "
                f"known are {', '.join(sorted(self._known))}"
            )
        if self._unusable:
            found.append(
                f"{self._of(self._unusable)} with a value that can't be right: {_names(self._unusable)}; "
                "ratios are 0-1, 0.012 for 1.2 %"
            )
        if self._uncountable:
            found.append(
                f"{self._of(self._uncountable)} with counts that can't be right, so without any: "
                f"{_names(self._uncountable)}; 0 <= `errors` <= `requests` <= 1e10, both given"
            )
        if self._latest is not None and self._latest < self._begin:
            found.append("the recording ends before --started-at: none of its lines was read")
        if self._late:
            found.append(f"{self._late} of {self._lines} lines are earlier than one before them: sort them")
        if self._counted:
            found.append(
                f"{self._of(self._counted)} with counts that belong to ratios: {_names(self._counted)}; "
                "its limits then need as many errors as those of a ratio"
            )
        return found

    def _of(self, what: Counter[str]) -> str:
        return f"{what.total()} of {self._lines} lines"


def _count(found: Counter[str], name: str) -> None:
    found[name if name in found or len(found) < KEPT else "others"] += 1


def _names(found: Counter[str]) -> str:
    names = [_shown(name[:60]) for name, _ in found.most_common(SHOWN)]
    return ", ".join([*names, *(["…"] if len(found) > SHOWN else [])])


def _shown(name: str) -> str:
    """A name of the file's may hold what a terminal obeys."""
    return "".join(c if c.isprintable() else "?" for c in name)
