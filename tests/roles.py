"""The roles of deploy/roles.sql on a test's database, as an administrator would make them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests import servers
from tests.rollbacks import connected

ROLES = Path(__file__).parent.parent / "deploy" / "roles.sql"

OWNER, POLLING, ROLLBACK, HISTORY = "shop_owner", "shop_monitor", "shop_rollback", "shop_history"
STRANGER = "shop_stranger"
"""Of no right at all but to log in: what PUBLIC may."""

LOGINS = f"""
DO $$ BEGIN CREATE ROLE {OWNER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE {STRANGER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
"""


@dataclass(frozen=True, slots=True)
class Dsns:
    """One database as each of the roles reaches it; `admin` is the superuser."""

    admin: str
    owner: str
    polling: str
    rollback: str
    stranger: str


async def make_roles(admin: str) -> Dsns:
    """The application's owner, a stranger, and what roles.sql makes; `admin`: a superuser's DSN."""
    async with connected(admin) as c:
        await c.execute(LOGINS)
        await c.execute(f"GRANT CREATE ON SCHEMA public TO {OWNER}")
    await run_roles(admin, owner=OWNER, polling=POLLING, rollback=ROLLBACK)
    return Dsns(admin, *(as_role(admin, role) for role in (OWNER, POLLING, ROLLBACK, STRANGER)))


def as_role(dsn: str, role: str) -> str:
    """The same database for another role."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))


@asynccontextmanager
async def outsider(admin: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session of the stranger."""
    async with connected(admin) as c:
        await c.execute(LOGINS)
    session = await asyncpg.connect(as_role(admin, STRANGER))
    try:
        yield session
    finally:
        await session.close()


async def run_roles(admin: str, **variables: str) -> None:
    """Runs the file by psql, as its head says."""
    named = [f"-v{name}={value}" for name, value in variables.items()]
    psql = servers.BINARIES[0].bindir / "psql"
    done = await asyncio.create_subprocess_exec(
        psql, "-X", "-w", "-d", admin, *named, "-f", str(ROLES),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(done.communicate(), 30)
    assert done.returncode == 0, said.decode()
    assert not said.strip(), said.decode()
