"""A fingerprint as a file: canonical JSON with its format, where it was taken, and a digest over all of it.

The same schema of the same database is the same bytes, but for the moment it was taken. What comes back
is anybody's text: `parse` says in one sentence what is wrong with it. This file asks no database.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.errors import OperatorError
from monitor.schema.objects import NAMED, Objects

FORMAT: Final = 2
"""Changes when the same schema would be described otherwise."""

MAX_BYTES: Final = 16 << 20
"""16 MiB: some 10,000 tables. What is larger is not read."""

AGAIN = "take it again with `migration-monitor fingerprint`"

FIELDS: Final = {
    "format": int, "server_major": int, "system_identifier": str, "database": str, "objects": dict,
    "sha256": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fingerprint was taken. `system_identifier` is "" when the role lacks permission to read it."""

    server_major: int
    system_identifier: str
    database: str


@dataclass(frozen=True, slots=True)
class Document:
    """A fingerprint and where it was taken. `taken_at`: epoch seconds; None: an older one, not said."""

    place: Place
    objects: Objects
    taken_at: int | None = field(default=None, compare=False)


def canonical(value: object) -> bytes:
    """One way to write it: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def dump(document: Document) -> bytes:
    """The file's bytes, one line."""
    body = _body(document)
    return canonical({**body, "sha256": hashlib.sha256(canonical(body)).hexdigest()}) + b"\n"


def parse(data: bytes) -> Document:
    """Raises OperatorError when it is not a fingerprint of ours, whole and unedited."""
    if len(data) > MAX_BYTES:
        raise OperatorError(
            f"the fingerprint has more than {MAX_BYTES >> 20} MiB: it is no fingerprint of ours"
        )
    if not data.strip():
        raise OperatorError(f"the fingerprint is empty: {AGAIN}")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise OperatorError(f"the fingerprint is not JSON, or was cut short: {AGAIN}") from None
    return from_json(value)


def from_json(value: object) -> Document:
    """The same, of JSON that is parsed already."""
    if not isinstance(value, dict) or not isinstance(value.get("format"), int):
        raise OperatorError(f"the fingerprint is JSON of another kind: {AGAIN}")
    if value["format"] != FORMAT:
        raise OperatorError(
            f"the fingerprint has format {value['format']}, this version reads {FORMAT}: {AGAIN}"
        )
    taken_at = value.get("taken_at")
    if (
        value.keys() - {"taken_at"} != FIELDS.keys()
        or any(type(value[k]) is not t for k, t in FIELDS.items())
        or type(taken_at) not in (int, type(None))
    ):
        raise OperatorError(f"the fingerprint lacks a field or has one of the wrong type: {AGAIN}")
    body = {k: v for k, v in value.items() if k != "sha256"}
    if hashlib.sha256(canonical(body)).hexdigest() != value["sha256"]:
        raise OperatorError(f"the fingerprint was edited or damaged, its digest does not fit: {AGAIN}")
    if not _is_objects(value["objects"]):
        raise OperatorError(f"the fingerprint holds something else than objects: {AGAIN}")
    place = Place(value["server_major"], value["system_identifier"], value["database"])
    return Document(place, value["objects"], taken_at)


def pack(objects: Objects) -> str:
    """For storing beside the watch: the whole document, small (a tenth or less), text."""
    return base64.b64encode(zlib.compress(canonical(objects), 9)).decode()


def unpack(packed: str) -> Objects:
    """Raises ValueError when it is not what `pack` made."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(base64.b64decode(packed, validate=True), MAX_BYTES)
    except zlib.error as e:
        raise ValueError(str(e)) from e
    if not unpacking.eof:
        raise ValueError("the packed fingerprint is cut short or too large")
    found: Objects = json.loads(unpacked)
    return found


def _body(document: Document) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "server_major": document.place.server_major,
        "system_identifier": document.place.system_identifier,
        "database": document.place.database,
        "objects": document.objects,
        **({} if document.taken_at is None else {"taken_at": document.taken_at}),
    }


def _is_objects(objects: dict[str, Any]) -> bool:
    """Entries are objects; their named parts are objects of objects."""
    for entry in objects.values():
        if not isinstance(entry, dict):
            return False
        for part in NAMED.keys() & entry.keys():
            named = entry[part]
            if not isinstance(named, dict) or not all(isinstance(v, dict) for v in named.values()):
                return False
    return True
