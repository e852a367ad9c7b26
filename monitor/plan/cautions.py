"""What speaks against relying on a plan, although it may be stored: said at registration. Pure code."""

from __future__ import annotations

from monitor.plan import stored
from monitor.schema.catalogue import Identity
from monitor.sql.classes import Class
from monitor.sql.labels import bare
from monitor.sql.scripts import Action, key_of
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of


def cautions(registered: stored.Plan, too_long: str, server: Identity) -> tuple[str, ...]:
    """Sentences for the operator; none of them refuses the plan. `too_long`: that about the lock, or ""."""
    found = []
    if not server.system:
        found.append(
            "the role may not read pg_control_system(): another cluster behind the same name would "
            "go unnoticed; GRANT pg_monitor, or EXECUTE on it, to the role of rollback_dsn"
        )
    if too_long:
        found.append(too_long)
    if registered.keeps and not server.may_create:
        found.append("the role may not create the schema for salvaged data: GRANT CREATE ON DATABASE to it")
    if not registered.forecast().expected.relations and not registered.others:
        found.append("the plan leaves no trace in the schema: its effect can't be verified")
    if any(s.klass is Class.OPAQUE for s in registered.statements):
        found.append("opaque statements: their effect is neither backed up nor verified")
    if server.acts_for:
        found += _strange_owners(registered, server)
    return tuple(found)


def _strange_owners(registered: stored.Plan, server: Identity) -> list[str]:
    """What the plan makes and does not hand over: the application, as its owner, could not even read it."""
    given = {_named(registered, a) for s in registered.statements for a in s.actions
             if "owner" in kind_of(a).restores}  # fmt: skip
    return [
        f"line {s.line}: what {kind_of(a).statement} makes will belong to {server.role}, and "
        f"{server.acts_for} may not use it: write ALTER … OWNER TO {server.acts_for} behind it"
        for s in registered.statements
        for a in s.actions
        if kind_of(a).has(Trait.MAKER_OWNS)
        and _named(registered, a) not in given
        and not _replaces(registered, a)
    ]


def _named(registered: stored.Plan, a: Action) -> str:
    """A relation's label; of a function or type the name as written, without arguments."""
    if a.relation:
        return registered.resolution[key_of(a.relation)]
    return bare(a.name.partition("(")[0])


def _replaces(registered: stored.Plan, a: Action) -> bool:
    """OR REPLACE of what is there keeps its owner, unless the plan drops it first."""
    if not a.if_exists or not kind_of(a).has(Trait.REPLACES):
        return False
    dropped = {_named(registered, b) for s in registered.statements for b in s.actions
               if kind_of(b).has(Trait.DROPS) and not kind_of(b).has(Trait.A_PART)}  # fmt: skip
    return _named(registered, a) not in dropped and (
        registered.fingerprint.relations.get(_named(registered, a)) is not None if a.relation else True
    )
