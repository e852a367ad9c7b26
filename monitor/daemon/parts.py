"""What one target's loop is made of. Composed in `app`, used in this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.clock import AdjustableClock
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.ports import Alert, AlertRow, Executor, Probe, Store, Telemetry
from monitor.ports.changes import NoStatistics, Statistics
from monitor.ports.hooks import Hooks, NoHooks
from monitor.units import Kind

READ_SHARE = 0.8
"""The total deadline of a read, as a share of the interval: a slow source never delays the next round."""

READINESS_FULL: Micros = 300 * SECOND
"""How often the expensive part of readiness is proven again."""

READINESS_SOON: Micros = 30 * SECOND
"""The same while a rollback streak is under way: people should know before the hold is over, not after."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Alerts on their way out: `rows` makes one message per channel, `send` queues them, at once.

    `remind_every`: channel -> how often it repeats what is still open; 0: never. `look`: sends what a
    former daemon stored and did not send.
    """

    rows: Callable[[Alert], tuple[AlertRow, ...]]
    send: Callable[[Sequence[AlertRow]], None]
    remind_every: Mapping[str, Micros] = field(default_factory=dict)
    look: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class TargetParts:
    """One target: what it is called, how it is judged, and everything that touches the outside."""

    name: str
    policy: Policy
    fast_interval: Micros
    probes: tuple[Probe, ...]
    store: Store
    executor: Executor
    outgoing: Outgoing
    telemetry: Telemetry
    clock: AdjustableClock
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    hooks: Hooks = field(default_factory=NoHooks)
    verify_for: Micros = 0  # after a rollback, until it is said whether it helped; 0: never
    statistics: Statistics = field(default_factory=NoStatistics)
    report_url: str = ""  # of a watch's report, `{id}` for its id; "": none
    page_url: str = ""  # of the daemon's own page; "": not known

    @property
    def read_deadline(self) -> float:
        """Seconds."""
        return READ_SHARE * self.policy.interval / SECOND
