"""How long the copy and the scans will hold the lock, estimated from the catalogue's sizes, and how long the
way to the database and back. Pure code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.plan.forecast.schema_after import Destroyed, Forecast
from monitor.schema.sizes import Size

BYTES_PER_SECOND = 40e6
"""Of CREATE TABLE AS: an assumption for a small cloud volume, low on purpose."""

ROWS_PER_SECOND = 500e3
"""Narrow rows are bound by their number, not by their bytes: an assumption too."""

TRUST = 4.0
"""A measurement makes a copy at most so many times faster than assumed: it may have come from memory."""

KEEPING = 0.007
"""Seconds for each copy, however small: its definition, CREATE TABLE AS, the manifest, and the statement that
follows; of a column 3 to 7 ms were measured, of a table up to 11."""


PART = 0.0003
"""Seconds for each statement and partition: 0.03 to 0.29 ms were measured with 1,000 of them."""


def seconds(
    salvaged: Sequence[Destroyed],
    forecast: Forecast,
    sizes: Iterable[Size],
    measured: Mapping[str, float],
) -> float:
    """Of all copies and scans, one after another; an unanalysed table counts by its bytes, a copy by itself.

    `measured`: rows per second by the loss's name. Slower than assumed counts in full, faster up to TRUST.
    """
    by_label = {s.label: s for s in sizes}
    copies = [_copy(by_label[d.label], measured.get(d.name)) for d in salvaged if d.label in by_label]
    scans = [_assumed(by_label[label]) for _, label in forecast.scanned if label in by_label]
    parts = [n * by_label[label].parts for label, n in forecast.worked_on.items() if label in by_label]
    return KEEPING * len(salvaged) + sum(copies) + sum(scans) + PART * sum(parts)


LEAST_SHOWN = 0.1
"""Seconds; an estimate below is no more exact than that."""

TOLD_FROM = 0.005
"""Seconds of a round trip from which on the network is worth a word."""


@dataclass(frozen=True, slots=True)
class Network:
    """What the way to the database adds to the time under the lock. `round_trip`: seconds."""

    trips: int
    round_trip: float

    @property
    def seconds(self) -> float:
        return self.trips * self.round_trip

    def lock_time(self, work: float) -> str:
        """`estimated lock time 1.2 s`, and what the network adds to that. `work`: seconds of the rest."""
        total = work + self.seconds
        shown = f"{total:.1f} s" if total >= LEAST_SHOWN else f"< {LEAST_SHOWN} s"
        return f"estimated lock time {shown}{self.told()}"

    def told(self) -> str:
        if self.round_trip < TOLD_FROM or not self.trips:
            return ""
        return f", {self.seconds:.1f} s of it for {self.trips} round trips of {self.round_trip * 1000:.0f} ms"

    def too_long(self, work: float, max_locked: float) -> str:
        """The sentence for more than may be, with the remedy; else "". `work`: seconds of the rest."""
        total = work + self.seconds
        if total <= max_locked:
            return ""
        if self.seconds > work:
            return (
                f"the lock would be held for about {total:.1f} s, more than max_locked {max_locked:g} s"
                f"{self.told()}: run the daemon nearer to the database, or raise max_locked"
            )
        return (
            f"copying and scanning is estimated to hold the lock for {total:.1f} s{self.told()}, more than "
            f"max_locked {max_locked:g} s: use --data-loss quarantine, name it with --accept-loss, or raise "
            "max_locked"
        )


def _copy(relation: Size, rate: float | None) -> float:
    assumed = _assumed(relation)
    return assumed if not rate or relation.rows <= 0 else max(relation.rows / rate, assumed / TRUST)


def _assumed(relation: Size) -> float:
    return max(relation.bytes / BYTES_PER_SECOND, relation.rows / ROWS_PER_SECOND)
