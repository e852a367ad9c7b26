"""Draws short worlds at the edges of the rules: outages that end around their hold, gaps around `max_gap`.

They are read often, as by default, so that an outage of four minutes and a half is seen from its first second
to its last; a day of that would be a long world. Errors go on in clusters after an outage: one of them must
not be taken for the outage going on.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.simulation.world import Fault, Incident, Watch, World

INTERVAL, FAST = 30, 5
MAX_GAP = 75
"""As the policy has it for this interval."""

BEGUN, AFTER = 600, 1500
"""Seconds before the watch, and after the outage."""

SHORT = (245, 265, 280, 285, 290, 295)
"""Seconds of outages that are over before their hold."""

LONG = (300, 310, 330, 700)


def edge_world(seed: int) -> World:
    """Two of three have an outage that is over in time; the third one that is not, and what may befall it."""
    draw = Random(f"edge/{seed}")
    short = seed % 3 != 0
    incident = Incident(BEGUN + draw.randrange(60, 600), draw.choice(SHORT if short else LONG), 1.0)
    world = World(
        seed, incident.at + incident.lasts + AFTER, INTERVAL, FAST,
        per_minute=float(draw.choice((60, 300, 1200))),
        swing=0.0,
        background=0.002,
        cluster=draw.choice((3.0, 6.0)),
        source=draw.choice(("json", "prometheus")),
        watches=(Watch(BEGUN),),
        incidents=(incident,),
    )  # fmt: skip
    return world if short else replace(world, faults=_faults(draw, incident))


def _faults(draw: Random, incident: Incident) -> tuple[Fault, ...]:
    """Nothing is measured for about `max_gap` within it; or others have the locks until it is over."""
    gap = Fault("refuses", incident.at + draw.randrange(100, 200), MAX_GAP + draw.randrange(-10, 40))
    locked = Fault("locked", incident.at + 200, incident.lasts - 200 + draw.randrange(20, 200))
    return draw.choice(((gap,), (locked,), ()))
