"""What registration makes of a script: the plan as stored, what is foretold and lost, or why it is refused.

What is described more than once (a relation's fingerprint) stands once in a file, under a number.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg

from monitor.demo.postgres import Server
from monitor.errors import PlanRefused
from monitor.plan import trips
from monitor.plan.prepare import Options, Prepared, prepare
from monitor.plan.stored import Plan, from_stored
from monitor.plan.take_fingerprint import take
from monitor.schema import fingerprint_file, relation
from monitor.schema.relation import Fingerprint
from monitor.sql import scripts
from monitor.statements.registry import kind_of
from tests import servers
from tests.golden import corpus
from tests.golden.corpus import Built, Script
from tests.golden.text import changed, dumped, filled, plain
from tests.rollbacks import SUPERUSER, connected

SHORT = 12
"""Characters of a digest."""

CONSTANT = {"role": SUPERUSER, "data_loss": "salvage"}
PATH = '"$user", public'
"""What is so of nearly every plan and is not written down then."""

NEWEST = 18
NOT_HERE = "this server has no such syntax for the schema"

EXTENSION = "EXTENSION_THAT_IS_THERE"
"""In a script: one of those that come with PostgreSQL's own packages or with the wheel."""


@dataclass
class Pool:
    """Parts of fingerprints, each under its label and a number."""

    known: dict[str, list[Any]] = field(default_factory=dict)

    def put(self, label: str, value: Any) -> str:
        """The name under which it is found."""
        seen = self.known.setdefault(label, [])
        if value not in seen:
            seen.append(value)
        return f"{label} #{seen.index(value) + 1}"

    def shown(self) -> dict[str, Any]:
        return {f"{k} #{n}": filled(v) for k, found in self.known.items() for n, v in enumerate(found, 1)}


async def family(server: Server, name: str) -> str:
    """The text of one file of scripts."""
    pool, found = Pool(), dict[str, Any]()
    for built, its_scripts in corpus.scripts(name):
        try:
            more = await _of_database(server, built, its_scripts, pool)
        except asyncpg.PostgresSyntaxError:
            if server.binaries.major == NEWEST:
                raise
            more = {script.name: NOT_HERE for script in its_scripts}
        assert not found.keys() & more.keys(), f"two scripts of {name}.sql have one name"
        found |= more
    return dumped({"plans": found, "things": pool.shown()})


