"""Which pg_dump is taken, what its process is told, and what a dump becomes before it is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import DatabaseError, DatabaseUnreachable, OperatorError
from monitor.rehearsal import clone as rehearsal_clone
from monitor.rehearsal import pg_dump as rehearsal_tools

CANARY = "canary-77d0"


def pretended(folder: Path, major: int, script: str = "") -> Path:
    """A bin directory with a program that says it is pg_dump of this major."""
    bindir = folder / str(major)
    bindir.mkdir()
    program = bindir / "pg_dump"
    version = f'[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {major}.4" && exit\n'
    program.write_text(f"#!/bin/sh\n{version}{script}\n")
    program.chmod(0o755)
    return bindir


async def test_the_nearest_pg_dump_above_the_server_is_taken(tmp_path: Path) -> None:
    """An older one refuses the server, a much newer one writes for its own."""
    bindirs = [pretended(tmp_path, major) for major in (91, 93, 99)]
    found = await rehearsal_tools.find([*bindirs, tmp_path / "none"], 92)
    assert (found.major, found.program) == (93, bindirs[1] / "pg_dump")
    assert (await rehearsal_tools.find(bindirs, 93)).major == 93


async def test_no_fitting_pg_dump_is_one_sentence(tmp_path: Path) -> None:
    """With the majors that were found, and the package to install."""
    with pytest.raises(OperatorError) as caught:
        await rehearsal_tools.find([pretended(tmp_path, 91)], 98)
    assert "no pg_dump for PostgreSQL 98 (found: " in str(caught.value)
    assert "91): install postgresql-client-98" in str(caught.value)


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        (
            f"postgresql://u%40x:{CANARY}@db.example:5433/shop?sslmode=verify-full&search_path=x",
            {"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "u@x", "PGPASSWORD": CANARY,
             "PGDATABASE": "shop", "PGSSLMODE": "verify-full"},
        ),
        ("postgresql://u@[::1]:1/d", {"PGHOST": "::1", "PGPORT": "1", "PGUSER": "u", "PGDATABASE": "d"}),
        ("postgresql://u@a:1,b/d", {"PGHOST": "a,b", "PGPORT": "1,5432", "PGUSER": "u", "PGDATABASE": "d"}),
        ("postgresql:///d?host=/run/pg&user=u", {"PGHOST": "/run/pg", "PGUSER": "u", "PGDATABASE": "d"}),
    ],
)  # fmt: skip
def test_a_connection_becomes_variables(dsn: str, expected: dict[str, str]) -> None:
    """Of the address as asyncpg reads it; what only asyncpg knows is left out."""
    found = dict(rehearsal_tools.environment(dsn))
    assert {
        k: v for k, v in found.items() if k not in {"PGAPPNAME", "PGCONNECT_TIMEOUT", "LC_ALL"}
    } == expected


async def test_the_password_is_no_argument(tmp_path: Path) -> None:
    """Arguments can be read by everybody on the machine, the environment of a process can't."""
    bindir = pretended(tmp_path, 99, 'echo "$@"; echo "$PGPASSWORD" >&2; [ -n "$PGPASSWORD" ]')
    dumper = await rehearsal_tools.find([bindir], 99)
    said = await rehearsal_tools.dump(dumper, f"postgresql://u:{CANARY}@127.0.0.1:9/d")
    assert "--schema-only" in said
    assert CANARY not in said


@pytest.mark.parametrize(
    ("said", "kind", "text"),
    [
        (
            f"pg_dump: connection to server at {CANARY} failed",
            DatabaseUnreachable,
            "could not connect",
        ),
        (
            "pg_dump: failed: ERROR: permission denied for table a",
            DatabaseError,
            "GRANT SELECT",
        ),
        ("ERROR:  canceling statement due to lock timeout", DatabaseUnreachable, "waited 2 s"),
        (f"what is this {CANARY}", DatabaseError, "run it by hand"),
    ],
)
async def test_what_pg_dump_says_is_told_in_our_words(
    tmp_path: Path, said: str, kind: type[DatabaseError], text: str
) -> None:
    """Its own text names hosts and users."""
    dumper = await rehearsal_tools.find([pretended(tmp_path, 99, f'echo "{said}" >&2; exit 1')], 99)
    with pytest.raises(kind, match=text) as caught:
        await rehearsal_tools.dump(dumper, "postgresql://u@127.0.0.1:9/d")
    assert CANARY not in str(caught.value)


def test_a_dump_loses_what_only_psql_and_newer_servers_know() -> None:
    """In its head only: the bodies of functions are left byte for byte."""
    body = "CREATE FUNCTION f() AS $$\nSET newer = 1;\n\\restrict me\n$$;\n"
    dump = f"\\restrict Tok1\n\nSET known = 0;\nSET newer = 0;\n\n{body}\\unrestrict Tok1\n"
    assert rehearsal_clone.playable(dump, {"known"}) == f"\nSET known = 0;\n\n{body}"
