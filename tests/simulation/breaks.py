"""Mistakes that somebody could make in the daemon, and a world in which each of them is seen.

They prove that the checks are sharp: `test_breaks.py` plays each world with its mistake and without it.
`python -m tests.simulation.breaks [--drawn N] [NAME...]` says in which world each of them is seen first: its
own, the kept ones, those at the edges, or drawn ones.
"""

# ruff: noqa: E501 - lines of the program, as long as they are there

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from monitor.core.thresholds import Mode
from tests.simulation.edges import edge_world
from tests.simulation.edited import ROOT, Edits
from tests.simulation.making import world_of
from tests.simulation.playing import KEPT
from tests.simulation.world import Fault, Incident, Person, Watch, World, from_json, to_json

HOUR, DAY = 3600, 86_400
OUTAGE = 2 * HOUR
"""When everything fails in the worlds here, for half an hour."""

LASTS = 1800

CALM = World(3, lasts=4 * HOUR, interval=60, watches=(Watch(600),))
DAYLONG = World(3, lasts=DAY + HOUR, interval=300, fast=20, watches=(Watch(600),))
SICK = replace(CALM, lasts=13_200, incidents=(Incident(OUTAGE, LASTS, 1.0),))


@dataclass(frozen=True, slots=True)
class Break:
    """`edits`: what it changes, text by text. `promises`: those of which one is seen broken in `world`."""

    edits: Edits
    promises: frozenset[int] = field(default_factory=frozenset)
    world: World = SICK


def _break(promises: set[int], world: World, *edits: tuple[str, str]) -> Break:
    return Break(edits, frozenset(promises), world)


def befallen(world: World, *faults: Fault) -> World:
    return replace(world, faults=faults)


def in_mode(world: World, mode: Mode) -> World:
    return replace(world, watches=(Watch(600, mode),))


def asked(control: str, at: int) -> World:
    return replace(SICK, persons=(Person(control, at),))


def at_times(world: World, ratio: float, at: int, lasts: int) -> World:
    """Without other errors, watched only, and with one incident."""
    return replace(in_mode(world, Mode.OBSERVE), background=0.0, incidents=(Incident(at, lasts, ratio),))


ALWAYS = replace(CALM, lasts=5 * HOUR, background=0.02, watches=(Watch(OUTAGE + 600),))
BEGUN_BEFORE = replace(SICK, watches=(Watch(OUTAGE + 1500),))

RARELY_ASKED = replace(
    CALM, seed=13, lasts=4800, interval=30, fast=5, per_minute=20.0, swing=0.0, background=0.005,
    incidents=(Incident(HOUR, 900, 1.0),),
)  # fmt: skip
"""A request now and then, one of which failed a few minutes before all did."""

UNANSWERED = befallen(CALM, Fault("refuses", HOUR, HOUR))
TAKEN_OVER = befallen(SICK, Fault("second", HOUR, 9000, 1), Fault("cut", OUTAGE + 100, 1500))
SET_BACK = befallen(CALM, Fault("clock", HOUR, 0, -HOUR), Fault("stop", HOUR + 400, 60))
GAP = befallen(SICK, Fault("refuses", OUTAGE + 90, 200))
LOCKED = befallen(replace(SICK, background=0.0), Fault("locked", OUTAGE, LASTS + 45))


