"""The fingerprint's file: the same schema is the same bytes, and what is not a fingerprint is said so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.errors import OperatorError
from monitor.schema import fingerprint_file
from monitor.schema.fingerprint_file import Document, Place
from monitor.schema.whole import Objects

OBJECTS: Objects = {
    "public.contacts": {"kind": "table", "owner": "shop", "columns": {"email": {"type": "text"}}},
    "type public.größe": {"kind": "enum", "labels": ["groß", "klein"]},
}

TAKEN = Document(Place(16, "7300000000000000001", "shop"), OBJECTS)


def test_what_is_written_is_read_again_and_is_the_same_bytes() -> None:
    """Canonical: written again it does not change."""
    data = fingerprint_file.dump(TAKEN)
    assert fingerprint_file.parse(data) == TAKEN
    assert fingerprint_file.dump(fingerprint_file.parse(data)) == data
    assert fingerprint_file.unpack(fingerprint_file.pack(OBJECTS)) == OBJECTS


def test_a_file_laid_out_by_another_program_is_still_the_same_document() -> None:
    """`jq .` changes the spaces, not the digest."""
    pretty = json.dumps(json.loads(fingerprint_file.dump(TAKEN)), indent=2).encode()
    assert fingerprint_file.parse(pretty) == TAKEN


def test_the_moment_it_was_taken_stands_in_it_and_is_no_part_of_the_schema() -> None:
    """Two of the same schema are equal; an edited moment does not fit the digest."""
    later = Document(TAKEN.place, OBJECTS, taken_at=1_800_000_000)
    data = fingerprint_file.dump(later)
    assert fingerprint_file.parse(data) == TAKEN
    assert fingerprint_file.parse(data).taken_at == 1_800_000_000
    assert fingerprint_file.parse(fingerprint_file.dump(TAKEN)).taken_at is None
    with pytest.raises(OperatorError, match="edited or damaged"):
        fingerprint_file.parse(json.dumps({**json.loads(data), "taken_at": 1}).encode())
    with pytest.raises(OperatorError, match="wrong type"):
        fingerprint_file.parse(json.dumps({**json.loads(data), "taken_at": 1.5}).encode())


def edited(**changes: object) -> bytes:
    return json.dumps({**json.loads(fingerprint_file.dump(TAKEN)), **changes}).encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\xff\xfe{}", "not JSON"),
        (fingerprint_file.dump(TAKEN)[:-20], "cut short"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "another kind"),
        (b'{"format": true}', "has format|another kind|lacks"),
        (edited(format=1), "has format 1, this version reads 2"),
        (edited(sha256="0" * 64), "edited or damaged"),
        (edited(database="other"), "edited or damaged"),
        (edited(objects={}), "edited or damaged"),
        (edited(objects=[]), "wrong type"),
        (edited(server_major="16"), "wrong type"),
        (edited(more=1), "lacks a field"),
        (b" " * (fingerprint_file.MAX_BYTES + 1), "more than 16 MiB"),
    ],
)
def test_what_is_not_a_whole_fingerprint_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    """One line each, with the remedy; a person reads it in a deploy's log."""
    with pytest.raises(OperatorError, match=says) as refused:
        fingerprint_file.parse(data)
    assert "\n" not in str(refused.value)


def test_a_digest_that_fits_something_that_is_no_schema_is_refused() -> None:
    """Anybody can compute a digest."""
    no_schemas: list[dict[str, Any]] = [{"a": 1}, {"a": {"columns": []}}, {"a": {"columns": {"b": 1}}}]
    for objects in no_schemas:
        forged = fingerprint_file.dump(Document(TAKEN.place, objects))
        with pytest.raises(OperatorError, match="something else"):
            fingerprint_file.parse(forged)


def test_a_packed_document_that_is_damaged_is_a_value_error() -> None:
    """What can't be read is never taken for an empty schema."""
    for packed in ("", "!!", "AAAA", fingerprint_file.pack(OBJECTS)[:-8]):
        with pytest.raises(ValueError, match=r".*"):
            fingerprint_file.unpack(packed)
