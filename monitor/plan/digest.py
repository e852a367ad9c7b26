"""One number for everything of a registration that its rollback relies on.

The server computes it over the stored row itself, once at registration and again wherever the row is
relied upon. It is shown at registration, so that a deploy's log has it: whoever may UPDATE the row can
also UPDATE the digest beside it, but not what was printed, nor what a running daemon has loaded.
"""

from __future__ import annotations

DIGEST = """pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.jsonb_build_array(
    w.id, w.migration, w.target, w.mode, w.plan_sql, w.plan_sha256, w.plan, w.search_path,
    w.system_identifier, w.timeline, w.fingerprint)::text, 'UTF8')), 'hex')"""
"""SQL: hex sha256 of the row `w` of migration_monitor.watch."""

INTACT = f"(w.plan_digest = {DIGEST})"
"""SQL: whether the row `w` is what was registered."""

SEAL = f"/* migration-monitor */ UPDATE migration_monitor.watch w SET plan_digest = {DIGEST} WHERE w.id = $1"
"""SQL: in the transaction of the registration."""
