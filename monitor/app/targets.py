"""What one target is made of: its stores, its executor, and what its metrics are."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.samples import SECOND
from monitor.history.source import History, NoHistory, history_of
from monitor.ports.hooks import Hooks
from monitor.ports.patience import LockPolicy
from monitor.registration import TargetDesk
from monitor.rollback.clearing import Policy
from monitor.rollback.executor import Limits, RollbackExecutor
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.killpoints import KillPoint, harmless
from monitor.rollback.tenure import HELD_FACTOR
from monitor.salvage.expiry import KeptData, Lifetimes
from monitor.settings import Settings
from monitor.settings.limits import effective
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from monitor.units import Kind


def executor_of(
    settings: Settings, target: str, hooks: Hooks, guard: Guard = unguarded, kill: KillPoint = harmless
) -> RollbackExecutor:
    """What executes its rollbacks, on a connection of its own; the store's `guard` fences a daemon's."""
    rollback = settings.rollback
    locks = locks_of(settings)
    database = settings.targets[target].database
    limits = Limits(
        locks, rollback.max_locked / SECOND, HELD_FACTOR * rollback.max_locked / SECOND,
        allow_superuser=database.allow_superuser or "", blockers=blockers_of(settings),
    )  # fmt: skip
    dsn = settings.targets[target].rollback_dsn
    return RollbackExecutor(dsn, target, limits, kill, guard, hooks)


def blockers_of(settings: Settings) -> Policy:
    """What it does about sessions in its way."""
    found = settings.rollback.blockers
    older_than, at_most = found.older_than / SECOND, int(found.at_most)
    return Policy(found.policy, found.applications, found.users, older_than, at_most)


def locks_of(settings: Settings) -> LockPolicy:
    """How it waits for locks."""
    return LockPolicy(settings.rollback.max_app_stall / SECOND, settings.rollback.lock_budget / SECOND)


def kept_of(settings: Settings, target: str) -> KeptData:
    """What its rollbacks copied away or put aside."""
    rollback = settings.rollback
    lifetimes = Lifetimes(rollback.quarantine_for / SECOND, rollback.salvage_for / SECOND)
    return KeptData(settings.targets[target].rollback_dsn, target, lifetimes, locks_of(settings))


def store_of(settings: Settings, target: str) -> PgStore:
    """The daemon's side of its store."""
    dsn = settings.targets[target].rollback_dsn
    return PgStore(target, dsn, history_dsn=settings.store_dsn(target))


def registry_of(settings: Settings, target: str) -> PgRegistry:
    """The side of its store that people and programs ask."""
    dsn = settings.targets[target].rollback_dsn
    return PgRegistry(target, dsn, history_dsn=settings.store_dsn(target))


def desk_of(settings: Settings, target: str, registry: PgRegistry) -> TargetDesk:
    """What registering a watch needs of it."""
    max_locked = settings.rollback.max_locked / SECOND
    of = settings.targets[target]
    return TargetDesk(
        registry, settings.policy(target), of.rollback_dsn, max_locked, of.database.allow_superuser or "",
        history_of_target(settings, target), kinds_of(settings, target),
    )  # fmt: skip


def history_of_target(settings: Settings, target: str) -> History:
    """Where its rollbacks can be read from."""
    found = settings.targets[target].migrations
    if found is None:
        return NoHistory()
    return history_of(found.tools[found.tool], found.dir, found.table, found.schema_name, found.own)


def kinds_of(settings: Settings, target: str) -> Mapping[str, Kind]:
    """What the values of each metric are: the kind of its limits."""
    found = effective(settings.layers(target))
    limits = {metric: keys.limit("normal_below") for metric, keys in found.items()}
    return {metric: limit.kind for metric, limit in limits.items() if limit is not None}