BREAKS: Mapping[str, Break] = {
    # ------------------------------------------------------------ what a decision needs
    "acts when it is over": _break(
        {16}, edge_world(0),
        ("        still_at(scale, reads, now, ratio)\n        and _nothing_denies(scale, reads, ratio, oldest)\n", "        True\n"),
        ("return bool(of) and still_at(scale, reads, now, of[0].ratio)", "return bool(of)"),
    ),
    "a hold is shorter": _break(
        {17}, SICK,
        ("now - tally.start < scale.hold:", "now - tally.start < scale.hold - 60_000_000:"),
        ("    return now - when >= scale.hold\n", "    return now - when >= scale.hold - 60_000_000\n"),
    ),
    "a hold begins with an error before the breach": _break(
        {17}, RARELY_ASKED,
        ("        and _nothing_denies(scale, reads, ratio, oldest)\n        and _as_old_as_the_hold(scale, reads, now, oldest)\n", ""),
    ),
    "tries go on when it is over": _break(
        {16}, LOCKED,
        ("return Want.YES if order_is_due(self.policy, self.state) else Want.NOT_NOW", "return Want.YES"),
    ),
    "a gap ends neither streak nor evidence": _break(
        {16, 17}, GAP,
        ("now - last <= policy.max_gap:\n        return counting", "now - last <= 4 * policy.max_gap:\n        return counting"),
        ("last is not None and now - last > policy.max_gap:\n            found",
         "last is not None and now - last > 4 * policy.max_gap:\n            found"),
    ),
    "a gap does not end a streak": _break(
        {17}, GAP,
        ("last is not None and now - last > policy.max_gap:\n            found",
         "last is not None and now - last > 4 * policy.max_gap:\n            found"),
    ),
    "a streak that fired never ends": _break(
        {16}, at_times(CALM, 1.0, HOUR, 1800),
        ("    return reads.idle is not None or all(read[1] > still for read in reads.log[-DENIALS:])", "    return False"),
        ("    if at - tally.peak_at < scale.hold:\n        return False\n", "    return False\n"),
    ),
    "what was normal before the migration is ignored": _break(
        {16}, ALWAYS, ("        self.policy = found.policy\n", "        self.policy = policy\n"),
    ),
    "what was wrong before the migration is its fault": _break(
        {16}, BEGUN_BEFORE, ("        return self._found.mode(asked)", "        return asked"),
    ),
    # ------------------------------------------------------------ restarts, and whose turn it is
    "a restart forgets a streak": _break(
        {17}, befallen(in_mode(SICK, Mode.OBSERVE), Fault("kill", OUTAGE + 1200, 30)), ("_load_streak(streaks[r.name]) if r.name in streaks else None for r", "None for r"),
    ),
    "a restart forgets the evidence": _break(
        {16, 17}, befallen(SICK, Fault("kill", OUTAGE + 150, 30)), ('_load_counting(policy, m, counting.get(m), stored["at"]) for m', "None for m"),
    ),
    "a restart forgets the counters": _break(
        {16}, befallen(CALM, Fault("stop", OUTAGE, 60)), ("        if not memory:\n            return\n        self._instances", "        return\n        self._instances"),
    ),
    "a restart begins the day anew": _break(
        {17}, befallen(DAYLONG, Fault("stop", 12 * HOUR, 60)), ('return WatchState(stored["started_at"], seen,', 'return WatchState(stored["at"], seen,'),
    ),
    "an order of before a restart stands": _break(
        {16}, befallen(in_mode(SICK, Mode.APPROVE), Fault("stop", OUTAGE + 900, 60)),
        ("                self._restarted(keeper, now)\n",
         "                order = keeper.state.life.order\n"
         "                if order is not None:\n"
         '                    self._execute(keeper, said.ExecuteRollback(now, order.rule, order.since, order.evidence, ""))\n'),
    ),
    "a lease that was lost changes nothing": _break(
        {1}, TAKEN_OVER,
        ('                except StoreHeld:\n                    log.warning("target.store_lost", target=self._parts.name)\n'
         "                    self._start_afresh()",
         "                except StoreHeld:\n                    pass"),
    ),
    "a clock that is set back is not noticed": _break(
        {16, 17}, SET_BACK,
        ("        self._clock.not_before(self._metrics.next_at)\n", ""),
        ("                self._clock.not_before(keeper.state.seen.at + 1)  # the stored batch is over\n", ""),
    ),
    # ------------------------------------------------------------ people
    "a pause is ignored": _break(
        {9}, asked("pause", OUTAGE - 700), ("            found.append(events.Paused(now))\n        elif", "            pass\n        elif"),
    ),
    "a cancel is ignored": _break(
        {9}, asked("cancel", OUTAGE + 200), ("        if controls.cancelled_at is not None:\n            return", "        if False:\n            return"),
    ),
    "a watch that waits for approval acts by itself": _break(
        {9}, in_mode(SICK, Mode.APPROVE),
        ("        if state.life.mode is Mode.AUTO:\n            return _execute",
         "        if state.life.mode is not Mode.OBSERVE:\n            return _execute"),
    ),
    "a superseded watch acts": _break(
        {14}, replace(SICK, watches=(Watch(600), Watch(HOUR))),
        ("if state.life.mode is Mode.OBSERVE or not state.life.armed:", "if state.life.mode is Mode.OBSERVE:"),
    ),
    # ------------------------------------------------------------ acting once, ending once
    "an order is given twice": _break(
        {1}, SICK,
        ("        self._hands.execute(order, keeper.still_wanted)", "        self._hands.execute(order, keeper.still_wanted)\n" * 2),
    ),
    # ------------------------------------------------------------ success
    "success without proof": _break({16}, replace(DAYLONG, per_minute=1.5, background=0.0), ("        elif not proof.normal:", "        elif False:")),
    "success in spite of what was unobserved": _break(
        {16}, befallen(DAYLONG, Fault("refuses", 4 * HOUR, 4 * HOUR)), ('("not measured", coverage.unobserved, policy.max_unobserved),', ""),
    ),
    "success in spite of what was not normal": _break(
        {16}, at_times(DAYLONG, 0.03, 6 * HOUR, 2700), ('("not normal", coverage.abnormal, policy.success_tolerance),', ""),
    ),
    "success comes too early": _break(
        {17}, DAYLONG,
        ("now - state.started_at < policy.success_after:", "now - state.started_at < policy.success_after - 600_000_000:"),
    ),
    # ------------------------------------------------------------ measuring
    "a counter that begins anew is errors": _break(
        {25}, befallen(in_mode(SICK, Mode.OBSERVE), Fault("deploy", OUTAGE + 2400)),
        ("by[group] += max(step, 0.0)", "by[group] += abs(step)"),
        ("    if grew.fell:\n        return _fell(", "    if False:\n        return _fell("),
        ("    if before.identity != after.identity:\n        return _another(", "    if False:\n        return _another("),
    ),
    "several processes behind one address are one": _break(
        {16, 25}, replace(CALM, per_minute=20.0, faults=(Fault("shared", HOUR, 2 * HOUR, 3),)),
        ("    if grew.fell:\n        return _fell(", "    if False:\n        return _fell("),
        ("    if before.identity != after.identity:\n        return _another(", "    if False:\n        return _another("),
    ),
    "an old page is a sample": _break(
        {16}, befallen(CALM, Fault("cached", HOUR, HOUR)),
        ("refuse_old(response.ok(), now, self._pace.max_gap)\n            return parse", "response.ok()\n            return parse"),
    ),
    "a read that failed is quiet": _break(
        {16}, UNANSWERED,
        ("    return [Reading(metric, reason=reason)]", "    return [Reading(metric, reason=reason, quiet=True)]"),
    ),
    # ------------------------------------------------------------ telling
    "blindness is not told": _break({16}, UNANSWERED, ("if not track.blind and now > since:", "if False:")),
    "what is not ready is not told": _break(
        {7}, befallen(CALM, Fault("unready", HOUR, HOUR)),
        ("                    self._announcer.readiness(keeper.watched(), now)\n", ""),
    ),
    "a message is sent twice": _break(
        {10}, befallen(SICK, Fault("away", OUTAGE + 200, 900)),
        ("        return key in self._rows or key in self._settled", "        return key in self._rows"),
        ("        return self._settled.get(key)", "        return None"),
    ),
    "a message is lost when its channel is away": _break(
        {10}, befallen(SICK, Fault("channel_away", OUTAGE, 1800)),
        ("        self._mark(line.failed(row.key, self._clock.now(), str(e), e.retry_after))",
         "        self._mark(line.given_up(row.key, self._clock.now(), str(e), tried=True))"),
    ),
    "a message is lost when the store is away": _break(
        {10}, befallen(SICK, Fault("away", OUTAGE + 200, 900)),
        ("        alerts=(older.alerts + newer.alerts)[-MAX_ALERTS:],", "        alerts=newer.alerts,"),
    ),
}  # fmt: skip


