"""`make simulate N=10000 SEED=1`: plays worlds, says what came of them; exit 1 when a promise was broken."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic

from tests.simulation.edges import edge_world
from tests.simulation.making import world_of
from tests.simulation.playing import KEPT, Played, Sum, quiet, shrunk, side_by_side
from tests.simulation.stage import play
from tests.simulation.table import lines, table_world
from tests.simulation.witness import judged
from tests.simulation.world import World, from_json, to_json

SHRUNK_AT_MOST = 5
"""Failing worlds that are made smaller; the others are only named."""

PROFILES: Mapping[str, Callable[[int], World]] = {"table": table_world, "edges": edge_world}
"""Where worlds come from, if they are not drawn as days: their interval is their own."""

LINE_EVERY = 2.0
"""Seconds between two looks of the progress line."""


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    if asked.world:
        return _one(from_json(asked.world))
    seeds = range(asked.seed, asked.seed + asked.worlds)
    draw = PROFILES.get(asked.profile, partial(world_of, interval=asked.interval))
    worlds = [draw(seed) for seed in seeds]
    began, total = monotonic(), Sum()
    for one in _told(side_by_side(worlds, asked.workers), len(worlds), began):
        total.add(one)
    _summary(total, monotonic() - began)
    unlikely = list(total.unlikely())
    for line in (*lines(total.made), *unlikely):
        print(line)
    for broken in total.broken:
        _failed(broken, asked, smaller=total.broken.index(broken) < SHRUNK_AT_MOST)
    return 1 if total.broken or unlikely else 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow")
    parser.add_argument("--interval", type=int, help="seconds between two reads; drawn where it is not given")
    parser.add_argument(
        "--profile", choices=("drawn", *PROFILES), default="drawn", help="where worlds come from"
    )
    parser.add_argument("--workers", type=int, default=0, help="processes; as many as there are cores")
    parser.add_argument(
        "--world", help="plays this one world, as it was printed, and shows everything it saw"
    )
    return parser.parse_args(arguments)


def _one(world: World) -> int:
    """Shows everything that was to be seen of it."""
    quiet()
    stage = play(world)
    print("\n".join(stage.seen.lines))
    found = judged(stage)
    print(stage.seen.hash(), dict(found.counts))
    for violation in found.violations:
        print(f"BROKEN {violation}")
    return 1 if found.violations else 0


def _told(of: Iterator[Played], number: int, began: float) -> Iterator[Played]:
    """One line that is written over while it goes on."""
    looked, broken = began, 0
    for count, one in enumerate(of, 1):
        broken += bool(one.broken)
        yield one
        if sys.stderr.isatty() and monotonic() - looked > LINE_EVERY:
            looked = monotonic()
            left = (looked - began) / count * (number - count)
            print(
                f"\r{count} of {number} worlds, {broken} broken, {left:.0f} s left ", end="", file=sys.stderr
            )
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _summary(total: Sum, took: float) -> None:
    print(f"{total.worlds} worlds in {took:.0f} s, {total.cpu / max(total.worlds, 1):.2f} s of CPU each")
    for title, counts in (("faults", total.faults), ("background", total.noisy), ("outcomes", total.counts)):
        print(f"{title}: " + ", ".join(f"{name} {number}" for name, number in sorted(counts.items())))
    if total.delays:
        print(f"found after {median(total.delays):.0f} s (median), {max(total.delays):.0f} s at most")
    print(f"{len(total.broken)} broken")


def _failed(one: Played, asked: argparse.Namespace, *, smaller: bool) -> None:
    """What was broken, how to see it again, and the smallest world that does it, which is kept."""
    print(f"\nseed {one.world.seed}:")
    for text in one.broken:
        print(f"  {text}")
    interval = f" INTERVAL={asked.interval}" if asked.interval else ""
    profile = f" PROFILE={asked.profile}" if asked.profile != "drawn" else ""
    print(f"  make simulate N=1 SEED={one.world.seed}{interval}{profile}")
    if not smaller:
        return
    small = to_json(shrunk(one))
    print(f"  python -m tests.simulation --world '{small}'")
    kept = Path(KEPT)
    if small not in kept.read_text().splitlines():
        kept.write_text(f"{kept.read_text()}{small}\n")
        print(f"  kept in {KEPT}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
