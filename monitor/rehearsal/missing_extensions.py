"""Extensions of the target that the scratch server can't have: which a clone may do without.

One that nothing of the schema stands on, and that neither the plan nor the migration names, is left out of
the clone, and the rehearsal says so. This file makes none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.errors import OperatorError
from monitor.pg import Connection

THERE = r"""/* migration-monitor: extensions of the target, what stands on them, and what they hold */
WITH members AS MATERIALIZED (
  SELECT d.classid, d.objid, d.refobjid AS extension FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
)
SELECT e.extname::text AS name, pg_catalog.quote_ident(e.extname) AS quoted,
       EXISTS (SELECT FROM members m
                 JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
                  AND d.deptype IN ('n', 'a', 'x')
                WHERE m.extension = e.oid
                  AND NOT EXISTS (SELECT FROM members o WHERE o.classid = d.classid AND o.objid = d.objid)
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend i  -- a part of a member
                                    JOIN members o ON o.classid = i.refclassid AND o.objid = i.refobjid
                                   WHERE i.classid = d.classid AND i.objid = d.objid
                                     AND i.deptype IN ('i', 'a'))) AS used,
       ARRAY(SELECT r.extname::text
               FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension r ON r.oid = d.objid
              WHERE d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
                AND d.refobjid = e.oid) AS needed_by,
       ARRAY(SELECT DISTINCT coalesce(i.name,
                      pg_catalog.regexp_replace(pg_catalog.split_part(i.identity, '(', 1), '^.*\.', ''))
               FROM members m, pg_catalog.pg_identify_object(m.classid, m.objid, 0) i
              WHERE m.extension = e.oid) AS names
  FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql' ORDER BY 1"""

MAY_MAKE = """/* migration-monitor: extensions that the scratch role may make */
SELECT a.name::text AS name, NOT v.superuser OR v.trusted OR r.rolsuper AS may_make
  FROM pg_catalog.pg_available_extensions a
  JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
  JOIN pg_catalog.pg_roles r ON r.rolname = current_user"""

_WORDS = re.compile(r'"((?:[^"]|"")+)"|(\w+)')


@dataclass(frozen=True, slots=True)
class _Extension:
    name: str
    quoted: str
    used: bool
    needed_by: frozenset[str]
    names: frozenset[str]  # of its members, without their schema


@dataclass(frozen=True, slots=True)
class Omitted:
    """Extensions without which the clone is made, as written in the dump, by their names."""

    quoted: Mapping[str, str]

    @property
    def labels(self) -> frozenset[str]:
        """As in a fingerprint."""
        return frozenset(f"extension {q}" for q in self.quoted.values())

    @property
    def notes(self) -> list[str]:
        """A sentence for people; [] when the clone has all."""
        if not self.quoted:
            return []
        return [
            f"left out of the clone: the extension {', '.join(sorted(self.quoted))}, which the scratch "
            "server does not have or its role may not make; nothing of the schema or of the plan uses it"
        ]

    def without(self, dump: str) -> str:
        """The dump without the statements that make them."""
        for quoted in self.quoted.values():
            name = re.escape(quoted)
            create = rf"^CREATE EXTENSION IF NOT EXISTS {name}(?: [^\n]*)?;\n"
            comment = rf"^COMMENT ON EXTENSION {name} IS '(?:[^']|'')*';\n"
            for statement in (create, comment):
                dump = re.sub(statement, "", dump, count=1, flags=re.MULTILINE)
        return dump


async def omitted(target: Connection, scratch: Connection, texts: str) -> Omitted:
    """Raises OperatorError for those that the schema, the plan or the migration (`texts`) uses."""
    there = [
        _Extension(r["name"], r["quoted"], r["used"], frozenset(r["needed_by"]), frozenset(r["names"]))
        for r in await target.fetch(THERE)
    ]
    available = {r["name"]: r["may_make"] for r in await scratch.fetch(MAY_MAKE)}
    lacking = [e for e in there if not available.get(e.name)]
    missing = frozenset(e.name for e in lacking)
    words = {(q.replace('""', '"') or w.lower()) for q, w in _WORDS.findall(texts)}
    for e in lacking:
        if e.used or e.needed_by - missing or words & {e.name, *e.names}:
            raise OperatorError(_refusal(e.name, forbidden=e.name in available))
    return Omitted({e.name: e.quoted for e in lacking})


def _refusal(name: str, *, forbidden: bool) -> str:
    if forbidden:
        return (
            f"the scratch role may not make the extension {name}, which the target's schema or the plan "
            "uses: rehearse with a role that may, such as a superuser of a test server"
        )
    return (
        f"the scratch server lacks the extension {name}, which the target's schema or the plan uses: "
        "install it there"
    )
