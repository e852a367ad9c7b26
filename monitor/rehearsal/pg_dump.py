"""Which `pg_dump` to use, and how it is called: nothing secret in its arguments, nothing raw from its errors.

An older pg_dump refuses a newer server, a newer one writes for a newer server: the nearest is taken.
This file does not read what was dumped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from monitor.errors import DatabaseError, DatabaseUnreachable, OperatorError
from monitor.libpq import parts_of

DUMP_DEADLINE = 120.0
"""Seconds; 400 tables take about one."""

MAX_DUMP = 64 << 20
"""Bytes of schema; 400 tables are about 300 kB."""

ARGUMENTS = (
    "--schema-only", "--no-owner", "--no-privileges", "--no-subscriptions", "--no-security-labels",
    "--no-tablespaces", "--exclude-schema=migration_monitor", "--exclude-schema=migration_monitor_*",
    "--encoding=UTF8", "--lock-wait-timeout=2s", "--no-password",
)  # fmt: skip
"""No rows, nothing that needs the target's roles, nothing of ours; it queues behind nobody for long."""

BY_QUERY = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "database": "PGDATABASE", "sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT", "sslcrl": "PGSSLCRL", "passfile": "PGPASSFILE", "options": "PGOPTIONS",
    "target_session_attrs": "PGTARGETSESSIONATTRS", "krbsrvname": "PGKRBSRVNAME", "service": "PGSERVICE",
}  # fmt: skip
"""Keys of a connection URL, and the variables by which libpq takes the same."""


@dataclass(frozen=True, slots=True)
class Dumper:
    """One pg_dump and its major version."""

    program: Path
    major: int


async def find(bindirs: Iterable[Path], server: int) -> Dumper:
    """The pg_dump nearest above the major of the server. Raises OperatorError with those there are."""
    on_path = shutil.which("pg_dump")
    programs = [*(bindir / "pg_dump" for bindir in bindirs), *([Path(on_path)] if on_path else [])]
    found = [d for d in await asyncio.gather(*map(_dumper, dict.fromkeys(programs))) if d is not None]
    fitting = [d for d in found if d.major >= server]
    if not fitting:
        there = ", ".join(str(m) for m in sorted({d.major for d in found})) or "none"
        raise OperatorError(
            f"no pg_dump for PostgreSQL {server} (found: {there}): install postgresql-client-{server}"
        )
    return min(fitting, key=lambda d: d.major)


async def dump(dumper: Dumper, dsn: str) -> str:
    """The schema of the database as SQL. Raises DatabaseError in one sentence."""
    process = await asyncio.create_subprocess_exec(
        dumper.program, *ARGUMENTS, env={**os.environ, **environment(dsn)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(DUMP_DEADLINE):
            out, said = await process.communicate()
    except TimeoutError as e:
        raise DatabaseUnreachable(f"pg_dump did not finish within {DUMP_DEADLINE:g} s") from e
    finally:
        await _end(process)
    if process.returncode != 0:
        raise _failed(said.decode(errors="replace"))
    if len(out) > MAX_DUMP:
        raise OperatorError(f"the schema is {len(out)} bytes as SQL, more than {MAX_DUMP}")
    return out.decode()


def environment(dsn: str) -> Mapping[str, str]:
    """The connection as libpq's variables: arguments of a program can be read by everybody, these can't."""
    parts = parts_of(dsn)
    user, _, password = parts.login.partition(":")
    hosts = [_host_and_port(one) for one in parts.places.split(",")] if parts.places else []
    found = {
        "PGHOST": ",".join(host for host, _ in hosts),
        "PGPORT": ",".join(port or "5432" for _, port in hosts) if any(p for _, p in hosts) else "",
        "PGUSER": unquote(user),
        "PGPASSWORD": unquote(password),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    found |= {BY_QUERY[k]: v for k, v in parse_qsl(parts.query) if k in BY_QUERY}
    said = {name: value for name, value in found.items() if value}
    return {**said, "PGAPPNAME": "migration-monitor/rehearsal", "PGCONNECT_TIMEOUT": "5", "LC_ALL": "C"}


def _host_and_port(place: str) -> tuple[str, str]:
    match = re.fullmatch(r"\[([^\]]*)\](?::(\d+))?|([^:]*)(?::(\d+))?", place)
    if match is None:
        return unquote(place), ""
    return unquote(match[1] or match[3] or ""), match[2] or match[4] or ""


async def _dumper(program: Path) -> Dumper | None:
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None
    try:
        async with asyncio.timeout(10):
            out, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        await _end(process)
    match = re.search(rb"(\d+)", out) if process.returncode == 0 else None
    return Dumper(program, int(match[1])) if match else None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _failed(said: str) -> DatabaseError:
    """What pg_dump said, if it speaks of objects; what it says of connections names hosts and users."""
    if "connection to server" in said:
        return DatabaseUnreachable("pg_dump could not connect to the target")
    denied = re.search(r"permission denied for (\w+ [\w.\"$]+)", said)
    if denied:
        return DatabaseError(
            f"pg_dump may not read {denied[1]}: GRANT SELECT on every table, or pg_read_all_data, "
            "to the role of rollback_dsn", "42501",
        )  # fmt: skip
    if "lock timeout" in said or "could not obtain lock" in said:
        return DatabaseUnreachable("pg_dump waited 2 s for a table that somebody changes: try again")
    return DatabaseError("pg_dump failed; run it by hand with --schema-only to see why")
