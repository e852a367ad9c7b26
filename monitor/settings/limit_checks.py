"""Whether the limits of one metric make sense together, after all layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitor.core.thresholds import DOCUMENTED
from monitor.settings.clashes import Clash
from monitor.settings.document import Loc
from monitor.settings.limits import KINDS, LIMITS, Effective, Watch
from monitor.units import HOW_TO_WRITE, Kind, show_duration, show_limit

DEFAULT_HOLD = DOCUMENTED[0].rollback_for
SHORTEST_HOLD = 5
"""Intervals: with fewer samples a hold is one or two reads, and those may be noise."""


def check_limits(found: Effective, watch: Watch) -> Iterator[Clash]:
    """Everything wrong with one metric's limits."""
    for rule in RULES:
        yield from rule(found, watch)


def kind_of(found: Effective) -> Kind | None:
    """What the metric is: documented, else by the first of its limits."""
    limits = (found.limit(key) for key in LIMITS)
    return KINDS.get(found.metric) or next((limit.kind for limit in limits if limit), None)


def place_of(found: Effective, key: str) -> Loc:
    """Where the key is written, else where its metric is."""
    if key in found.written:
        return found.written[key]
    anywhere = next(iter(found.written.values()), ("thresholds", found.metric, key))
    return (*anywhere[:-1], key)


def _clash(found: Effective, key: str, what: str, *with_keys: str) -> Clash:
    return Clash(place_of(found, key), what, tuple(place_of(found, other) for other in with_keys))


def _has_normal(found: Effective, _watch: Watch) -> Iterator[Clash]:
    if "normal_below" not in found.keys:
        yield _clash(
            found, "normal_below", "is missing: without it the metric is never normal, no watch succeeds"
        )


def _can_be_normal(found: Effective, _watch: Watch) -> Iterator[Clash]:
    normal = found.limit("normal_below")
    if normal is not None and normal.value <= 0:
        text = f"{show_limit(normal)} makes no value normal, as none is below it: no watch would succeed"
        yield _clash(found, "normal_below", text)


def _one_kind(found: Effective, _watch: Watch) -> Iterator[Clash]:
    kind = kind_of(found)
    for key in LIMITS:
        limit = found.limit(key)
        if limit is not None and kind is not None and limit.kind is not kind:
            shown = f"{show_limit(limit)} is {_A[limit.kind]}, but {found.metric} is {_A[kind]}"
            yield _clash(found, key, f"{shown}: {HOW_TO_WRITE[kind]}", "normal_below")


_A = {Kind.RATIO: "a ratio", Kind.TIME: "a time", Kind.COUNT: "a plain number"}


def _ratio_is_a_share(found: Effective, _watch: Watch) -> Iterator[Clash]:
    for key in LIMITS:
        limit = found.limit(key)
        if found.metric == "error_rate" and limit and limit.kind is Kind.RATIO and limit.value > 1:
            yield _clash(found, key, f"{show_limit(limit)} is more than 100%, which no error rate is")


def _in_order(found: Effective, _watch: Watch) -> Iterator[Clash]:
    normal = found.limit("normal_below")
    for key in ("investigate_above", "rollback_above"):
        limit = found.limit(key)
        if normal and limit and limit.kind is normal.kind and limit.value < normal.value:
            text = f"{show_limit(limit)} is under `normal_below` ({show_limit(normal)})"
            yield _clash(
                found, key, f"{text}: what is normal would act; raise this or lower that", "normal_below"
            )


def _hold_has_limit(found: Effective, _watch: Watch) -> Iterator[Clash]:
    for action in ("investigate", "rollback"):
        hold, limit = f"{action}_for", f"{action}_above"
        if found.keys.get(hold) is not None and limit not in found.keys:
            yield _clash(found, hold, f"has no effect without `{limit}`: add it, or remove this", limit)


def _not_null(found: Effective, _watch: Watch) -> Iterator[Clash]:
    for key, value in found.keys.items():
        if value is None and (key.endswith("_for") or key == "normal_below"):
            yield _clash(found, key, "can't be null: write a value, or remove the key")


def _holds_long_enough(found: Effective, watch: Watch) -> Iterator[Clash]:
    ratio = (limit := found.limit("rollback_above")) is not None and limit.kind is Kind.RATIO
    name, interval = ("fast_interval", watch.fast) if ratio else ("interval", watch.interval)
    hold, shortest = found.keys.get("rollback_for", DEFAULT_HOLD), SHORTEST_HOLD * interval
    if found.limit("rollback_above") is None or not isinstance(hold, int) or hold >= shortest:
        return
    text = (
        f"{show_duration(hold)} is under five of `watch.{name}` ({show_duration(shortest)}), too few reads "
        f"to act on: write at least {show_duration(shortest)}, or shorten `watch.{name}`"
    )
    place = place_of(found, "rollback_for")
    yield Clash(place, text, (("watch", name), place_of(found, "rollback_above")))


RULES: tuple[Callable[[Effective, Watch], Iterator[Clash]], ...] = (
    _has_normal,
    _can_be_normal,
    _one_kind,
    _ratio_is_a_share,
    _in_order,
    _hold_has_limit,
    _not_null,
    _holds_long_enough,
)
