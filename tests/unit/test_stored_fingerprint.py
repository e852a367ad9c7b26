"""A fingerprint as it is stored, whoever wrote into the table."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.schema.relation import Fingerprint, from_json, to_json

NOT_OURS: list[dict[str, Any]] = [
    {},
    {"relations": [], "others": {}},
    {"relations": {}, "others": []},
    {"relations": {"public.t": "a table"}, "others": {}},
    {"relations": {"public.t": {"columns": []}}, "others": {}},
    {"relations": {"public.t": {"kind": "table"}}, "others": {}},
    {"relations": {}, "others": {"type t": {"label": "type t"}}},
]


@pytest.mark.parametrize("row", NOT_OURS, ids=str)
def test_what_is_none_is_told_by_an_error_that_is_expected(row: dict[str, Any]) -> None:
    """The executor answers these three with a refusal; another would end the target's loop."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(row)


def test_one_of_nothing_comes_back_as_it_was() -> None:
    """Without keys for what there is none of."""
    stored = to_json(Fingerprint({}, {}))
    assert stored == {"relations": {}, "others": {}, "descendants": {}}
    assert from_json(stored) == Fingerprint({}, {})
