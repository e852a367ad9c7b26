"""What a rollback is done with; the same for each of its groups."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.ports.hooks import Hooks, NoHooks
from monitor.ports.patience import LockPolicy
from monitor.rollback import clearing
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.held import Held
from monitor.rollback.killpoints import KillPoint

OUTSIDE_SECONDS = 24 * 3600.0
"""Of one statement outside a transaction: an index on a large table takes hours, and stalls nobody."""


@dataclass(frozen=True, slots=True)
class Means:
    """`statement_seconds` limits a statement in a transaction, `outside_seconds` one outside."""

    held: Held
    policy: LockPolicy
    statement_seconds: float
    kill: KillPoint
    guard: Guard = unguarded
    outside_seconds: float = OUTSIDE_SECONDS
    hooks: Hooks = field(default_factory=NoHooks)
    blockers: clearing.Policy = field(default_factory=clearing.Policy)
