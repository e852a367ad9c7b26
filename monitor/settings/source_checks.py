"""Whether every metric of a target has one good source that measures what its limits are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.settings.clashes import Clash
from monitor.settings.document import Loc
from monitor.settings.limit_checks import DEFAULT_HOLD, kind_of
from monitor.settings.limits import Effective, effective
from monitor.settings.model import MetricSource, OneKind, Settings
from monitor.sources.database import FROM_DATABASE
from monitor.units import Kind, show_duration


def check_sources(settings: Settings, target: str) -> Iterator[Clash]:
    """Everything wrong with the sources of one target."""
    loc: Loc = ("targets", target, "metrics")
    policy, sources = effective(settings.layers(target)), settings.targets[target].metrics
    for name, source in sources.items():
        yield from one_kind((*loc, name), source)
        yield from _of_source((*loc, name), name, source, policy.get(name))
    yield from _without_limits(settings, target, loc, policy)
    for name in policy:
        if name not in sources and name not in FROM_DATABASE:
            text = f"no source for the metric `{name}`: add one here, or `{name}: null` under thresholds"
            own = ("targets", target, "thresholds", name)
            yield Clash(loc, text, ((*loc, name), ("thresholds", name), own))


def _without_limits(
    settings: Settings, target: str, loc: Loc, policy: Mapping[str, Effective]
) -> Iterator[Clash]:
    """A source whose metric has no limits would never be read; one that `null` removed is meant to rest."""
    removed = {m for layer in settings.layers(target) for m, keys in layer.thresholds.items() if keys is None}
    for name in settings.targets[target].metrics:
        if name not in policy and name not in removed and name not in FROM_DATABASE:
            text = (
                f"`{name}` has no limits, so it would never be read: add `{name}` with `normal_below` under"
            )
            yield Clash((*loc, name), f"{text} thresholds", ())


def one_kind(loc: Loc, entry: OneKind) -> Iterator[Clash]:
    """Exactly one of the kinds must be written."""
    kinds = [field.alias or name for name, field in type(entry).model_fields.items()]
    if len(entry.written()) != 1:
        text = f"needs exactly one of {', '.join(kinds)}, with its keys"
        yield Clash(loc, text, tuple((*loc, kind) for kind in kinds))


def _of_source(loc: Loc, name: str, source: MetricSource, limits: Effective | None) -> Iterator[Clash]:
    if name in FROM_DATABASE:
        text = "comes from the target's database: remove this, or measure it under another name"
        yield Clash(loc, text, ())
    if len(source.written()) != 1:
        return
    at = (*loc, source.kind)
    for fault in source.keys.faults():
        yield Clash((*at, fault.key) if fault.key else at, fault.what, tuple((*at, k) for k in fault.keys))
    if limits is None:
        return
    yield from _without_evidence(at, source, limits)
    wanted, measured = kind_of(limits), source.keys.measures
    if wanted and measured and measured is not wanted:
        text = f"gives a {measured}, but `{name}` has limits for a {wanted}: {source.keys.instead(wanted)}"
        yield Clash(at, text, (at, *limits.written.values()))


def doubtful_sources(settings: Settings, target: str) -> Iterator[Clash]:
    """What a ratio that does without counts gives up."""
    policy = effective(settings.layers(target))
    for name, source in settings.targets[target].metrics.items():
        if name in policy and _acts_on_ratio(source, policy[name]) and source.keys.does_without:
            at: Loc = ("targets", target, "metrics", name, source.kind)
            text = (
                "`without_counts`: a rollback needs no number of requests here, only the ratio for "
                f"{show_duration(_hold(policy[name]))}: one failed request of one is 100 %"
            )
            yield Clash(at, text, ())


def _without_evidence(at: Loc, source: MetricSource, limits: Effective) -> Iterator[Clash]:
    """A ratio that may roll back says how many requests stand behind it, or that it does without."""
    if not _acts_on_ratio(source, limits) or source.keys.counted or source.keys.does_without:
        return
    beside = source.keys.to_be_counted
    text = (
        "is a ratio without the requests behind it, so one failed request of one would be 100 % and could "
        f"roll back: {beside}count `errors` and `requests`; or write `without_counts: true`"
    )
    yield Clash(at, text, (at, limits.written.get("rollback_above", at)))


def _acts_on_ratio(source: MetricSource, limits: Effective) -> bool:
    return limits.limit("rollback_above") is not None and source.keys.measures is Kind.RATIO


def _hold(limits: Effective) -> int:
    hold = limits.keys.get("rollback_for", DEFAULT_HOLD)
    return hold if isinstance(hold, int) else DEFAULT_HOLD
