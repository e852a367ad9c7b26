"""What keys of different sections must say together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.channels.configuration import ChannelKeys
from monitor.settings.clashes import Clash
from monitor.settings.document import Loc
from monitor.settings.hooks import check_blockers, check_hook
from monitor.settings.limit_checks import check_limits
from monitor.settings.limits import PolicySettings, effective
from monitor.settings.model import Settings
from monitor.settings.source_checks import check_sources, doubtful_sources, one_kind
from monitor.units import show_duration


@dataclass(frozen=True, slots=True)
class _Order:
    """`high` must be at least `factor` times `low`, and why. `follows`: gives way where it is not written."""

    low: str
    high: str
    reason: str
    factor: int = 1
    follows: str = ""


ORDERS = (
    _Order(
        "watch.fast_interval", "watch.interval", "fast reads can't be slower than the others",
        follows="watch.fast_interval",
    ),
    _Order("watch.interval", "watch.max_gap", "one lost read would end every streak", factor=2),
    _Order("watch.max_gap", "watch.blind_after", "a metric would be blind while its streaks go on"),
    _Order(
        "watch.interval", "watch.rate_window_max", "a rate is taken over one interval at least",
        follows="watch.rate_window_max",
    ),
    _Order("watch.warm_up", "watch.success_after", "a watch would succeed before it looked"),
)  # fmt: skip
DOUBTFUL_ORDERS = (
    _Order("watch.success_after", "watch.give_up_after", "every watch ends inconclusive, none can succeed"),
)
"""Not refused: a watch that can't succeed still guards until it gives up."""

WHOLE_ORDERS = (
    _Order("rollback.max_app_stall", "rollback.lock_budget", "the first try alone would spend it"),
    _Order("watch.give_up_after", "store.retention", "samples of an open watch would be removed"),
)


def check(settings: PolicySettings) -> Iterator[Clash]:
    """Every clash of a configuration whose single values are good."""
    yield from _orders(settings, ORDERS)
    yield from _limits(settings, None)
    if isinstance(settings, Settings):
        yield from _orders(settings, WHOLE_ORDERS)
        for target in settings.targets:
            yield from _limits(settings, target)
            yield from check_sources(settings, target)
            yield from _hooks(settings, target)
        for i, alert in enumerate(settings.alerts):
            yield from one_kind(("alerts", i), alert)
            for kind, channel in alert.written().items():
                yield from _channel(("alerts", i, kind), channel)
        yield from check_blockers(settings.rollback.blockers)


def doubts(settings: PolicySettings) -> list[tuple[str, str]]:
    """What is allowed and hardly meant: (key, sentence)."""
    found = list(_orders(settings, DOUBTFUL_ORDERS))
    if isinstance(settings, Settings):
        for target in settings.targets:
            found += doubtful_sources(settings, target)
    return [(".".join(map(str, c.loc)), c.what) for c in found]


def _hooks(settings: Settings, target: str) -> Iterator[Clash]:
    configured = settings.targets[target]
    for name, hooks in (("before", configured.before_rollback), ("after", configured.after_rollback)):
        for i, hook in enumerate(hooks):
            yield from check_hook(("targets", target, f"{name}_rollback", i), hook)


def _channel(loc: Loc, channel: ChannelKeys) -> Iterator[Clash]:
    for fault in channel.faults():
        keys = tuple((*loc, key) for key in fault.keys)
        yield Clash((*loc, fault.key) if fault.key else loc, fault.what, keys)


def _orders(settings: PolicySettings, orders: tuple[_Order, ...]) -> Iterator[Clash]:
    for order in orders:
        if order.follows and not _written(settings, order.follows):
            continue
        low, high = _duration(settings, order.low), _duration(settings, order.high)
        least = low * order.factor
        if high < least:
            times = f"{order.factor} × " if order.factor > 1 else ""
            limit = f"{times}`{order.low}` ({show_duration(low)})"
            text = f"{show_duration(high)} is under {limit}: {order.reason}; at least {show_duration(least)}"
            yield Clash(tuple(order.high.split(".")), text, (tuple(order.low.split(".")),))


def _written(settings: PolicySettings, name: str) -> bool:
    section, key = name.split(".")
    return key in getattr(settings, section).model_fields_set


def _duration(settings: PolicySettings, name: str) -> int:
    section, key = name.split(".")
    found: int = getattr(getattr(settings, section), key)
    return found


def _limits(settings: PolicySettings, target: str | None) -> Iterator[Clash]:
    layers = settings.layers(target)
    metrics = effective(layers)
    if not metrics:
        yield Clash(layers[-1].loc, "leaves no metric to watch: keep one at least", ())
    for found in metrics.values():
        yield from check_limits(found, settings.watch)
