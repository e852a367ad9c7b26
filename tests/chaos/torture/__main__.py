"""The torture run: python -m tests.chaos.torture --rounds 50 --seed 7 [--major 16].

Prints a line a round and the sums; exit 1 if an effect happened twice or not at all, or anything else is
wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter

from tests.chaos.torture.faults import Tormentor
from tests.chaos.torture.rounds import Found, play
from tests.chaos.torture.world import World, world
from tests.servers import BINARIES

ROUND_DEADLINE = 300.0
"""Seconds after which a round is given up, whatever hangs."""


async def run(rounds: int, seed: int, major: int) -> int:
    """Plays the rounds; the exit code."""
    rng = random.Random(seed)
    binaries = rng.choice(BINARIES) if not major else next(b for b in BINARIES if b.major == major)
    print(f"torture: {rounds} rounds, seed {seed}, PostgreSQL {binaries.major}", flush=True)
    began = time.monotonic()
    async with world(binaries) as w:
        await w.registry.watches(1)  # the ledger's schema is there
        tormentor = Tormentor(w, rng)
        found = [await _told(w, tormentor, rng, number) for number in range(1, rounds + 1)]
        ended = sum(daemon.ended for daemon in w.daemons)
    return _summed(found, tormentor.done, ended, time.monotonic() - began)


async def _told(w: World, tormentor: Tormentor, rng: random.Random, number: int) -> Found:
    began, before = time.monotonic(), tormentor.done.copy()
    try:
        found = await asyncio.wait_for(play(w, tormentor, rng, number), ROUND_DEADLINE)
    except TimeoutError:
        found = Found(wrong=(f"not over after {ROUND_DEADLINE:g} s",))
        await tormentor.relent()
    done = ", ".join(f"{n} {name}" for name, n in (tormentor.done - before).items())
    wrong = "; ".join(found.wrong) or ("" if not (found.doubles or found.lost) else "the effect is wrong")
    print(
        f"round {number}: {time.monotonic() - began:.1f} s: {done}{': ' + wrong if wrong else ''}", flush=True
    )
    if wrong:
        print(w.logs(), file=sys.stderr, flush=True)
    return found


def _summed(found: list[Found], done: Counter[str], ended: int, seconds: float) -> int:
    doubles, lost = sum(f.doubles for f in found), sum(f.lost for f in found)
    wrong = sum(bool(f.wrong) for f in found)
    print(
        f"rounds: {len(found)}, "
        + "".join(f"{name}: {n}, " for name, n in sorted(done.items()))
        + f"daemons that ended by themselves: {ended}, doubles: {doubles}, lost: {lost}, "
        f"otherwise wrong: {wrong}, seconds: {seconds:.0f}"
    )
    return 1 if doubles or lost or wrong or ended else 0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--major", type=int, default=0, help="a PostgreSQL major; default: the seed chooses")
    given = parser.parse_args()
    sys.exit(asyncio.run(run(given.rounds, given.seed, given.major)))


if __name__ == "__main__":
    main()
