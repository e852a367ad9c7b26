"""What a request may say: bodies and query values, strict and bounded. Raises Refusal."""

from __future__ import annotations

import asyncio
import json
from math import isfinite
from typing import Any

from starlette.requests import ClientDisconnect, Request

from monitor.ports import Json
from monitor.web.guard import Refusal

BODY_DEADLINE = 10.0
"""Seconds for a body to arrive; whoever sends slower is not an operator."""

CONTROL_BYTES = 16 << 10
"""A reason of a few lines."""

REGISTRATION_BYTES = 4 << 20
"""Rollback SQL is at most 1 MiB; JSON escapes make it longer."""

MOMENT_MAX = 253_402_300_799
"""The last second of the year 9999: later ones are milliseconds, and no timestamp of a database's."""

REASON_MAX = 1000
LIMIT_MAX = 10_000
LIMIT_DEFAULT = 1000
"""Rows of one answer."""

SLOTS_MAX = 2000
SLOTS_DEFAULT = 400
"""Slots of a chart: about one for each two pixels of a screen."""


async def json_object(request: Request, limit: int) -> Json:
    """The body as an object; {} when it is empty."""
    body = await _body(request, limit)
    if not body.strip():
        return {}
    try:
        found = json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as e:
        raise Refusal(400, "the body is not valid JSON") from e
    if not isinstance(found, dict):
        raise Refusal(400, "the body must be a JSON object")
    return found


def reason_of(body: Json) -> str:
    """The reason a person gave; "" without one. Anything else in the body is a slip."""
    unknown = sorted(set(body) - {"reason"})
    reason = body.get("reason") or ""
    if unknown or not isinstance(reason, str) or len(reason) > REASON_MAX or "\0" in reason:
        raise Refusal(400, f'the body may hold only "reason", a text of at most {REASON_MAX} characters')
    return reason


def number(request: Request, name: str) -> float:
    """A finite query value >= 0; 0 without one."""
    try:
        value = float(request.query_params.get(name) or 0)
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise Refusal(400, f"{name} must be a number that is 0 or more")
    return value


def moment(request: Request, name: str) -> float:
    """Epoch seconds up to MOMENT_MAX; 0 without one."""
    value = number(request, name)
    if value > MOMENT_MAX:
        raise Refusal(400, f"{name} must be a time in seconds since 1970, at most {MOMENT_MAX}")
    return value


def limit(request: Request, name: str = "limit", most: int = LIMIT_MAX, usual: int = LIMIT_DEFAULT) -> int:
    """How many rows or slots; 1 to `most`."""
    text = request.query_params.get(name) or str(usual)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise Refusal(400, f"{name} must be a whole number from 1 to {most}")
    return int(text)


async def _body(request: Request, most: int) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            async for piece in request.stream():
                parts += piece
                if len(parts) > most:
                    raise Refusal(413, f"the body is over {most} bytes")
    except TimeoutError as e:
        raise Refusal(408, f"the body did not arrive within {BODY_DEADLINE:g} s") from e
    except ClientDisconnect as e:
        raise Refusal(400, "the body did not arrive") from e
    return bytes(parts)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
