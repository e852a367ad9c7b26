"""How the server is made to write definitions: the same schema is the same text in every session.

Roles and databases may set anything; what they set must neither show in a fingerprint nor slow it down, and
must be as it was for the statements that follow.
"""

from __future__ import annotations

SETTINGS = {
    "search_path": "",  # every name in a definition is qualified
    "jit": "off",  # compiling the query would take longer than running it
    **dict.fromkeys(("enable_seqscan", "enable_indexscan", "enable_hashjoin", "enable_nestloop"), "on"),
    "quote_all_identifiers": "off",
    "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "TimeZone": "UTC", "bytea_output": "hex",
    "extra_float_digits": "1", "xmlbinary": "base64", "lc_monetary": "C",
}  # fmt: skip

ENTER = "SAVEPOINT migration_monitor_reading; /* migration-monitor */ SELECT " + ", ".join(
    f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in SETTINGS.items()
)
"""In an open transaction; LEAVE takes settings and locks back."""

LEAVE = "ROLLBACK TO SAVEPOINT migration_monitor_reading; RELEASE SAVEPOINT migration_monitor_reading"