def seen_in(one: Break, worlds: Sequence[World], *, until_seen: bool = False) -> list[list[str]]:
    """What is broken in each world, played by a process in which the mistake was made."""
    asked = {"edits": one.edits, "worlds": [to_json(w) for w in worlds], "until_seen": until_seen}
    found = subprocess.run(
        [sys.executable, "-m", "tests.simulation.edited"],
        input=json.dumps(asked), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if found.returncode:
        raise RuntimeError(found.stderr[-2000:])
    told: list[list[str]] = json.loads(found.stdout)
    return told


def _every(name: str, drawn: int) -> Iterator[tuple[str, World]]:
    yield "its own", BREAKS[name].world
    if drawn < 0:
        return
    for n, text in enumerate((ROOT / KEPT).read_text().splitlines()):
        yield f"kept {n}", from_json(text)
    yield from ((f"edges {seed}", edge_world(seed)) for seed in range(12))
    yield from ((f"drawn {seed}", world_of(seed)) for seed in range(1, drawn + 1))


def _report(name: str, drawn: int) -> None:
    names, worlds = zip(*_every(name, drawn), strict=True)
    try:
        told = seen_in(BREAKS[name], worlds, until_seen=True)
        text = f"{names[len(told) - 1]}: {told[-1][0]}" if told[-1] else f"not seen in {len(told)} worlds"
    except RuntimeError as e:
        text = str(e).strip().splitlines()[-1]
    print(f"{name}: {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.breaks", description=__doc__)
    parser.add_argument("--drawn", type=int, default=0, help="how many; -1: play the break's own world alone")
    parser.add_argument("names", nargs="*", choices=[*BREAKS, []])
    asked = parser.parse_args()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: _report(name, asked.drawn), asked.names or BREAKS))


if __name__ == "__main__":
    main()
