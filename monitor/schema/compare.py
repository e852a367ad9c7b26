"""How two fingerprints differ; renames and what can't be foretold are taken into account.

Definitions are compared token by token, a renamed name standing for its new one. Pure code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any, Final

from monitor.schema.difference import Difference, How
from monitor.schema.relation import ANY, Entry, Fingerprint, Relation, shown
from monitor.sql.labels import bare, belongs, quoted

_TOKENS = re.compile(r'"(?:[^"]|"")*"|\w+|\S')

NAMED = (
    "columns", "constraints", "indexes", "statistics", "triggers", "policies", "rules", "settings",
    "dependents",
)  # fmt: skip
"""Parts of a relation that hold named things."""

ASPECTS = (
    "kind", "owner", "table", "options", "owned_by", "sequence", "definition", "privileges", "persistence",
    "primary_key", "row_security", "replica_identity",
)  # fmt: skip
"""Of a relation itself. Children are compared apart; names of NOT NULL constraints are not, since what they
say is said of the columns, nor is what only says which changes the server will refuse."""

ODD = {
    "indexes": "index", "policies": "policy", "dependents": "dependent", "statistics": "statistics object",
    "settings": "setting of column",
}  # fmt: skip
"""One of a part, where it is not the part without its s."""


@dataclass(slots=True)
class Leeway:
    """What a plan changes beyond the expected value: old and new names, and new names that may appear."""

    renamed: set[tuple[str, str]] = field(default_factory=set)
    added: set[tuple[str, str]] = field(default_factory=set)  # (label, name): new on that relation
    made: set[str] = field(default_factory=set)  # labels of new relations, and of views that are others now
    gone: set[str] = field(default_factory=set)  # children that somebody dropped
    loose: set[tuple[str, str]] = field(default_factory=set)  # (label, part): what is named there may differ

    def rename(self, old: str, new: str) -> None:
        """What became `old` by an earlier statement is `new` in the end."""
        earlier = {pair for pair in self.renamed if pair[1] == old}
        self.renamed = (self.renamed - earlier) | {(first, new) for first, _ in earlier} | {(old, new)}

    def move(self, old: str, new: str) -> None:
        """The relation has another label."""
        self.loose |= {(new, part) for label, part in self.loose if label == old}
        self.added |= {(new, name) for label, name in self.added if label == old}

    def add_renamed(self, label: str, old: str, new: str) -> None:
        """What is new on a relation is called otherwise."""
        if (label, old) in self.added:
            self.added.add((label, new))

    def new_on(self, label: str) -> set[str]:
        """Names of what is new on a relation."""
        return {name for of, name in self.added if of == label}


EXACT: Final = Leeway()


def differences(expected: Fingerprint, actual: Fingerprint, leeway: Leeway = EXACT) -> list[Difference]:
    """Every difference; [] when they agree."""
    found: list[Difference] = []
    for label, entry in expected.relations.items():
        found += _relation(label, entry, actual.relations.get(label), leeway)
    for key, other in expected.others.items():
        now = actual.others.get(key)
        if other is None or now is None:
            if other is not now:
                found.append(Difference(key, "", How.REMAINS if other is None else How.MISSING))
        elif not (
            same(other.definition or "", now.definition or "", leeway)
            and same(other.body or "", now.body or "", leeway)
        ):
            found.append(Difference(key, "", How.OTHER if key.startswith("comment") else How.REDEFINED))
    return found


def _relation(label: str, expected: Entry, actual: Entry, leeway: Leeway) -> list[Difference]:
    if expected is None or actual is None:
        if expected is None and actual is None:
            return []
        return [Difference(label, "", How.EXISTS if expected is None else How.MISSING)]
    if expected is ANY or actual is ANY:
        return []
    found = [
        Difference(label, part.replace("_", " "), How.DIFFERS)
        for part in ASPECTS
        if part not in expected.unread and not same(getattr(expected, part), getattr(actual, part), leeway)
    ]
    found += [Difference(label, f"child {c}", How.MISSING) for c in _missing(expected, actual, leeway)]
    for part in NAMED:
        if part not in expected.unread and (part != "columns" or expected.foreseen):
            found += _named(label, part, getattr(expected, part), getattr(actual, part), leeway)
    return found


def _missing(expected: Relation, actual: Relation, leeway: Leeway) -> list[str]:
    """Children that are elsewhere now. A new one, such as tonight's partition, follows its parent in
    everything; one that is dropped is in nobody's way."""
    new = dict(leeway.renamed)
    return [
        c for c in expected.children
        if c not in actual.children and c not in leeway.gone and new.get(bare(c)) is None
    ]  # fmt: skip


def _named(
    label: str, part: str, expected: Any, actual: Mapping[str, Any], leeway: Leeway
) -> list[Difference]:
    if expected is ANY or (label, part) in leeway.loose:
        return []
    found = []
    new = leeway.new_on(label)

    def may_change(name: str, value: object = None) -> bool:
        """New objects, and what stands on an added column."""
        known = _is_new(name, leeway) if part == "dependents" else name in new
        return known or bool(new & set(getattr(value, "columns", ())))

    for name in sorted(expected.keys() | actual.keys()):
        what = f"{singular(part)} {name}"
        if name not in actual:
            if not may_change(name):
                found.append(Difference(label, what, How.MISSING))
        elif name not in expected:
            if not may_change(name, actual[name]):
                found.append(Difference(label, what, How.NEW))
        elif not (may_change(name) or same(expected[name], actual[name], leeway)):
            found.append(Difference(label, what, How.CHANGED))
    return found


def _is_new(dependent: str, leeway: Leeway) -> bool:
    """`table constraint NAME on TABLE` of a new constraint, `view NAME`, and what is of a new relation."""
    on = (f"{quoted(name)} on {label}" for label, name in leeway.added)
    return any(belongs(dependent, identity) for identity in (*leeway.made, *on))


def same(expected: Any, actual: Any, leeway: Leeway) -> bool:
    if expected is ANY:
        return actual is not None
    if is_dataclass(expected) and is_dataclass(actual):
        return all(same(value, getattr(actual, name), leeway) for name, value in shown(expected))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            same(expected[k], actual[k], leeway) for k in expected
        )
    if isinstance(expected, str) and isinstance(actual, str):
        return expected == actual or _same_tokens(tokens(expected), tokens(actual), leeway)
    if isinstance(expected, list) and isinstance(actual, list):
        return _new_names(expected, leeway) == sorted(actual) or sorted(expected) == sorted(actual)
    return bool(expected == actual)


def _new_names(names: Sequence[str], leeway: Leeway) -> list[str]:
    new = dict(leeway.renamed)
    return sorted(new.get(n, n) for n in names)


def _same_tokens(expected: Sequence[str], actual: Sequence[str], leeway: Leeway) -> bool:
    return bool(leeway.renamed) and len(expected) == len(actual) and all(
        e == a or (e, a) in leeway.renamed for e, a in zip(expected, actual, strict=True)
    )  # fmt: skip


def tokens(definition: str) -> list[str]:
    """Words of a definition. Quotes around an identifier are not part of its name."""
    return [
        t[1:-1].replace('""', '"') if t.startswith('"') and len(t) > 1 else t
        for t in _TOKENS.findall(definition)
    ]


def singular(part: str) -> str:
    """What one thing of a part is called."""
    return ODD.get(part, part[:-1])
