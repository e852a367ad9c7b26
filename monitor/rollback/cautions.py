"""What speaks against relying on a plan, although it may be stored: said at registration. Pure code."""

from __future__ import annotations

from monitor.rollback import stored
from monitor.rollback.catalogue import Identity
from monitor.rollback.kinds import Class


def cautions(
    registered: stored.Plan, estimated: float, server: Identity, max_locked: float
) -> tuple[str, ...]:
    """Sentences for the operator; none of them refuses the plan."""
    found = []
    if not server.system:
        found.append(
            "the role may not read pg_control_system(): another cluster behind the same name can't be "
            "recognised; GRANT pg_monitor, or EXECUTE on it, to the role of rollback_dsn"
        )
    if estimated > max_locked:
        found.append(too_long(estimated, max_locked))
    if registered.keeps and not server.may_create:
        found.append("the role may not create the schema for salvaged data: GRANT CREATE ON DATABASE to it")
    if not registered.forecast().expected["relations"] and not registered.others:
        found.append("the plan shows nothing in the schema: whether it took effect can't be verified")
    if any(s.klass is Class.OPAQUE for s in registered.statements):
        found.append("opaque statements: what they do is neither salvaged nor verified")
    return tuple(found)


def too_long(estimated: float, max_locked: float) -> str:
    """The sentence for a plan that would hold its lock too long; also said by readiness."""
    return (
        f"copying and scanning is estimated to hold the lock for {estimated:.1f} s, more than max_locked "
        f"{max_locked:g} s: use --data-loss quarantine or accept, or raise max_locked"
    )
