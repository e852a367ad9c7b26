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
from monitor.present.alerts import Messages
from monitor.units import Kind

READ_SHARE = 0.8
"""The total deadline of a read, as a share of the interval: a slow source never delays the next round."""


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
class TargetRules:
    """How a target is judged. `kinds`: what each metric's values are; `fast_interval`: in a breach.

    `verify_for`: after a rollback, until it is said whether it helped; 0: never.
    """

    policy: Policy
    fast_interval: Micros
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    verify_for: Micros = 0

    @property
    def read_deadline(self) -> float:
        """Seconds."""
        return READ_SHARE * self.policy.interval / SECOND


@dataclass(frozen=True, slots=True)
class TargetPorts:
    """Everything of a target that touches its database and its application."""

    probes: tuple[Probe, ...]
    store: Store
    executor: Executor
    hooks: Hooks = field(default_factory=NoHooks)
    statistics: Statistics = field(default_factory=NoStatistics)


@dataclass(frozen=True, slots=True)
class TargetParts:
    """One target: what it is called, how it is judged, what touches the outside, and who hears of it."""

    name: str
    rules: TargetRules
    ports: TargetPorts
    outgoing: Outgoing
    telemetry: Telemetry
    clock: AdjustableClock
    messages: Messages = field(default_factory=Messages)
