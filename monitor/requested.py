"""A watch as a program asks for it over HTTP: from a JSON body to a request, or one sentence against it.

Pure code; what the request means for a database is registration's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Mode
from monitor.errors import OperatorError
from monitor.ports import Json, WatchRequest

FIELDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "migration": ((str,), "text"),
    "rollback": ((str,), "the SQL's text"),
    "target": ((str,), "text"),
    "mode": ((str,), "text"),
    "data_loss": ((str,), "text"),
    "accept_loss": ((list,), "a list of TABLE or TABLE.COLUMN"),
    "allow_opaque": ((bool,), "true or false"),
    "started_at": ((int, float), "epoch seconds, a number"),
    "no_rollback": ((bool,), "true or false"),
    "before": ((dict,), "the document that `fingerprint` wrote"),
}
"""Each key, what JSON may hold for it, and that in words."""

LATEST = 253_402_300_799
"""The last second of the year 9999."""


def request_from(body: Json) -> WatchRequest:
    """The request in a JSON body: migration, rollback (the SQL's text), else as `watch` takes it."""
    for name, value in body.items():
        if name not in FIELDS:
            raise OperatorError(f"unknown key {name!r}: use {', '.join(FIELDS)}")
        types, words = FIELDS[name]
        if value is not None and not isinstance(value, types):
            raise OperatorError(f"{name} must be {words}")
    given: dict[str, Any] = {name: value for name, value in body.items() if value is not None}
    if "migration" not in given:
        raise OperatorError("migration is missing")
    started = given.get("started_at")
    return WatchRequest(
        migration=given["migration"],
        rollback=_bytes(given["rollback"]) if "rollback" in given else None,
        target=given.get("target"),
        mode=_mode(given.get("mode", Mode.AUTO.value)),
        data_loss=given.get("data_loss", "salvage"),
        accept_loss=tuple(str(name) for name in given.get("accept_loss", ())),
        allow_opaque=given.get("allow_opaque", False),
        started_at=None if started is None else _moment(started),
        no_rollback=given.get("no_rollback", False),
        before=json.dumps(given["before"]).encode() if "before" in given else None,
    )


def _bytes(rollback: str) -> bytes:
    try:
        return rollback.encode()
    except UnicodeEncodeError:
        raise OperatorError(
            "rollback is not text that UTF-8 can hold: it has half a surrogate pair"
        ) from None


def _moment(seconds_since_epoch: float) -> Micros:
    if isinstance(seconds_since_epoch, bool) or not 0 <= seconds_since_epoch <= LATEST:
        raise OperatorError(f"started_at must be epoch seconds, a number from 0 to {LATEST:.0f}")
    return round(seconds_since_epoch * SECOND)


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        raise OperatorError(f"no mode {text!r}: use {', '.join(m.value for m in Mode)}") from None