async def _of_database(
    server: Server, built: Built, its_scripts: Sequence[Script], pool: Pool
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    async with database(server, built) as (dsn, before):
        for script in its_scripts:
            options = Options(
                script.data_loss, script.accept, script.opaque, allow_superuser=SUPERUSER, before=before
            )
            assert script.name not in found, f"two scripts are called {script.name}"
            found[script.name] = await told(dsn, script, options, pool)
    return found


@contextlib.asynccontextmanager
async def database(
    server: Server, built: Built
) -> AsyncIterator[tuple[str, fingerprint_file.Document | None]]:
    """A database as it is before the rollback; the fingerprint of before the migration, if there was one."""
    name = await servers.new_database(server)
    try:
        dsn, before = server.dsn(name), None
        extension = await extension_of(dsn)
        async with connected(dsn) as c:
            if built.schema:
                await c.execute(built.schema.replace(EXTENSION, extension))
            if built.migration:
                before = replace(await take(dsn), taken_at=1_700_000_000)
                await c.execute(built.migration.replace(EXTENSION, extension))
        yield dsn, before
    finally:
        await servers.drop_database(server, name)


async def extension_of(dsn: str) -> str:
    """An extension that this server has."""
    async with connected(dsn) as c:
        there = "SELECT min(name) FROM pg_available_extensions WHERE name IN ('citext', 'vector')"
        return str(await c.fetchval(there))


async def told(dsn: str, script: Script, options: Options, pool: Pool) -> Any:
    """The plan as it is stored and what follows from it, or each reason against it with its line."""
    extension = await extension_of(dsn) if EXTENSION in script.sql else ""
    sql = script.sql.replace(EXTENSION, extension)
    try:
        prepared = await prepare(dsn, sql.encode(), options)
    except PlanRefused as e:
        said = [[p.line, p.where, p.what] if p.where else [p.line, p.what] for p in e.problems]
        return plain(_named(said, extension))
    return _named(
        {"stored": stored(prepared, pool), "follows": follows(from_stored(prepared.stored), prepared)},
        extension,
    )


def _named(value: Any, extension: str) -> Any:
    """With a stand-in for the extension's name, which is another on each server."""
    if not extension:
        return value
    match value:
        case str():
            return value.replace(extension, EXTENSION)
        case dict():
            return {_named(k, extension): _named(v, extension) for k, v in value.items()}
        case list() | tuple():
            return [_named(v, extension) for v in value]
    return value


def stored(prepared: Prepared, pool: Pool) -> Any:
    """`watch.plan` and `watch.fingerprint`, without what is empty and what was measured.

    Hashes are left out where they are those of the text beside them; `digest` is of everything.
    """
    row: dict[str, Any] = plain(prepared.stored.plan)
    row["estimated_seconds"] = 0
    row["measured"] = dict.fromkeys(row["measured"], 0)
    row["notices"] = [n for n in row["notices"] if not n.startswith("estimated ")]
    row["warnings"] = [w for w in row["warnings"] if "more than max_locked" not in w]
    print_: dict[str, Any] = plain(prepared.stored.fingerprint)
    if "before" in print_:
        packed = fingerprint_file.unpack(print_["before"]["packed"])
        objects = {"database" if name.startswith("database ") else name: o for name, o in packed.items()}
        print_["before"] = {**print_["before"], "packed": scripts.sha256_of(dumped(objects))[:SHORT]}
    digest = scripts.sha256_of(dumped([row, print_]))[:SHORT]
    for part in ("relations", "descendants", "others", "remade"):
        if part in print_:
            print_[part] = {k: v and pool.put(k, v) for k, v in print_[part].items()}
    for text in (row, *row["statements"]):
        _without_hash(text)
    if row["given"] == prepared.stored.sql:
        del row["given"]
    else:
        row["sql"] = prepared.stored.sql
    constant = {k: v for k, v in CONSTANT.items() if row.get(k) == v}
    shown = {k: v for k, v in row.items() if k not in constant}
    path = {} if prepared.stored.search_path == PATH else {"search_path": prepared.stored.search_path}
    return {**filled(shown), "fingerprint": filled(print_), "digest": digest, **path}


def _without_hash(of: dict[str, Any]) -> None:
    for hash_, text in (("sha256", "text"), ("given_sha256", "given")):
        if hash_ in of and of[hash_] == scripts.sha256_of(of[text]):
            del of[hash_]


def _json(found: Fingerprint) -> Any:
    """As it would be stored; what can't be foretold as ANY."""
    row = relation.to_json(found)
    for label, entry in found.relations.items():
        if entry is relation.ANY:
            row["relations"][label] = entry
        elif entry is not None and not entry.foreseen:
            row["relations"][label]["columns"] = relation.ANY
    return plain(row)


def follows(registered: Plan, prepared: Prepared) -> Any:
    """Read back from what is stored: the schema that is foretold, locks, groups, losses."""
    forecast = registered.forecast()
    named = sorted(registered.named)
    resolved = {k: v for k, v in prepared.resolution if registered.resolution[k] != v}
    return filled({
        "foretold": changed(_json(registered.fingerprint), _json(forecast.expected)),
        "leeway": plain(forecast.leeway),
        "still to do": [str(d) for d in registered.undone(registered.fingerprint)],
        "scans": plain(forecast.scanned),
        "works on": dict(forecast.worked_on),
        "makes": forecast.made_on,
        "keys": plain(forecast.made_keys),
        "taken": forecast.taken,
        "groups": [
            {"steps": sorted(g.steps), "outside": not g.transactional, "locks": registered.locked_for(g),
             "salvages": [d.name for d in registered.salvaged_by(g)]}
            for g in registered.groups
        ],
        "locked": registered.locked,
        "trips": trips.most(registered),
        "fates": {d.name: registered.fate_of(d).value for d in registered.destroyed},
        "shows": registered.shows,
        "no trace": sorted(
            {a.kind for s in registered.statements for a in s.actions if not kind_of(a).trace(a)}
        ),
        "reaches further": registered.reaches_further,
        "named": named if named != sorted(registered.labels) else [],
        "resolved": resolved,
    })  # fmt: skip
