"""What a schema holds beside relations, functions and types, as the server's major knows it.

Publications, casts, operators, text search, foreign servers, default privileges, settings and the like: a
row of each catalogue is one object, named as the server identifies it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

REST = files("monitor.schema").joinpath("whole_rest.sql").read_text(encoding="utf-8")

TABLES = """'tables', (SELECT pg_catalog.json_agg(r.prrelid::pg_catalog.regclass::text
             ORDER BY r.prrelid::pg_catalog.regclass::text)
             FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid)"""

TABLES_15 = """'tables', (SELECT pg_catalog.json_agg(pg_catalog.concat(r.prrelid::pg_catalog.regclass,
              ' (' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                                                    ORDER BY a.attname)
                         FROM pg_catalog.pg_attribute a
                        WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) || ')',
              ' WHERE ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid))
              ORDER BY r.prrelid::pg_catalog.regclass::text)
             FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid),
           'schemas', (SELECT pg_catalog.json_agg(n.pnnspid::pg_catalog.regnamespace::text
              ORDER BY n.pnnspid::pg_catalog.regnamespace::text)
             FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)"""

PARAMETERS_15 = """UNION ALL
  SELECT 'pg_catalog.pg_parameter_acl'::pg_catalog.regclass, a.oid,
         pg_catalog.json_build_object('privileges', a.paracl::text[])
    FROM pg_catalog.pg_parameter_acl a"""

SUBSCRIBED = {
    14: "'streaming', s.substream",
    15: "'two_phase', s.subtwophasestate <> 'd', 'disable_on_error', s.subdisableonerr",
    16: "'password_required', s.subpasswordrequired, 'run_as_owner', s.subrunasowner, 'origin', s.suborigin",
    17: "'failover', s.subfailover",
}
"""Read one by one: the connection's text is for superusers only."""


@cache
def query(major: int) -> str:
    """The question for a server of this major."""
    subscribed = ", ".join(sql for since, sql in SUBSCRIBED.items() if major >= since)
    parts = {
        "{published}": TABLES_15 if major >= 15 else TABLES,
        "{parameters}": PARAMETERS_15 if major >= 15 else "",
        "{subscribed}": subscribed,
    }
    text = REST
    for place, sql in parts.items():
        text = text.replace(place, sql)
    return text
