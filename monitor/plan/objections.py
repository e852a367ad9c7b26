"""What speaks against a plan by what its names mean: rights, our own schemas, statements nobody can judge.

Pure code on what the catalogue said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.errors import Problem
from monitor.schema.catalogue import Resolved
from monitor.sql.classes import Class
from monitor.sql.refusals import OWN_SCHEMA
from monitor.sql.scripts import Action, Statement, key_of
from monitor.statements.registry import kind_of

OPAQUE = "pass --allow-opaque to accept the risk"

SHOWN = 3
"""Reasons of one statement; each alone is enough."""

OURS = (f"{OWN_SCHEMA}.", f"{OWN_SCHEMA}_salvage.", f"{OWN_SCHEMA}_quarantine")


def rights(statements: Sequence[Statement], resolved: Mapping[str, Resolved]) -> list[Problem]:
    """Objects that the role may not change, and ours that nobody may."""
    found = []
    for s in statements:
        for key in [k for a in s.actions for k in _keys(a)]:
            r = resolved.get(key)
            if r is not None and r.label.startswith(OURS):
                found.append(Problem("", f"{r.label} belongs to the ledger and may not be touched", s.line))
            elif r is not None and not r.owned:
                found.append(Problem("", f"the role of rollback_dsn does not own {r.label}", s.line))
    return list(dict.fromkeys(found))


def _keys(a: Action) -> list[str]:
    """The relations that an action changes, as keys; a partition that is detached changes too."""
    own = [key_of(a.relation)] if a.relation else []
    return [*own, *kind_of(a).also(a)]


def opaque(
    statements: Sequence[Statement], reasons: Mapping[int, Sequence[str]], allowed: bool
) -> list[Problem]:
    """Statements whose effect nobody can tell; `reasons`: the code that each would run, by step."""
    if allowed:
        return []
    found = []
    for s in statements:
        whys = reasons.get(s.step, ())
        if s.klass is Class.OPAQUE or whys:
            effect = f"{'; '.join(whys[:SHOWN])}: its effect" if whys else f"the effect of {s.kind}"
            found.append(Problem("", f"{effect} can't be analysed; {OPAQUE}", s.line))
    return found
