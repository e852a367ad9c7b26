"""Documents that are nearly right: real ones with bytes changed, left out, doubled, or cut off."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

ODD = (
    b"", b"\0", b"\n", b"\r", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"#", b" ", b"\t", b"-",
    b"1e999", b"NaN", b"+Inf", b"-1", b"0x1p4", b"1_0", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xc2\x85", b"\xe2\x80\xa8",
    b"\xd9\xa1", b"9" * 400, b"[" * 300, b"null", b"true", b'""', b"{}", b"${", b"/*", b"--", b"$$",
    b"\x1b[31m",
)  # fmt: skip
"""What parsers stumble over."""


@st.composite
def mutated(draw: DrawFn, documents: Sequence[bytes], most: int = 6) -> bytes:
    """One of the documents after a few such changes."""
    data = draw(st.sampled_from(documents))
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 5, 30]))
        twice = data[at : at + length] * 2
        piece = draw(st.one_of(st.sampled_from(ODD), st.binary(max_size=4), st.just(twice)))
        data = data[:at] + piece + data[at + length :]
    return data if draw(st.integers(0, 9)) else data[: draw(st.integers(0, len(data)))]


def texts(most: int = 40) -> st.SearchStrategy[str]:
    """Any text, and the odd pieces among words."""
    odd = st.sampled_from([piece.decode("latin-1") for piece in ODD])
    return st.one_of(
        st.text(max_size=most), st.lists(st.one_of(odd, st.text(max_size=8)), max_size=8).map("".join)
    )


def json_values(leaves: int = 12) -> st.SearchStrategy[object]:
    """Any JSON value, with numbers that no float holds."""
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.text(max_size=12)
    )
    return st.recursive(scalars, _inside, max_leaves=leaves)


def _inside(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)


def as_json(value: object) -> bytes:
    """With NaN and Infinity, which a strict reader refuses."""
    return json.dumps(value).encode()


@st.composite
def altered(draw: DrawFn, document: object, most: int = 3) -> object:
    """A document in which a few values are others, or missing, or there twice."""
    for _ in range(draw(st.integers(1, most))):
        document = _altered(draw, document)
    return document


def _altered(draw: DrawFn, value: object) -> object:
    inside = isinstance(value, dict | list) and bool(value)
    if not inside or draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(json_values(4), st.sampled_from([-1, 0, 1e308, "nan", "-1", [], {}, None])))
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value, key=str)))
        if draw(st.integers(0, 4)) == 0:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: _altered(draw, value[key])}
    assert isinstance(value, list)
    at = draw(st.integers(0, len(value) - 1))
    middle = draw(st.sampled_from([[], [value[at], value[at]], None]))
    return [*value[:at], *([_altered(draw, value[at])] if middle is None else middle), *value[at + 1 :]]
