"""Changes of a column's type that lose nothing: each value stays what it is, or the server refuses them all.

Without USING a value is assigned: too long a text and too large a number is an error. So what does not fit is
a misfit, to be told before; only what would be rounded or made into something else is a loss. Pure code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TYPE = re.compile(r"([a-z ]+?)(?:\((\d+)(?:,(\d+))?\))?")

TEXTS = {"text", "character varying"}

WHOLE = {"smallint": 1 << 15, "integer": 1 << 31, "bigint": 1 << 63}

NAMES = {
    '"pg_catalog"."varchar"': "character varying", '"text"': "text", '"pg_catalog"."text"': "text",
    '"pg_catalog"."int2"': "smallint", '"pg_catalog"."int4"': "integer", '"pg_catalog"."int8"': "bigint",
    '"pg_catalog"."numeric"': "numeric",
}  # fmt: skip
"""Types as the grammar writes them -> as the catalogue does."""


def misfit(old: object, new: str | None, modifiers: str) -> str | None:
    """SQL about `{}` that is true of a value that does not fit, "" when each does; None: values may change.

    `new` and `modifiers` as an action has them: the type's key, and `(20)`, `()` for none, "" unknown.
    """
    was = _TYPE.fullmatch(old) if isinstance(old, str) else None
    name = NAMES.get(new or "")
    if was is None or name is None or not modifiers:
        return None
    before = [int(n) for n in was.groups()[1:] if n]
    after = [int(n) for n in re.findall(r"\d+", modifiers)]
    if {was[1], name} <= TEXTS:
        return _texts(before, after)
    if {was[1], name} <= WHOLE.keys():
        limit = WHOLE[name]
        return "" if limit >= WHOLE[was[1]] else f"{{}} NOT BETWEEN {-limit} AND {limit - 1}"
    return _numbers(before, after) if was[1] == name == "numeric" else None


def _texts(before: Sequence[int], after: Sequence[int]) -> str:
    if not after or (before and before[0] <= after[0]):
        return ""
    return f"pg_catalog.length({{}}) > {after[0]}"


def _numbers(before: Sequence[int], after: Sequence[int]) -> str | None:
    """Fewer digits behind the point would round."""
    if not after:
        return ""
    (digits, scale), old = (*after, 0)[:2], (*before, 0)[:2]
    if not before or scale < old[1]:
        return None
    return "" if digits - scale >= old[0] - old[1] else f"pg_catalog.abs({{}}) >= 1e{digits - scale}::numeric"
