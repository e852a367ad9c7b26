"""From the rows that the server gives to objects that can be compared: what does not apply is left out.

Privileges are compared as sets, and only where they are not those that an object is made with. What may hold
a secret (options of foreign objects, settings of an application's own) is kept as a digest. Pure code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

Objects = dict[str, dict[str, Any]]
"""Label -> entry. Labels: `public.contacts`, `function public.f(integer)`, `type public.mood`, `schema app`,
`extension citext`, `publication changes`, `settings of role shop`. An entry holds plain aspects (owner,
definition) and NAMED parts."""

NAMED: Mapping[str, str] = {
    "columns": "column", "constraints": "constraint", "indexes": "index", "triggers": "trigger",
    "rules": "rule", "policies": "policy", "statistics": "statistics object",
}  # fmt: skip
"""Parts that hold named things -> one of them."""

UNORDERED = frozenset({"options", "toast_options", "needed_by", "publications"})
"""Lists that say the same in any order."""

PRIVILEGES = frozenset({"privileges", "default_privileges"})

GRANTED = frozenset({"privileges_of", "members_privileges"})
"""What is granted on each of many."""


def objects(rows: list[list[Any]]) -> Objects:
    """Rows are `[label, part, name, value]`; those without a part are the objects themselves."""
    found: Objects = {}
    for label, part, name, value in rows:
        entry = found.setdefault(label, {})
        if part:
            entry.setdefault(part, {})[name] = _known(value)
        else:
            entry.update(_known(value))
    return found


def _known(value: dict[str, Any]) -> dict[str, Any]:
    """Without what does not apply; `more` holds what few have."""
    found = {k: _plain(k, v) if isinstance(v, list | dict) else v for k, v in value.items() if v is not None}
    if "more" in found:
        found |= found.pop("more")
    if "default_privileges" in found and found.pop("default_privileges") == found["privileges"]:
        del found["privileges"]
    return found


def _plain(key: str, value: Any) -> Any:
    """Of lists and named values."""
    if key in UNORDERED or key in PRIVILEGES:
        return sorted(value)
    if key == "foreign_options":
        return sorted(_digested(option) for option in value)
    if key == "settings":
        return sorted(_digested(s) if "." in s.partition("=")[0] else s for s in value)
    if key in GRANTED:
        return {of: sorted(acl) for of, acl in value.items()}
    return _known(value) if isinstance(value, dict) else value


def _digested(option: str) -> str:
    """`password=#5e8848...`: whether it is the same can be told, not what it is."""
    name, _, value = option.partition("=")
    return f"{name}=#{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
