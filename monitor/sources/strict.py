"""Numbers and JSON documents from peers that are not trusted: everything unusual is refused by name.

Raises SourceError with a constant reason; its text never repeats what the peer sent.
"""

from __future__ import annotations

import json
from datetime import datetime
from math import isfinite

from monitor.errors import SourceError


def document(body: bytes) -> object:
    """The JSON document of a body: UTF-8 without BOM, no NaN, no duplicate keys, not too deep."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as e:
        raise SourceError("not_utf8", "the body is not UTF-8") from e
    if text.startswith("\ufeff"):
        raise SourceError("not_json", "the body begins with a byte order mark")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as e:
        raise SourceError("too_deep", "the document is nested too deep") from e
    except ValueError as e:
        raise SourceError("not_json", "the body is not JSON") from e


def number(found: object, what: str) -> float:
    """A finite number >= 0 that is not a bool; `what` names it in the text of the SourceError."""
    if found is None:
        raise SourceError("no_value", f"{what}: not in the document")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise SourceError("not_a_number", f"{what}: is not a number")
    try:
        value = float(found)
    except OverflowError as e:
        raise SourceError("not_a_number", f"{what}: is too large") from e
    if not isfinite(value) or value < 0:
        raise SourceError("not_a_number", f"{what}: is not a finite number of 0 or more")
    return value


def moment(found: object) -> float:
    """Epoch seconds of a document's own time: a number or RFC 3339 with its zone."""
    if not isinstance(found, str):
        return number(found, "timestamp")
    try:
        parsed = datetime.fromisoformat(found)
    except ValueError as e:
        raise SourceError("bad_timestamp", "timestamp: neither epoch seconds nor RFC 3339") from e
    if parsed.tzinfo is None:
        raise SourceError("bad_timestamp", "timestamp: has no zone")
    return parsed.timestamp()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SourceError("duplicate_key", "an object of the document has a key twice")
    return found


def _no_constant(_: str) -> object:
    raise SourceError("not_a_number", "the document has NaN or Infinity")
