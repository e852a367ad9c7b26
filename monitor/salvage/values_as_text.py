"""Values as text and back: by the output and input functions of their types, never by a cast to text.

A cast is whatever somebody made of it: `CREATE CAST (mood AS text)` may say less than the value does, and
that of character(n) loses its blanks. What an output function writes depends on settings: they are pinned.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator

from monitor.pg import MARK, Connection

WRITING = {
    "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "bytea_output": "hex",
    "extra_float_digits": "1", "xmlbinary": "base64", "lc_monetary": "C", "TimeZone": "UTC",
}  # fmt: skip
"""What decides how a value is written: whole, and so that it is read the same under any other setting."""

READING = {name: WRITING[name] for name in ("extra_float_digits", "lc_monetary")}
"""What still matters where it is read. The others are left alone: triggers that fire then may need them."""

CURRENT = """/* migration-monitor: how values are written */
SELECT pg_catalog.json_object_agg(s.name, pg_catalog.current_setting(s.name))::text
  FROM pg_catalog.unnest($1::text[]) AS s(name)"""

SET = """/* migration-monitor: how values are written */
SELECT pg_catalog.set_config(s.key, s.value, true) FROM pg_catalog.json_each_text($1::text::json) s"""

WAS = "migration_monitor.was_"

PIN_WRITING = "; ".join(
    f"{MARK} SELECT {settings}"
    for settings in (
        ", ".join(
            f"pg_catalog.set_config('{WAS}{name}', pg_catalog.current_setting('{name}'), true)"
            for name in WRITING
        ),
        ", ".join(f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in WRITING.items()),
    )
)
"""In an open transaction, among other statements; UNPIN_WRITING sets again what was set before."""

UNPIN_WRITING = f"{MARK} SELECT " + ", ".join(
    f"pg_catalog.set_config('{name}', pg_catalog.current_setting('{WAS}{name}'), true)" for name in WRITING
)

PIN_READING = "SELECT " + ", ".join(
    f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in READING.items()
)


@contextlib.asynccontextmanager
async def pinned(connection: Connection) -> AsyncIterator[None]:
    """Until the end of the block, in an open transaction; what was set before is set again behind it."""
    before = await connection.fetchval(CURRENT, list(WRITING))
    await connection.execute(SET, json.dumps(WRITING))
    yield  # after an error the transaction is aborted, and nothing is left to set
    await connection.execute(SET, before)


def written(value: str) -> str:
    """As its type writes it. IS DISTINCT FROM, since a row of nulls IS NULL and is a value all the same."""
    return f"CASE WHEN {value} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {value}) END"


def read(value: str, type_: str) -> str:
    """As its type reads it: as the one element of an array, whose elements no cast is asked for."""
    if type_.endswith("[]"):
        return f"{value}::{type_}"
    escaped = rf"""pg_catalog.replace(pg_catalog.replace({value}, E'\\', E'\\\\'), '"', E'\\"')"""
    return f"""(('{{"' || {escaped} || '"}}')::{type_}[])[1]"""
